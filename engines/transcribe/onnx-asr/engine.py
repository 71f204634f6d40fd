"""The engine around onnx-asr: recognisers of many families as ONNX, on a CPU or a GPU."""

import gc
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import msgspec
import onnxruntime as rt
from languages import find_language
from loading import Recogniser, is_device_lost, load_recogniser, try_gpu
from onnx_asr.asr import TimestampedResult
from vad import SpeechDetector

from dalston_sdk.chunks import cut_chunks
from dalston_sdk.decoding import (
    SUPPORTED_OPTIONS,
    Decoding,
    find_speech,
    plan_decoding,
)
from dalston_sdk.devices import check_gpu, device_lost, process_vram_mb
from dalston_sdk.engine import Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.languages import evenly_spaced, to_whisper_code
from dalston_sdk.phrases import PHRASE_OPTIONS, Phrase, plan_phrases
from dalston_sdk.sharing import MAX_AUDIO_S, SLOTS, SharedModel, shared_fitter
from dalston_sdk.transcribing import Found, transcribe_chunks
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)
from dalston_sdk.words import Token, confidence, words_of

_GPU_BATCH_SIZE = 8
"""On a CPU a batch is hardly faster than its chunks one by one, and its padding costs time."""

_MIN_CHUNK_S = 0.3
"""With a shorter chunk the statistics over its features are not numbers."""


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a model is told of a chunk: BCP-47 codes, and words to expect."""

    language: str | None
    into_english: bool
    phrases: tuple[Phrase, ...]


class OnnxAsrEngine(Engine):
    """Recognises speech with Parakeet, Canary, GigaAM, Vosk, Whisper and their relatives."""

    name = "onnx-asr"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: SUPPORTED_OPTIONS | PHRASE_OPTIONS
    }
    keeps_freed_memory = True
    splits = True
    slots = SLOTS
    max_audio_s = MAX_AUDIO_S

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # Later builds send telemetry to Microsoft unless it is switched off before they start.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        rt.disable_telemetry_events()
        self._detector = SpeechDetector()
        self._recogniser: Recogniser | None = None
        self._shared: SharedModel[Samples, _Told, TimestampedResult] | None = None
        if device != "cpu":
            self.slots = 1  # it was not measured there whether chunks are the same in a batch

    def check_device(self) -> str:
        """Copy a number to the GPU, if one was asked for."""
        return check_gpu(self.device, try_gpu)

    def vram_mb(self) -> float | None:
        """Return the GPU memory of this process, in MiB; None on a CPU."""
        return process_vram_mb(self.device)

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder in the layout of their family."""
        self._recogniser = load_recogniser(model, self.device)
        fitter = shared_fitter(self, model) if self._recogniser.together else None
        self._shared = SharedModel(partial(_recognise, self._recogniser), len, fitter=fitter)
        return LoadedModel(
            compute_type=self._recogniser.compute_type, warnings=self._recogniser.warnings
        )

    def unload(self) -> None:
        """Drop the weights and free their memory."""
        self._recogniser = self._shared = None
        gc.collect()

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Find the speech and the language, then decode chunk by chunk."""
        if self._recogniser is None or self._shared is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        try:
            return self._transcribe(self._recogniser, self._shared, request, audio, context)
        except Exception as error:
            if self.device != "cpu" and is_device_lost(error):
                raise device_lost(self.device, str(error)) from error
            raise

    def _transcribe(
        self,
        recogniser: Recogniser,
        shared: SharedModel[Samples, _Told, TimestampedResult],
        request: TranscribeRequest,
        audio: Samples,
        context: RunContext,
    ) -> TranscribeResult:
        options = request.options
        decoding = plan_decoding(
            options,
            recogniser.capabilities,
            default_batch_size=1 if self.device == "cpu" else _GPU_BATCH_SIZE,
            translating_models="--model onnx-canary-1b-v2 or --model faster-whisper-large-v3",
            timing_model="--model onnx-parakeet-tdt-0.6b-v3",
        )
        expected = plan_phrases(
            options,
            recogniser.vocabulary,
            model_name=recogniser.capabilities.name,
            models="--model onnx-parakeet-tdt-0.6b-v3",
        )
        decoding = replace(decoding, warnings=(*decoding.warnings, *expected.warnings))
        speech = find_speech(audio, request, decoding, self._detector, context.check_cancelled)
        searched = speech.regions or speech.alone
        language = find_language(
            options,
            recogniser.capabilities,
            recogniser.adapter.asr,
            lambda count: cut_chunks(
                audio,
                evenly_spaced(searched, count),
                min_length_s=_MIN_CHUNK_S,
            ),
            turn=lambda: shared.turn(context.check_cancelled),
        )
        text_language = "en" if decoding.into_english else language.spoken
        told = _Told(
            language=language.spoken,
            into_english=decoding.into_english,
            phrases=expected.phrases,
        )

        def decode(
            chunks: list[Samples], batch: Sequence[SpeechRegion], first_id: int
        ) -> list[Segment]:
            results = shared.decode(chunks, told, context.check_cancelled)
            with_text = [
                (result, region)
                for result, region in zip(results, batch, strict=True)
                if result.text.strip()
            ]
            return [
                _segment(first_id + index, result, region, text_language, decoding)
                for index, (result, region) in enumerate(with_text)
            ]

        found = Found(
            decoding=decoding,
            language=language,
            speech=speech,
            fitter=self.fitter(request, decoding.batch_size),
            min_chunk_s=_MIN_CHUNK_S,
        )
        with shared.taking_part():
            result = transcribe_chunks(request, audio, found, decode, context)
        return msgspec.structs.replace(result, effective={**result.effective, **expected.effective})


def _recognise(
    recogniser: Recogniser, chunks: Sequence[Samples], told: _Told
) -> list[TimestampedResult]:
    """Decode a batch of chunks."""
    arguments: dict[str, Any] = {}
    capabilities = recogniser.capabilities
    if capabilities.must_be_told_language and told.language is not None:
        is_whisper = capabilities.detects_language
        arguments["language"] = to_whisper_code(told.language) if is_whisper else told.language
    if told.into_english:
        arguments["target_language"] = "en"
    if told.phrases:
        arguments["phrases"] = told.phrases
    results: list[TimestampedResult] = recogniser.adapter.with_timestamps().recognize(
        list(chunks), **arguments
    )
    return results


def _segment(
    segment_id: int,
    result: TimestampedResult,
    region: SpeechRegion,
    language: str | None,
    decoding: Decoding,
) -> Segment:
    """Turn the result for one chunk into a segment, with words if the model's tokens have times."""
    logprobs = result.logprobs or ()
    words = words_of(_tokens(result, region), inside=region)
    score = confidence(logprobs) if all(value <= 0 for value in logprobs) else None
    return Segment(
        id=segment_id,
        start=words[0].start if words else region.start,
        end=words[-1].end if words else region.end,
        text="".join(word.text for word in words).strip() or result.text.strip(),
        words=tuple(words) if decoding.with_words else (),
        language=language,
        confidence=score,
        avg_logprob=round(sum(logprobs) / len(logprobs), 4) if score is not None else None,
    )


def _tokens(result: TimestampedResult, region: SpeechRegion) -> list[Token]:
    """Return the tokens with times in the recording; none if the model gives no times."""
    if result.timestamps is None or result.tokens is None:
        return []
    logprobs = result.logprobs or [None] * len(result.tokens)
    return [
        Token(text=text, start=region.start + start, logprob=logprob)
        for text, start, logprob in zip(result.tokens, result.timestamps, logprobs, strict=True)
    ]
