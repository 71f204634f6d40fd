"""The engine around onnx-asr: recognisers of many families as ONNX, on a CPU or a GPU."""

import gc
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import onnxruntime as rt
from gpu import check_gpu, held_vram_mb, lost
from languages import Language, settle_language
from loading import Recogniser, is_device_lost, is_out_of_memory, load_recogniser
from onnx_asr.asr import TimestampedResult
from options import SUPPORTED, Decoding, effective, plan_decoding
from vad import SpeechDetector

from dalston_sdk.chunks import cut_chunks, split_region
from dalston_sdk.engine import SAMPLE_RATE, Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)
from dalston_sdk.words import Token, confidence, words_of

_LEAST_PIECE_S = 0.3
"""Statistics over the features of a shorter one are not numbers."""


class OnnxAsrEngine(Engine):
    """Recognises speech with Parakeet, Canary, GigaAM, Vosk, Whisper and their relatives."""

    name = "onnx-asr"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {Stage.TRANSCRIBE: SUPPORTED}

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # Later builds report to their makers unless they are told not to before they start.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        rt.disable_telemetry_events()
        self._finder = SpeechDetector()
        self._recogniser: Recogniser | None = None

    def check_device(self) -> str:
        """Copy something to the GPU, where one was asked for."""
        return "cpu" if self.device == "cpu" else check_gpu(self.device)

    def vram_mb(self) -> float | None:
        """Memory this process holds on the GPU."""
        return None if self.device == "cpu" else held_vram_mb(self.device)

    def is_out_of_memory(self, error: Exception) -> bool:
        """ONNX Runtime says so in words."""
        return is_out_of_memory(error)

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder in the layout of their family."""
        self._recogniser = load_recogniser(model, self.device)
        return LoadedModel(
            compute_type=self._recogniser.compute_type, warnings=self._recogniser.warnings
        )

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        self._recogniser = None
        gc.collect()

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Speech found, language settled, then stretch by stretch; segments as they come."""
        if self._recogniser is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        try:
            return self._transcribe(self._recogniser, request.options, audio, context)
        except Exception as error:
            if self.device != "cpu" and is_device_lost(error):
                raise lost(self.device, str(error)) from error
            raise

    def _transcribe(
        self,
        recogniser: Recogniser,
        options: TranscribeOptions,
        audio: Samples,
        context: RunContext,
    ) -> TranscribeResult:
        decoding = plan_decoding(options, recogniser.capabilities, device=self.device)
        duration_s = len(audio) / SAMPLE_RATE
        if decoding.with_vad:
            regions = self._finder.find(audio, decoding.rules, context.check_cancelled)
        else:
            whole = SpeechRegion(start=0.0, end=duration_s)
            regions = split_region(audio, whole, decoding.rules.max_speech_s)
        language = settle_language(
            options,
            recogniser.capabilities,
            recogniser.adapter.asr,
            lambda count: cut_chunks(audio, _spread(regions, count), min_length_s=_LEAST_PIECE_S),
        )
        text_language = "en" if decoding.into_english else language.spoken
        segments: list[Segment] = []
        for first in range(0, len(regions), decoding.batch_size):
            context.check_cancelled()
            batch = regions[first : first + decoding.batch_size]
            pieces = cut_chunks(audio, batch, min_length_s=_LEAST_PIECE_S)
            found = [
                _segment(len(segments) + index, each, region, text_language, decoding)
                for index, (each, region) in enumerate(
                    _with_text(_recognise(recogniser, pieces, language, decoding), batch)
                )
            ]
            segments += found
            if found:
                context.partial(found)
            context.progress(batch[-1].end, duration_s)
        context.progress(duration_s, duration_s)
        return TranscribeResult(
            language=text_language,
            segments=tuple(segments),
            language_scores=language.scores,
            speech_regions=tuple(regions) if decoding.with_vad else (),
            effective=effective(options, decoding, language),
            warnings=(*recogniser.warnings, *decoding.warnings, *language.warnings),
            compute_type=recogniser.compute_type,
        )


def _recognise(
    recogniser: Recogniser, pieces: list[Samples], language: Language, decoding: Decoding
) -> list[TimestampedResult]:
    """What the library makes of each piece; all of them go through the model at once."""
    arguments = {}
    if recogniser.capabilities.is_told_language and language.told is not None:
        arguments["language"] = language.told
    if decoding.into_english:
        arguments["target_language"] = "en"
    heard: list[TimestampedResult] = recogniser.adapter.with_timestamps().recognize(
        pieces, **arguments
    )
    return heard


def _with_text(
    heard: Sequence[TimestampedResult], regions: Sequence[SpeechRegion]
) -> list[tuple[TimestampedResult, SpeechRegion]]:
    return [pair for pair in zip(heard, regions, strict=True) if pair[0].text.strip()]


def _segment(
    number: int,
    heard: TimestampedResult,
    region: SpeechRegion,
    language: str | None,
    decoding: Decoding,
) -> Segment:
    """One stretch as a segment, its words where the model's tokens have times."""
    logprobs = heard.logprobs or ()
    words = words_of(_tokens(heard, region), inside=region)
    share = confidence(logprobs) if all(value <= 0 for value in logprobs) else None
    return Segment(
        id=number,
        start=words[0].start if words else region.start,
        end=words[-1].end if words else region.end,
        text="".join(word.text for word in words).strip() or heard.text.strip(),
        words=tuple(words) if decoding.with_words else (),
        language=language,
        confidence=share,
        avg_logprob=round(sum(logprobs) / len(logprobs), 4) if share is not None else None,
    )


def _tokens(heard: TimestampedResult, region: SpeechRegion) -> list[Token]:
    """The tokens at their time in the recording; none where the model gives no times."""
    if heard.timestamps is None or heard.tokens is None:
        return []
    logprobs = heard.logprobs or [None] * len(heard.tokens)
    return [
        Token(text=text, start=region.start + start, logprob=logprob)
        for text, start, logprob in zip(heard.tokens, heard.timestamps, logprobs, strict=True)
    ]


def _spread(regions: Sequence[SpeechRegion], count: int) -> list[SpeechRegion]:
    """At most ``count`` regions from all over the recording."""
    chosen = np.linspace(0, len(regions) - 1, min(count, len(regions))).round().astype(int)
    return [regions[index] for index in chosen.tolist()]
