"""Detect: label segments with emotions, and find audio events."""

from collections.abc import Sequence

from dalston_sdk.wire import (
    EmotionOptions,
    EmotionRequest,
    EventsOptions,
    EventsRequest,
    ModelRef,
    Segment,
)


def build_emotion_request(
    model: ModelRef, options: EmotionOptions, segments: Sequence[Segment]
) -> EmotionRequest:
    """The request that labels each segment."""
    return EmotionRequest(model=model, segments=tuple(segments), options=options)


def build_events_request(model: ModelRef, options: EventsOptions) -> EventsRequest:
    """The request that finds what else is heard."""
    return EventsRequest(model=model, options=options)
