"""Refine: a language model cleans up the text; needs no audio."""

from collections.abc import Sequence

from dalston_sdk.wire import ModelRef, RefineOptions, RefineRequest, Segment


def build_request(
    model: ModelRef, options: RefineOptions, segments: Sequence[Segment], language: str | None
) -> RefineRequest:
    """The request that cleans up the text of ``segments``."""
    return RefineRequest(model=model, language=language, segments=tuple(segments), options=options)
