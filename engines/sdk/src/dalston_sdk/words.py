"""Joins a recogniser's tokens to words, with an end for those of which only the start is known."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import SpeechRegion, Word

_MARKUP = re.compile(r"\s*<[^<>\s]+>")
"""Tokens that are not text, such as ``<|endoftext|>`` or ``<unk>``."""

_CLOSING = ".,:;!?%…"
_CLOSING_CATEGORIES = ("Pe", "Pf")
"""Unicode's categories of closing brackets and quotes."""
_LETTER_S = 0.065
"""Default duration of a letter, for chunks that give no pace; about 15 letters a second."""
_LETTER_RANGE_S = (0.03, 0.12)
_MIN_WORD_S = 0.02
_PAUSE_S = 0.15
"""A shorter silence between two words belongs to the first, such as the closure of a t."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token with its start; the first token of a word has a leading space.

    Attributes:
        start: Seconds from the start of the recording.
        end: Likewise; None if the recogniser gives none.
        logprob: Natural logarithm of its probability; None if the recogniser gives none.
    """

    text: str
    start: float
    end: float | None = None
    logprob: float | None = None


def words_of(tokens: Sequence[Token], *, inside: SpeechRegion) -> list[Word]:
    """Join tokens to words in time order, each with an end, all of them inside a region.

    A word ends with its last token. If the end of that token is not known, the word ends where the
    next one begins; before a pause it ends after the time that the letters of its last token take
    at the pace of this chunk, so that pauses belong to no word.

    Args:
        tokens: All tokens of one chunk, in time order.
        inside: The chunk's region.
    """
    groups = _grouped([token for token in tokens if not _MARKUP.fullmatch(token.text)])
    pace = _seconds_per_letter([token for group in groups for token in group])
    spans: list[Span] = []
    for index, group in enumerate(groups):
        last = next((token for token in reversed(group) if _letters(token)), group[-1])
        end = last.end or last.start + max(_MIN_WORD_S, pace * _letters(last))
        if (
            last.end is None
            and index + 1 < len(groups)
            and groups[index + 1][0].start < end + _PAUSE_S
        ):
            end = groups[index + 1][0].start
        spans.append((group[0].start, max(end, group[0].start)))
    times = in_order(spans, low=inside.start, high=inside.end, least=_MIN_WORD_S)
    return [
        Word(
            text=" " + "".join(token.text for token in group).strip(),
            start=start,
            end=end,
            confidence=confidence([token.logprob for token in group]),
        )
        for group, (start, end) in zip(groups, times, strict=True)
    ]


def confidence(logprobs: Sequence[float | None]) -> float | None:
    """Return the geometric mean of probabilities, from 0 to 1; None if one is unknown."""
    known = [value for value in logprobs if value is not None]
    if not known or len(known) < len(logprobs):
        return None
    return round(min(1.0, math.exp(sum(known) / len(known))), 4)


def _grouped(tokens: Sequence[Token]) -> list[list[Token]]:
    """Group tokens by word; punctuation that stands alone belongs to the word before it."""
    groups: list[list[Token]] = []
    after_space = True
    for token in tokens:
        begins = after_space or token.text[:1].isspace()
        text = token.text.strip()
        after_space = not text
        if not text:
            continue
        if groups and (not begins or _closes(text)):
            groups[-1].append(_with_text(token, text))
        else:
            groups.append([_with_text(token, text)])
    return groups


def _closes(text: str) -> bool:
    """Return True for punctuation that follows a word without a space."""
    return all(
        letter in _CLOSING or unicodedata.category(letter) in _CLOSING_CATEGORIES for letter in text
    )


def _with_text(token: Token, text: str) -> Token:
    return Token(text=text, start=token.start, end=token.end, logprob=token.logprob)


def _letters(token: Token) -> int:
    return sum(map(str.isalnum, token.text))


def _seconds_per_letter(tokens: Sequence[Token]) -> float:
    """Return the pace of a chunk: the median time until the next token, per letter."""
    paces = [
        (after.start - token.start) / _letters(token)
        for token, after in pairwise(tokens)
        if _letters(token) and after.start > token.start
    ]
    shortest, longest = _LETTER_RANGE_S
    return min(longest, max(shortest, median(paces))) if paces else _LETTER_S
