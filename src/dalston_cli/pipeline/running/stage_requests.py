"""Requests from a plan's untyped options: the seam between plans and stages."""

from typing import TypeVar

from msgspec import Struct

from dalston_cli.stages import align, detect, diarize, refine, transcribe
from dalston_sdk.wire import (
    AlignOptions,
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    ModelRef,
    RefineOptions,
    Request,
    Segment,
    TranscribeOptions,
    TranscribeResult,
)

Kind = TypeVar("Kind", bound=Struct)


def transcribe_request(model: ModelRef, options: Struct) -> Request:
    """Turn audio into segments."""
    return transcribe.build_request(model, typed(options, TranscribeOptions))


def align_request(model: ModelRef, options: Struct, *, transcribed: TranscribeResult) -> Request:
    """Find word times for what was transcribed."""
    language = transcribed.language or "und"
    return align.build_request(model, typed(options, AlignOptions), transcribed, language)


def diarize_request(model: ModelRef, options: Struct) -> Request:
    """Find speaker turns."""
    return diarize.build_request(model, typed(options, DiarizeOptions))


def events_request(model: ModelRef, options: Struct) -> Request:
    """Find audio events."""
    return detect.build_events_request(model, typed(options, EventsOptions))


def emotion_request(model: ModelRef, options: Struct, *, segments: tuple[Segment, ...]) -> Request:
    """Label segments with emotions."""
    return detect.build_emotion_request(model, typed(options, EmotionOptions), segments)


def refine_request(
    model: ModelRef, options: Struct, *, segments: tuple[Segment, ...], language: str | None
) -> Request:
    """Clean up a transcript's text, or have something written about it."""
    return refine.build_request(model, typed(options, RefineOptions), segments, language)


def typed(value: Struct, kind: type[Kind]) -> Kind:
    """The value as what its stage makes it; anything else is a bug."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
