"""Refine: a language model cleans up the text, and writes about it; needs no audio."""

from collections.abc import Sequence

import msgspec

from dalston_cli.formats.script import joined
from dalston_cli.stages.merge.provenance import origin, with_origin
from dalston_sdk.wire import (
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    Segment,
    Stage,
    Transcript,
)

_STAGE = Stage.REFINE.value


def build_request(
    model: ModelRef, options: RefineOptions, segments: Sequence[Segment], language: str | None
) -> RefineRequest:
    """The request that cleans up the text of ``segments``, or has something written about it."""
    return RefineRequest(model=model, language=language, segments=tuple(segments), options=options)


def shown(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """What counts of segments: with another emotion or other word times, nothing is paid again."""
    return tuple(
        Segment(id=each.id, start=each.start, end=each.end, text=each.text, speaker=each.speaker)
        for each in segments
    )


def apply(transcript: Transcript, refined: RefineResult) -> Transcript:
    """The transcript with what is new; what was said stays in ``raw_text``, times stay."""
    segments = tuple(_refined(segment, refined.texts) for segment in transcript.segments)
    if any(segment.raw_text is not None for segment in segments):
        transcript = with_origin(transcript, "text", origin(_STAGE, transcript.stages))
    notices = (msgspec.structs.replace(each, stage=_STAGE) for each in refined.warnings)
    return msgspec.structs.replace(
        transcript,
        segments=segments,
        text=joined(segment.text for segment in segments),
        title=refined.title or transcript.title,
        summary=refined.summary or transcript.summary,
        chapters=refined.chapters or transcript.chapters,
        action_items=refined.action_items or transcript.action_items,
        warnings=(*transcript.warnings, *notices),
    )


def _refined(segment: Segment, texts: dict[int, str]) -> Segment:
    text = texts.get(segment.id, segment.text).strip()
    if text == segment.text:
        return segment
    return msgspec.structs.replace(segment, text=text, raw_text=segment.text)
