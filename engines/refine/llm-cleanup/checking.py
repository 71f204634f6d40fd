"""Whether an answer may stand in for what was transcribed; where not, the text stays as it was."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from chunks import Chunk

SHARES = {"light": 0.2, "standard": 0.4}
"""How large a part of the letters may differ, per level."""

_FREE_LETTERS = 2
"""May always differ, so that short segments can be put right at all."""

_DELETION = {"light": 1.0, "standard": 0.5}
"""What a removed letter counts: fillers are removed at ``standard``, and are whole words."""

_JOINERS = frozenset("'`\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}")

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_LETTER_JOINERS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
"""Persian and Hindi are written with them, and emoji."""


class AnswerError(Exception):
    """A whole answer cannot be used; the message says why, as the end of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What of an answer may be used.

    Attributes:
        texts: New text per segment id.
        refused: Why a segment keeps its text, per segment id.
    """

    texts: Mapping[int, str]
    refused: Mapping[int, str]


def check_answer(answer: str, chunk: Chunk, level: str) -> Checked:
    """Read an answer and hold each text against what was transcribed.

    Raises:
        AnswerError: It is not JSON of the form asked for, or its ids are not those asked about.
    """
    found = _read(answer)
    wanted = [segment.id for segment in chunk.segments]
    if [number for number, _ in found] != wanted:
        raise AnswerError("the ids in the answer are not those that were asked about")
    texts: dict[int, str] = {}
    refused: dict[int, str] = {}
    for segment, (number, answered) in zip(chunk.segments, found, strict=True):
        text = " ".join(answered.split())
        reason = why_not(segment.text, text, level)
        if reason is None:
            texts[number] = text
        else:
            refused[number] = reason
    return Checked(texts=texts, refused=refused)


def why_not(raw: str, text: str, level: str) -> str | None:
    """Why ``text`` may not replace ``raw``; None where it may."""
    if not text:
        return "the answer is empty"
    if has_unseen(text):
        return "the answer has characters that cannot be seen"
    before, after = _words(raw), _words(text)
    if before == after:
        return None
    if level not in SHARES:
        return "the answer changes words, which this level does not allow"
    old, new = "".join(before), "".join(after)
    limit = max(_FREE_LETTERS, SHARES[level] * len(old))
    if distance(old, new, deletion=_DELETION[level], limit=limit) > limit:
        return "the answer changes more than this level allows"
    return None


def has_unseen(text: str) -> bool:
    """Whether there are characters in it that nobody sees; those that join letters are letters."""
    return any(
        unicodedata.category(character) in _UNSEEN and character not in _LETTER_JOINERS
        for character in text
    )


def unfenced(answer: str) -> str:
    """The JSON of an answer: not every server honours the schema, and some put fences around it."""
    return answer.strip().removeprefix("```json").strip("`")


def distance(old: str, new: str, *, deletion: float, limit: float) -> float:
    """Letters to be put in or replaced, and ``deletion`` for each to be removed.

    Reference:
        Wagner and Fischer, The String-to-String Correction Problem, 1974.

    Returns:
        Any number above ``limit`` as soon as it is certain to be above it.
    """
    row = [float(index) for index in range(len(new) + 1)]
    for index, removed in enumerate(old, start=1):
        above, row = row, [index * deletion]
        for column, put_in in enumerate(new, start=1):
            row.append(
                min(
                    above[column] + deletion,
                    row[column - 1] + 1,
                    above[column - 1] + (removed != put_in),
                )
            )
        if min(row) > limit:
            return min(row)
    return row[-1]


def _read(answer: str) -> list[tuple[int, str]]:
    try:
        document = json.loads(unfenced(answer))
        found = [(each["id"], each["text"]) for each in document["segments"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AnswerError("the answer is not JSON of the form asked for") from error
    if not all(type(number) is int and isinstance(text, str) for number, text in found):
        raise AnswerError("the answer is not JSON of the form asked for")
    return found


def _words(text: str) -> list[str]:
    """Letters and digits in small, without marks; each by itself where scripts have no spaces."""
    found = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        kind = unicodedata.category(character)
        if kind == "Lo":
            found.append(f" {character} ")
        elif character not in _JOINERS:
            found.append(character if kind[0] in "LMN" else " ")
    return "".join(found).split()
