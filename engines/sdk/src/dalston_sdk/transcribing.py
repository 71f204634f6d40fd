"""Transcription chunk by chunk, for recognisers that take a short piece of speech at a time.

The engine finds the regions of speech and decodes a batch of chunks; this module goes through the
recording and makes the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.chunks import VAD_OPTIONS, cut_chunks
from dalston_sdk.decoding import Decoding, Speech
from dalston_sdk.engine import SAMPLE_RATE, RunContext, Samples
from dalston_sdk.languages import Language
from dalston_sdk.splitting import speech_only, wants_speech_only
from dalston_sdk.textless_speech import Settled, settle
from dalston_sdk.wire import (
    Segment,
    SpeechRegion,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

Decode = Callable[[list[Samples], Sequence[SpeechRegion], int], list[Segment]]
"""Turns a batch into segments: gets the chunks, their regions and the id of the first segment."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of a recording before it is decoded.

    Attributes:
        decoding: As planned.
        language: What is spoken.
        speech: What to decode.
        fitter: Computes batches of chunks that fit into memory.
        min_chunk_s: Shorter chunks are filled up with silence; seconds.
    """

    decoding: Decoding
    language: Language
    speech: Speech
    fitter: BatchFitter
    min_chunk_s: float


def transcribe_chunks(
    request: TranscribeRequest,
    audio: Samples,
    found: Found,
    decode: Decode,
    context: RunContext,
) -> TranscribeResult:
    """Decode the speech of a recording batch by batch, reporting segments as they come.

    Args:
        request: The request; where it is for speech alone, nothing is decoded.
        audio: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        found: What was found out before.
        decode: Turns a batch of chunks into segments.
        context: Gets segments and progress, and says whether the request was cancelled.
    """
    speech, language, decoding = found.speech, found.language, found.decoding
    if wants_speech_only(request):
        windows = range(0, len(speech.regions), decoding.batch_size)
        return speech_only(speech.regions, speech.alone, windows, language)
    settled = _settled(audio, found, decode, context)
    decoding = replace(decoding, batch_size=found.fitter.smallest)
    return TranscribeResult(
        language="en" if decoding.into_english else language.spoken,
        segments=tuple(settled.segments),
        language_scores=language.scores,
        speech_regions=tuple(settled.regions) if decoding.with_vad else (),
        effective=effective_options(request.options, decoding, language.spoken),
        warnings=(
            *decoding.warnings,
            *language.warnings,
            *settled.notices,
            *found.fitter.notices,
        ),
    )


def _settled(audio: Samples, found: Found, transcribe: Decode, context: RunContext) -> Settled:
    speech, fitter = found.speech, found.fitter
    duration_s = len(audio) / SAMPLE_RATE
    segments: list[Segment] = []

    def decode(regions: Sequence[SpeechRegion]) -> list[Segment]:
        context.check_cancelled()
        chunks = cut_chunks(audio, regions, min_length_s=found.min_chunk_s)
        return transcribe(chunks, regions, len(segments))

    for batch, made in fitter.each_batch(speech.regions, decode):
        segments += made
        if made:
            context.partial(made)
        context.progress(batch[-1].end, duration_s)

    def transcribe_alone(region: SpeechRegion) -> list[Segment]:
        made = fitter.attempt(lambda _: decode([region]), most=1)
        return [msgspec.structs.replace(each, id=number) for number, each in enumerate(made)]

    settled = settle(
        segments,
        speech.regions,
        speech.alone,
        lambda regions: map(transcribe_alone, regions),
        join_s=speech.join_s,
    )
    context.progress(duration_s, duration_s)
    return settled


def effective_options(
    options: TranscribeOptions, decoding: Decoding, language: str | None
) -> dict[str, Any]:
    """Return every supported option with the value that was in force.

    Args:
        options: The request's.
        decoding: As planned.
        language: BCP-47 code of what is spoken; None where it is not known.
    """
    vad = vars(decoding.vad)
    return {
        "language": language,
        "languages": options.languages,
        "task": "translate" if decoding.into_english else "transcribe",
        "batch_size": decoding.batch_size,
        "word_timestamps": decoding.with_words,
        "vad": decoding.with_vad,
        "max_speech_s": decoding.vad.max_speech_s,
        **{name: vad[name] if decoding.with_vad else None for name in VAD_OPTIONS},
    }
