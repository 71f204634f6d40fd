"""Checks that an answer may replace the transcript's text; otherwise the text stays."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dalston_sdk.language_model.text_chunks import Chunk
from dalston_sdk.translating import has_invisible

MAX_CHANGED = {"light": 0.2, "standard": 0.4}
"""Share of a segment's letters that may differ, per level."""

_MIN_CHANGED = 2
"""Letters that may always differ, so that short segments can be corrected at all."""

_DELETION_COST = {"light": 1.0, "standard": 0.5}
"""Cost of a removed letter; fillers, which ``standard`` removes, are whole words."""

_JOINERS = frozenset("'`\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}")


class AnswerError(Exception):
    """A whole answer cannot be used; the message is a clause that gives the reason."""


@dataclass(frozen=True, kw_only=True)
class CheckedAnswer:
    """The parts of an answer that may be used.

    Attributes:
        texts: New texts by segment id.
        rejected: Reasons by segment id, for segments that keep their text.
    """

    texts: Mapping[int, str]
    rejected: Mapping[int, str]


def check_answer(answer: str, chunk: Chunk, level: str) -> CheckedAnswer:
    """Parse an answer and compare each text with the transcript's.

    Raises:
        AnswerError: It does not have the requested JSON form, or not the prompt's ids.
    """
    texts: dict[int, str] = {}
    rejected: dict[int, str] = {}
    for segment, text in zip(chunk.segments, read_answer(answer, chunk.ids), strict=True):
        reason = rejection_reason(segment.text, text, level)
        if reason is None:
            texts[segment.id] = text
        else:
            rejected[segment.id] = reason
    return CheckedAnswer(texts=texts, rejected=rejected)


def rejection_reason(raw: str, text: str, level: str) -> str | None:
    """Return the reason why ``text`` may not replace ``raw``; None where it may."""
    if not text:
        return "the answer is empty"
    if has_invisible(text):
        return "the answer has characters that cannot be seen"
    before, after = _words(raw), _words(text)
    if before == after:
        return None
    if level not in MAX_CHANGED:
        return "the answer changes words, which this level does not allow"
    old, new = "".join(before), "".join(after)
    limit = max(_MIN_CHANGED, MAX_CHANGED[level] * len(old))
    if edit_distance(old, new, deletion=_DELETION_COST[level], limit=limit) > limit:
        return "the answer changes more than this level allows"
    return None


def strip_fences(answer: str) -> str:
    """Remove Markdown fences, which servers without schema support put around the JSON."""
    return answer.strip().removeprefix("```json").strip("`")


def edit_distance(old: str, new: str, *, deletion: float, limit: float) -> float:
    """Return the number of letters to insert or replace, plus ``deletion`` per letter to remove.

    Reference:
        Wagner and Fischer, The String-to-String Correction Problem, 1974.

    Returns:
        The distance, or any number above ``limit`` if it is above that.
    """
    row = [float(index) for index in range(len(new) + 1)]
    for index, removed in enumerate(old, start=1):
        above, row = row, [index * deletion]
        for column, inserted in enumerate(new, start=1):
            row.append(
                min(
                    above[column] + deletion,
                    row[column - 1] + 1,
                    above[column - 1] + (removed != inserted),
                )
            )
        if min(row) > limit:
            return min(row)
    return row[-1]


def read_answer(answer: str, ids: Sequence[int]) -> list[str]:
    """Return the texts of an answer, each in one line.

    Args:
        answer: As the model gave it.
        ids: Of the segments that were asked about.

    Raises:
        AnswerError: It does not have the requested JSON form, or not these ids in this order.
    """
    try:
        document = json.loads(strip_fences(answer))
        found = [(each["id"], each["text"]) for each in document["segments"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AnswerError("the answer is not JSON of the form asked for") from error
    if not all(type(number) is int and isinstance(text, str) for number, text in found):
        raise AnswerError("the answer is not JSON of the form asked for")
    if [number for number, _ in found] != list(ids):
        raise AnswerError("the ids in the answer are not those that were asked about")
    return [" ".join(text.split()) for _, text in found]


def _words(text: str) -> list[str]:
    """Return lower-case words without marks; characters of scripts without spaces one by one."""
    found = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        kind = unicodedata.category(character)
        if kind == "Lo":
            found.append(f" {character} ")
        elif character not in _JOINERS:
            found.append(character if kind[0] in "LMN" else " ")
    return "".join(found).split()
