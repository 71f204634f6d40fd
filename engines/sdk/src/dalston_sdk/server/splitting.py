"""Transcribes a recording, or does the part of that work that a request is for.

One engine finds the speech of the whole recording, so that the model's windows are the same as if
it decoded them, too; others decode some of them each; one makes a result of theirs.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from msgspec import structs

from dalston_sdk.engine import SAMPLE_RATE, Engine, RunContext
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.server.sections import (
    finished,
    joined,
    section_edges,
    transcribe_in_sections,
    transcribed,
    with_language,
)
from dalston_sdk.timing import in_order
from dalston_sdk.wire import (
    DecodePart,
    FindSpeech,
    FoundSection,
    JoinParts,
    Notice,
    Segment,
    TranscribeRequest,
    TranscribeResult,
)


def transcribe(
    engine: Engine, request: TranscribeRequest, samples: WavSamples, context: RunContext
) -> TranscribeResult:
    """Do what a request is for.

    Args:
        engine: The engine; if the request has a part, one that splits.
        request: The request.
        samples: The whole recording; for a part that is decoded, that part.
        context: Gets progress and segments.

    Raises:
        EngineError: Any that the engine raises.
    """
    match request.part:
        case None:
            return transcribe_in_sections(engine, request, samples, context)
        case FindSpeech():
            return _find(engine, request, samples, context)
        case DecodePart() as part:
            return _decode(engine, request, part, samples, context)
        case JoinParts() as part:
            return _join(request, part, samples)


def _find(
    engine: Engine, request: TranscribeRequest, samples: WavSamples, context: RunContext
) -> TranscribeResult:
    """Find the speech of each section; its language is that of the first one with speech."""
    sections: list[FoundSection] = []
    warnings: dict[Notice, None] = {}
    spoken: str | None = None
    for first, last in pairwise(section_edges(samples)):
        told = with_language(engine, request, spoken)
        found = transcribed(engine, told, samples[first:last], context)
        if not found.sections:
            return found
        speech = found.sections[0].speech
        sections.append(FoundSection(first=first, last=last, speech=speech))
        warnings |= dict.fromkeys(found.warnings)
        spoken = spoken or speech.language
    return TranscribeResult(
        language=spoken, segments=(), sections=tuple(sections), warnings=tuple(warnings)
    )


def _decode(
    engine: Engine,
    request: TranscribeRequest,
    part: DecodePart,
    samples: WavSamples,
    context: RunContext,
) -> TranscribeResult:
    """Decode a part; the engine gets a section of which it has these samples alone.

    So all places are the section's to the sample. What is never touched takes no memory.
    """
    audio = np.zeros(part.num_samples, np.float32)
    audio[part.first : part.first + len(samples)] = samples[: part.num_samples - part.first]
    return transcribed(engine, with_language(engine, request, part.speech.language), audio, context)


def _join(request: TranscribeRequest, part: JoinParts, samples: WavSamples) -> TranscribeResult:
    """Make one result of those of all parts, as if one engine had decoded them."""
    results = []
    for section, parts in zip(part.sections, part.results, strict=True):
        result = joined(_after_each_other(parts), [0.0] * len(parts))
        result = structs.replace(
            result,
            language_scores=section.speech.language_scores,
            effective=result.effective | _as_asked(request, result),
        )
        results.append(finished(result, samples[section.first : section.last]))
    starts = [section.first / SAMPLE_RATE for section in part.sections]
    return results[0] if len(results) == 1 else joined(results, starts)


def _as_asked(request: TranscribeRequest, result: TranscribeResult) -> dict[str, object]:
    """Return what the decoding of parts was not told, because it was told the language."""
    return {"languages": request.options.languages} if "languages" in result.effective else {}


def _after_each_other(parts: Sequence[TranscribeResult]) -> list[TranscribeResult]:
    """Let no part begin before the end of the one before it, as words of one recording do not."""
    ordered: list[TranscribeResult] = []
    end = 0.0
    for part in parts:
        segments = list(part.segments)
        for number, segment in enumerate(segments):
            if segment.start >= end:
                break
            segments[number] = _from(segment, end)
            end = segments[number].end
        end = max([end, *(each.end for each in segments[-1:])])
        ordered.append(structs.replace(part, segments=tuple(segments)))
    return ordered


def _from(segment: Segment, start: float) -> Segment:
    timed = segment.words or (segment,)
    latest = max(segment.end, start + 0.01 * len(timed))
    spans = in_order([(each.start, each.end) for each in timed], low=start, high=latest)
    words = tuple(
        structs.replace(word, start=first, end=last)
        for word, (first, last) in zip(segment.words, spans, strict=False)
    )
    return structs.replace(segment, start=spans[0][0], end=spans[-1][1], words=words)
