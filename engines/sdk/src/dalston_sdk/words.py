"""Words from a recogniser's tokens, which say when they begin and seldom when they end."""

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
"""What stands for something other than text, such as ``<|endoftext|>`` or ``<unk>``."""

_CLOSING = ".,:;!?%…"
_CLOSING_CATEGORIES = ("Pe", "Pf")
"""Unicode's categories of closing brackets and quotes."""
_LETTER_S = 0.065
"""How long a letter takes where nothing in the stretch tells; about 15 letters a second."""
_LETTER_RANGE_S = (0.03, 0.12)
_LEAST_S = 0.02
_PAUSE_S = 0.15
"""Less silence than this between two words belongs to the first, such as that before a t bursts."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A piece of text with the second at which it begins; a word's first has a leading space.

    Attributes:
        start: Seconds from the start of the recording.
        end: Likewise; None where the recogniser does not tell.
        logprob: Natural logarithm of its probability; None where the recogniser gives none.
    """

    text: str
    start: float
    end: float | None = None
    logprob: float | None = None


def words_of(tokens: Sequence[Token], *, inside: SpeechRegion) -> list[Word]:
    """Words in time order, each with an end, none reaching out of ``inside``.

    A word ends where its last token does. Where the recogniser does not tell, it ends where the
    next one begins; before a pause it ends when its last token has had the time that its letters
    take at the pace of this stretch, so a pause belongs to no word.

    Args:
        tokens: All tokens of one stretch, in time order.
        inside: Where the stretch is.
    """
    groups = _grouped([token for token in tokens if not _MARKUP.fullmatch(token.text)])
    pace = _seconds_per_letter([token for group in groups for token in group])
    spans: list[Span] = []
    for index, group in enumerate(groups):
        last = next((token for token in reversed(group) if _letters(token)), group[-1])
        end = last.end or last.start + max(_LEAST_S, pace * _letters(last))
        if (
            last.end is None
            and index + 1 < len(groups)
            and groups[index + 1][0].start < end + _PAUSE_S
        ):
            end = groups[index + 1][0].start
        spans.append((group[0].start, max(end, group[0].start)))
    times = in_order(spans, low=inside.start, high=inside.end, least=_LEAST_S)
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
    """The geometric mean of probabilities, from 0 to 1; None where one is unknown."""
    known = [value for value in logprobs if value is not None]
    if not known or len(known) < len(logprobs):
        return None
    return round(min(1.0, math.exp(sum(known) / len(known))), 4)


def _grouped(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens word by word; punctuation that stands alone goes with the word before it."""
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
    """Whether this is only punctuation that follows a word without a space."""
    return all(
        letter in _CLOSING or unicodedata.category(letter) in _CLOSING_CATEGORIES for letter in text
    )


def _with_text(token: Token, text: str) -> Token:
    return Token(text=text, start=token.start, end=token.end, logprob=token.logprob)


def _letters(token: Token) -> int:
    return sum(map(str.isalnum, token.text))


def _seconds_per_letter(tokens: Sequence[Token]) -> float:
    """The pace of this stretch: what most tokens take until the next one begins."""
    paces = [
        (after.start - token.start) / _letters(token)
        for token, after in pairwise(tokens)
        if _letters(token) and after.start > token.start
    ]
    shortest, longest = _LETTER_RANGE_S
    return min(longest, max(shortest, median(paces))) if paces else _LETTER_S
