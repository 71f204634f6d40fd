"""Align: find each word's time for a text that is known."""

from collections.abc import Sequence

from dalston_sdk.wire import AlignOptions, AlignRequest, ModelRef, TranscribeResult


def build_request(
    model: ModelRef, options: AlignOptions, transcribed: TranscribeResult, language: str
) -> AlignRequest:
    """The request that finds word times for what was transcribed."""
    return AlignRequest(
        model=model, language=language, segments=transcribed.segments, options=options
    )


def why_impossible(transcribed: TranscribeResult, languages: Sequence[str]) -> str | None:
    """Why there is nothing to align, or nothing to align it with; None where it can be done.

    Args:
        transcribed: What is to be aligned.
        languages: What the aligning model covers; empty for every language.
    """
    if not any(segment.text for segment in transcribed.segments):
        return "there is no text to align"
    if not languages:
        return None
    if transcribed.language is None:
        return "the language of the text is not known"
    primary = transcribed.language.partition("-")[0]
    if transcribed.language in languages or primary in languages:
        return None
    return f"the model does not cover the language {transcribed.language}"
