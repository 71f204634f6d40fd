"""Transcribes a long recording in sections, so that memory does not grow with its length.

A section is cut where it is quiet. To the engine each is a recording of its own; the language is
that of the first section with speech. Recordings of up to ``SECTION_S`` are one section.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from msgspec import structs

from dalston_sdk.doubtful import marked
from dalston_sdk.engine import SAMPLE_RATE, Engine, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.levels import frame_levels
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.server.requests import run_stage
from dalston_sdk.textless_speech import summed_up
from dalston_sdk.wire import (
    ErrorCode,
    Notice,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

SECTION_S = 5400.0
"""Longest section in seconds: what libraries compute of a whole one takes about a gigabyte."""

_SEARCH_S = 60.0
"""Time on both sides of where a section of equal length would end, to look for a quiet place."""

_FRAME_S, _QUIET_FRAMES = 0.05, 12
_MS = SAMPLE_RATE // 1000

Timed = TypeVar("Timed", Segment, SpeechRegion, Word)


class SectionContext:
    """The context of one section: what it reports becomes the whole recording's.

    Args:
        whole: The context of the recording.
        start: Where the section begins; seconds.
        total_s: Length of the recording.
        num_segments: Segments of the sections before it.
    """

    def __init__(
        self, whole: RunContext, *, start: float, total_s: float, num_segments: int
    ) -> None:
        self._whole = whole
        self._start = start
        self._total_s = total_s
        self._num_segments = num_segments

    def progress(self, done_s: float, total_s: float) -> None:  # noqa: ARG002 - the protocol's
        """Report the seconds of the recording that are done."""
        self._whole.progress(self._start + done_s, self._total_s)

    def partial(self, segments: Sequence[Segment]) -> None:
        """Report segments with the recording's times and numbers."""
        self._whole.partial([moved(each, self._start, self._num_segments) for each in segments])

    def check_cancelled(self) -> None:
        """Raise CancelledError if the request's connection ended."""
        self._whole.check_cancelled()


def transcribe_in_sections(
    engine: Engine, request: TranscribeRequest, samples: WavSamples, context: RunContext
) -> TranscribeResult:
    """Transcribe a recording section by section, and mark text that cannot have been said.

    Args:
        engine: The engine.
        request: Of the whole recording.
        samples: The whole recording.
        context: Gets progress and segments of the whole recording.

    Raises:
        EngineError: Any that the engine raises.
    """
    edges = section_edges(samples)
    results: list[TranscribeResult] = []
    for first, last in pairwise(edges):
        own = context
        if len(edges) > 2:  # noqa: PLR2004 - one section has two edges
            own = SectionContext(
                context,
                start=first / SAMPLE_RATE,
                total_s=len(samples) / SAMPLE_RATE,
                num_segments=sum(len(each.segments) for each in results),
            )
        audio = samples[first:last]
        spoken = next((each.effective.get("language") for each in results if each.language), None)
        found = transcribed(engine, with_language(engine, request, spoken), audio, own)
        results.append(finished(found, audio))
    starts = [edge / SAMPLE_RATE for edge in edges[:-1]]
    return results[0] if len(results) == 1 else joined(results, starts)


def transcribed(
    engine: Engine, request: TranscribeRequest, audio: Samples, context: RunContext
) -> TranscribeResult:
    """Have the engine transcribe a section or a part of it."""
    found = run_stage(engine, request, audio, context)
    if not isinstance(found, TranscribeResult):
        raise EngineError(ErrorCode.INTERNAL, f"engine {engine.name} did not transcribe")
    return found


def finished(found: TranscribeResult, audio: Samples) -> TranscribeResult:
    """Mark what cannot have been said in a section, and sum its doubtful speech up."""
    return structs.replace(
        found,
        segments=marked(found.segments, audio),
        warnings=summed_up(found.warnings),
    )


def section_edges(samples: WavSamples, section_s: float = SECTION_S) -> list[int]:
    """Return the samples at which sections begin, and the number of samples."""
    total = len(samples)
    count = max(1, math.ceil(total / (section_s * SAMPLE_RATE)))
    search = min(_SEARCH_S, section_s / 4)
    inner = [_quietest(samples, total * number / count, search) for number in range(1, count)]
    return [0, *inner, total]


def joined(results: Sequence[TranscribeResult], starts: Sequence[float]) -> TranscribeResult:
    """Make one result of those of sections, which begin at these seconds."""
    segments: list[Segment] = []
    regions: list[SpeechRegion] = []
    for result, start in zip(results, starts, strict=True):
        first_id = len(segments)
        segments += [moved(each, start, first_id) for each in result.segments]
        regions += [_moved(each, start) for each in result.speech_regions]
    spoken = next((each for each in results if each.language is not None), results[0])
    sizes = [size for each in results if (size := each.effective.get("batch_size")) is not None]
    effective = {**spoken.effective, **({"batch_size": min(sizes)} if sizes else {})}
    return structs.replace(
        spoken,
        segments=tuple(segments),
        speech_regions=tuple(regions),
        effective=effective,
        warnings=_notices(results, starts),
    )


def moved(segment: Segment, by_s: float, first_id: int) -> Segment:
    """Return a segment of a section as one of the recording."""
    words = tuple(_moved(word, by_s) for word in segment.words)
    return structs.replace(_moved(segment, by_s), id=first_id + segment.id, words=words)


def _moved(timed: Timed, by_s: float) -> Timed:
    return structs.replace(
        timed, start=round(timed.start + by_s, 3), end=round(timed.end + by_s, 3)
    )


def _notices(results: Sequence[TranscribeResult], starts: Sequence[float]) -> tuple[Notice, ...]:
    """Return the sections' notices; those that are of no time, once."""
    found: dict[Notice, None] = {}
    for result, start in zip(results, starts, strict=True):
        for notice in result.warnings:
            times = {
                name: round(at + start, 3)
                for name in ("start", "end")
                if (at := getattr(notice, name)) is not None
            }
            found[structs.replace(notice, **times)] = None
    return tuple(found)


def with_language(
    engine: Engine, request: TranscribeRequest, spoken: str | None
) -> TranscribeRequest:
    """Return the request with the language that was found before, where there was none."""
    options = request.options
    can_be_told = "language" in engine.options[Stage.TRANSCRIBE]
    if options.language is not None or options.multilingual or not (spoken and can_be_told):
        return request
    told = structs.replace(options, language=spoken, languages=None)
    return structs.replace(request, options=told)


def _quietest(samples: WavSamples, at: float, search_s: float) -> int:
    """Return a sample in the middle of the quietest time around one, at a whole millisecond."""
    first = int(at - search_s * SAMPLE_RATE) // _MS * _MS
    levels = frame_levels(samples[first : int(at + search_s * SAMPLE_RATE)], _FRAME_S)
    smooth = np.convolve(levels, np.ones(_QUIET_FRAMES) / _QUIET_FRAMES, mode="valid")
    frame = int(smooth.argmin()) + _QUIET_FRAMES // 2
    return first + frame * int(_FRAME_S * SAMPLE_RATE)
