"""JSON as openai-whisper, faster-whisper's command lines and whisperX write it.

whisperX gives words without their spaces, some of them without times (numbers, signs), and
speakers; whisper gives words with the space before them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.formats.readers.foreign import Spoken, transcript_of
from dalston_sdk.wire import Transcript, Word


class _Word(Struct, kw_only=True):
    word: str
    start: float | None = None
    end: float | None = None
    probability: float | None = None
    score: float | None = None
    speaker: str | None = None


class _Segment(Struct, kw_only=True):
    start: float
    end: float
    text: str
    words: tuple[_Word, ...] | None = None
    speaker: str | None = None


class _Document(Struct, kw_only=True):
    segments: tuple[_Segment, ...]
    language: str | None = None


def read(path: Path, document: object) -> Transcript:
    """Return a transcript of a JSON document that has segments.

    Raises:
        MalformedFileError: Something is missing or has another type; the error has its place.
    """
    try:
        found = msgspec.convert(document, _Document)
    except msgspec.ValidationError as error:
        raise MalformedFileError(path, None, f"no JSON of whisper or whisperX: {error}") from error
    return transcript_of(
        path,
        [_spoken(path, number, each) for number, each in enumerate(found.segments)],
        language=found.language.lower() if found.language else None,
    )


def _spoken(path: Path, number: int, segment: _Segment) -> Spoken:
    times = (segment.start, segment.end)
    if not all(map(isfinite, times)) or not 0 <= segment.start <= segment.end:
        problem = f"segments[{number}] is from {segment.start:g} to {segment.end:g} seconds"
        raise MalformedFileError(path, None, problem)
    return Spoken(
        start=segment.start,
        end=segment.end,
        text=" ".join(segment.text.split()),
        words=tuple(_words(segment)),
        speaker=segment.speaker,
    )


@dataclass(kw_only=True)
class _Timed:
    text: str
    word: _Word
    start: float | None
    end: float | None
    interpolated: bool = False


def _words(segment: _Segment) -> Iterator[Word]:
    """Yield words with the white space before them; nothing where none has times."""
    timed = [
        _Timed(text=text, word=word, start=word.start, end=word.end)
        for text, word in zip(_spaced(segment), segment.words or (), strict=True)
    ]
    if all(each.start is None or each.end is None for each in timed):
        return
    _interpolate(timed, segment)
    last = segment.start
    for each in timed:
        start = max(last, each.start if each.start is not None else last)
        end = max(start + 0.001, each.end if each.end is not None else start)
        last = start
        yield Word(
            text=each.text,
            start=start,
            end=end,
            confidence=_confidence(each.word),
            speaker=each.word.speaker,
            interpolated=each.interpolated,
        )


def _spaced(segment: _Segment) -> Iterator[str]:
    """Yield each word as it stands in the segment's text, with the white space before it."""
    text, place = " ".join(segment.text.split()), 0
    for each in segment.words or ():
        bare = each.word.strip()
        found = text.find(bare, place)
        if found < 0 or text[place:found].strip():
            yield each.word if each.word[:1].isspace() else f" {bare}"
            continue
        yield text[place:found] + bare
        place = found + len(bare)


def _interpolate(timed: Sequence[_Timed], segment: _Segment) -> None:
    """Give words without times an equal part of the time between their neighbours."""
    known = [i for i, each in enumerate(timed) if each.start is not None and each.end is not None]
    for before, after in pairwise([-1, *known, len(timed)]):
        missing = timed[before + 1 : after]
        start: Any = segment.start if before < 0 else timed[before].end
        end: Any = segment.end if after == len(timed) else timed[after].start
        step = max(0.0, end - start) / max(1, len(missing))
        for number, each in enumerate(missing):
            each.start, each.end = start + number * step, start + (number + 1) * step
            each.interpolated = True


def _confidence(word: _Word) -> float | None:
    given = word.probability if word.probability is not None else word.score
    return None if given is None or not isfinite(given) else min(1.0, max(0.0, given))
