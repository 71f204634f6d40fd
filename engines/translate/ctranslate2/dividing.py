"""Divides the text of a segment into what a model of single sentences can translate."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

MOST_PIECES = 200
"""Tokens of one input; models have seen longer ones seldom, and leave parts of them out."""

_END = re.compile(
    r"""
    (?<=[.!?…])["'”’»)\]]*\s+(?=\S)      # with a space after it
    | (?<=[。！？])["”’」』）]*(?=\S)      # Chinese and Japanese have none
    """,  # noqa: RUF001 - theirs
    re.VERBOSE,
)
_NO_END = re.compile(
    r"(?:\b[A-Za-z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|approx|Nr|ca|bzw|usw|M|Mme))\.$"
)
_CLAUSE = re.compile(r"(?<=[,;:،、，；])\s*")  # noqa: RUF001 - of several scripts


def divided(text: str, count: Callable[[str], int]) -> Iterator[str]:
    """Yield the sentences of a text, and parts of those that are too long.

    Args:
        text: What was said.
        count: Returns how many tokens a text has.
    """
    for sentence in _sentences(text):
        yield from _short_enough(sentence, count)


def _sentences(text: str) -> Iterator[str]:
    first = 0
    for found in _END.finditer(text):
        said = text[first : found.start()]
        closing = found[0].rstrip()
        rest = text[found.end() :]
        if _NO_END.search(said) or rest[:1].islower():
            continue
        yield (said + closing).strip()
        first = found.end()
    if last := text[first:].strip():
        yield last


def _short_enough(sentence: str, count: Callable[[str], int]) -> Iterator[str]:
    if count(sentence) <= MOST_PIECES:
        yield sentence
        return
    for divide in (_clauses, _words, _letters):
        parts = divide(sentence)
        if len(parts) > 1:
            middle = _middle(parts)
            for half in ("".join(parts[:middle]), "".join(parts[middle:])):
                yield from _short_enough(half.strip(), count)
            return
    yield sentence


def _clauses(sentence: str) -> list[str]:
    return _kept(_CLAUSE, sentence)


def _words(sentence: str) -> list[str]:
    return _kept(re.compile(r"(?<=\s)"), sentence)


def _letters(sentence: str) -> list[str]:
    return list(sentence)


def _kept(between: "re.Pattern[str]", sentence: str) -> list[str]:
    """Split a sentence; joined, the parts are the sentence."""
    cuts = [found.end() for found in between.finditer(sentence)]
    places = [0, *(each for each in cuts if 0 < each < len(sentence)), len(sentence)]
    return [sentence[first:last] for first, last in pairwise(places)]


def _middle(parts: Sequence[str]) -> int:
    """Return the index of the part after the cut that is nearest to the middle; never 0."""
    half = sum(map(len, parts)) / 2
    length, best, least = 0, 1, float("inf")
    for index, part in enumerate(parts[:-1], start=1):
        length += len(part)
        if abs(length - half) < least:
            best, least = index, abs(length - half)
    return best
