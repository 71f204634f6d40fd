"""Texts that are known, and what was recognised of their recordings."""

import itertools
from collections.abc import Iterable, Sequence

from dalston_cli.known_text.source import KnownTextSource, Unit
from dalston_sdk.wire import Segment, SpeechRegion, TranscribeResult, Word

WORD_S = 0.4
"""A word begins this long after the one before it, and lasts three quarters of it."""


def text_of(*units: str, paragraph: int | None = 0) -> KnownTextSource:
    return KnownTextSource(name="talk.txt", units=tuple(Unit(each, paragraph) for each in units))


def recognised(
    words: Sequence[str | None],
    *,
    regions: Iterable[tuple[float, float]] = (),
    per_segment: int = 12,
    language: str = "en",
) -> TranscribeResult:
    """Return a result with a word every ``WORD_S``; None is time in which none was recognised."""
    timed = [
        Word(text=f" {word}", start=at * WORD_S, end=(at + 0.75) * WORD_S)
        for at, word in enumerate(words)
        if word is not None
    ]
    segments = []
    for number, first in enumerate(range(0, len(timed), per_segment)):
        row = tuple(timed[first : first + per_segment])
        text = "".join(word.text for word in row).strip()
        segments.append(
            Segment(id=number, start=row[0].start, end=row[-1].end, text=text, words=row)
        )
    found = tuple(SpeechRegion(start=start, end=end) for start, end in regions)
    return TranscribeResult(language=language, segments=tuple(segments), speech_regions=found)


def numbered(first: str, count: int) -> list[str]:
    """Return up to 132 words, none like another, that begin with a letter."""
    pairs = itertools.permutations("bcdfghjklmnp", 2)
    return [f"{first}{one}e{two}" for one, two in itertools.islice(pairs, count)]
