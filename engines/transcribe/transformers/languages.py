"""The language of a recording: given, detected by votes, or left to the model."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
from adapter import Adapter, Traits

from dalston_sdk.chunks import cut_chunks
from dalston_sdk.engine import Samples
from dalston_sdk.languages import (
    MAX_VOTES,
    Language,
    choose_language,
    evenly_spaced,
    languages_without_effect,
    primary_code,
    unknown_language,
)
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import Notice, SpeechRegion, TranscribeOptions, TranscribeResult

_MAX_GAP_S = 1.5


def check_language(options: TranscribeOptions, traits: Traits) -> Language | None:
    """Return the language if it is known before anything is decoded; None if it is to be detected.

    Raises:
        EngineError: ``invalid_request`` if the model does not know the language, or must be told
            and the request does not say which it is.
    """
    if not traits.takes_language:
        return choose_language(
            options,
            model_name=traits.name,
            known=traits.languages,
            must_be_told=traits.must_be_told_language,
        )
    if options.language is not None or len(options.languages or ()) == 1:
        return choose_language(
            options, model_name=traits.name, known=traits.languages, must_be_told=True
        )
    if options.languages and not _known(options.languages, traits):
        raise unknown_language(options.languages[0], traits.languages)
    return None


def detect_language(
    adapter: Adapter,
    options: TranscribeOptions,
    audio: Samples,
    regions: Sequence[SpeechRegion],
) -> Language:
    """Let the model say which language is spoken; one without scores finds out by chunk."""
    traits = adapter.traits
    allowed = _known(options.languages or (), traits)
    chunks = cut_chunks(audio, evenly_spaced(regions, MAX_VOTES), min_length_s=traits.min_chunk_s)
    scores = adapter.language_scores(chunks, allowed) if chunks else None
    if scores is None:
        warnings = (_free_choice(traits),) if options.languages else ()
        return Language(spoken=None, warnings=warnings)
    return Language(
        spoken=next(iter(scores)), scores=scores, warnings=languages_without_effect(options)
    )


def with_language_of_segments(result: TranscribeResult) -> TranscribeResult:
    """Take the language of most of the speech for the recording's, where segments have one."""
    if result.language is not None:
        return result
    lengths: defaultdict[str, float] = defaultdict(float)
    for segment in result.segments:
        if segment.language is not None:
            lengths[segment.language] += segment.end - segment.start
    if not lengths:
        return result
    return msgspec.structs.replace(result, language=max(lengths, key=lambda code: lengths[code]))


def joined(speech_regions: Sequence[SpeechRegion], up_to_s: float) -> list[SpeechRegion]:
    """Join neighbouring regions with little silence between them, up to a length."""
    together: list[SpeechRegion] = []
    for region in speech_regions:
        before = together[-1] if together else None
        if (
            before is not None
            and region.start - before.end < _MAX_GAP_S
            and region.end - before.start <= up_to_s
        ):
            together[-1] = SpeechRegion(start=before.start, end=region.end)
        else:
            together.append(region)
    return together


def _known(codes: Sequence[str], traits: Traits) -> list[str]:
    primaries = list(map(primary_code, codes))
    return [code for code in primaries if not traits.languages or code in traits.languages]


def _free_choice(traits: Traits) -> Notice:
    return option_without_effect("languages", f"{traits.name} chooses among all that it knows")
