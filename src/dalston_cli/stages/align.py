"""Align: find each word's time for a text that is known."""

from collections.abc import Mapping, Sequence

from dalston_sdk.wire import AlignOptions, AlignRequest, ModelRef, TranscribeResult


def build_request(
    model: ModelRef, options: AlignOptions, transcribed: TranscribeResult, language: str
) -> AlignRequest:
    """The request that finds word times for what was transcribed."""
    return AlignRequest(
        model=model, language=language, segments=transcribed.segments, options=options
    )


def able_model(transcribed: TranscribeResult, covered: Mapping[str, Sequence[str]]) -> str | None:
    """The first model that can align what was transcribed; None where none can.

    Args:
        transcribed: What is to be aligned.
        covered: The languages of each model, best first; empty for every language.
    """
    if not _has_text(transcribed):
        return None
    able = (name for name, languages in covered.items() if _covers(languages, transcribed.language))
    return next(able, None)


def why_impossible(transcribed: TranscribeResult, covered: Mapping[str, Sequence[str]]) -> str:
    """Why ``able_model`` finds none."""
    if not _has_text(transcribed):
        return "there is no text to align"
    if transcribed.language is None:
        return "the language of the text is not known"
    if len(covered) == 1:
        return f"the model {next(iter(covered))} does not cover the language {transcribed.language}"
    return f"none of {', '.join(covered)} covers the language {transcribed.language}"


def _has_text(transcribed: TranscribeResult) -> bool:
    return any(segment.text for segment in transcribed.segments)


def _covers(languages: Sequence[str], language: str | None) -> bool:
    if not languages:
        return True
    return language is not None and not {language, language.partition("-")[0]}.isdisjoint(languages)
