"""The engine around faster-whisper: Whisper models on a CPU or a GPU."""

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from decoding import count_tokens
from faster_whisper import WhisperModel
from languages import known_languages, vote, voting_chunks, whisper_language
from loading import load_whisper
from options import SUPPORTED, Decoding, effective, plan_decoding
from parts import PartDecoder, PartsDecoder
from recording import RecordingDecoder, Speech
from sharing import Windows, gatherer, runs_at_once, shared
from vad import load_network

from dalston_sdk.ctranslate2_loading import is_device_lost, try_gpu
from dalston_sdk.devices import check_gpu, process_vram_mb
from dalston_sdk.engine import Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.languages import Language, from_whisper_code
from dalston_sdk.prompts import fit_prompts
from dalston_sdk.splitting import given_speech, not_split, speech_only, wants_speech_only
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)


class FasterWhisperEngine(Engine):
    """Recognises and translates speech with Whisper models."""

    name = "faster-whisper"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {Stage.TRANSCRIBE: SUPPORTED}
    keeps_freed_memory = True
    splits = True
    slots = 8
    max_audio_s = 1800.0

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # The library's VAD imports ONNX Runtime, which would send telemetry to Microsoft.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        self._whisper: WhisperModel | None = None
        self._windows: Windows | None = None
        self._runtime_id = ""
        if device != "cpu":
            self.slots = 1  # results of a batch are those of a window alone on a CPU only

    def check_device(self) -> str:
        """Copy a number to the GPU, if one was asked for."""
        return check_gpu(self.device, try_gpu)

    def vram_mb(self) -> float | None:
        """Return the GPU memory of this process, in MiB; None on a CPU."""
        return process_vram_mb(self.device)

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights in CTranslate2's format from a folder."""
        self._whisper, warnings = load_whisper(model, self.device)
        load_network()
        self._windows = gatherer(
            self._whisper,
            lambda most: self.fitter(
                TranscribeRequest(model=model), most, unit="window", step="together"
            ),
        )
        self._runtime_id = model.runtime_id
        return LoadedModel(compute_type=self._whisper.model.compute_type, warnings=warnings)

    def unload(self) -> None:
        """Drop the weights and free their memory."""
        if self._whisper is not None:
            self._whisper.model.unload_model()
            self._whisper = self._windows = None
        gc.collect()

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Find the speech and the language, then decode, reporting segments as they come."""
        if self._whisper is None or self._windows is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        share = partial(shared, self._whisper, self._windows, context)
        parts_decoder = partial(
            PartsDecoder, share=share, windows=self._windows, at_once=runs_at_once(self.device)
        )
        try:
            with share() as whisper:
                return self._transcribe(whisper, parts_decoder, request, audio, context)
        except RuntimeError as error:
            if is_device_lost(error):
                raise EngineError(
                    ErrorCode.DEVICE_LOST, f"{self.device} does not answer any more: {error}"
                ) from error
            raise

    def _transcribe(
        self,
        whisper: WhisperModel,
        parts_decoder: Callable[[PartDecoder], PartsDecoder],
        request: TranscribeRequest,
        audio: Samples,
        context: RunContext,
    ) -> TranscribeResult:
        options = request.options
        _check_supported(whisper, self._runtime_id, options)
        _check_tokens(whisper, options.suppress_tokens or ())
        options, shortened = fit_prompts(options, lambda text: count_tokens(whisper, text))
        decoding = plan_decoding(
            options,
            device=self.device,
            chunk_length_s=whisper.feature_extractor.chunk_length,
        )
        if wants_speech_only(request) and decoding.batch_size == 1:
            return not_split("without batches each window begins where the one before it ended")
        fitter = self.fitter(request, decoding.batch_size)
        recording = RecordingDecoder(
            whisper=whisper,
            audio=audio,
            options=options,
            decoding=decoding,
            context=context,
            fitter=fitter,
            parts_decoder=parts_decoder,
        )
        speech = recording.find_speech(given_speech(request))
        context.check_cancelled()
        language, scores = _find_language(whisper, options, audio, speech, decoding)
        if wants_speech_only(request):
            code = None if language is None else from_whisper_code(language)
            windows = recording.windows(speech)
            found = Language(spoken=code, scores=scores)
            return speech_only(speech.regions, speech.alone, windows, found)
        text = recording.decode(speech, language)
        spoken = None
        if language is not None and (text.segments or speech.regions or options.language):
            spoken = from_whisper_code(language)
        return TranscribeResult(
            language="en" if options.task == "translate" and spoken else spoken,
            segments=tuple(text.segments),
            language_scores=scores if spoken else {},
            speech_regions=() if decoding.vad is None else tuple(text.regions),
            effective=effective(options, decoding, text.used, spoken)
            | {"batch_size": fitter.smallest},
            warnings=(*decoding.warnings, *shortened, *text.notices, *fitter.notices),
            compute_type=whisper.model.compute_type,
        )


def _check_supported(whisper: WhisperModel, runtime_id: str, options: TranscribeOptions) -> None:
    english_only = not whisper.model.is_multilingual
    # Turbo and the distilled models have the token but were not trained to translate.
    if options.task == "translate" and (
        english_only or "turbo" in runtime_id or "distil" in runtime_id
    ):
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{runtime_id} cannot translate (task)",
            hint="use --model faster-whisper-large-v3",
        )
    if options.multilingual and english_only:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{runtime_id} understands English only (multilingual)",
            hint=f"use --model faster-whisper-{runtime_id.removesuffix('.en')}",
        )


def _check_tokens(whisper: WhisperModel, tokens: Sequence[int]) -> None:
    """Refuse tokens that the model does not have: CTranslate2 would write beyond its memory."""
    size = whisper.hf_tokenizer.get_vocab_size()
    if unknown := [token for token in tokens if not -1 <= token < size]:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this model has no token {unknown[0]} (suppress_tokens)",
            hint=f"its tokens are 0 to {size - 1}; -1 stands for those that are not speech",
        )


def _find_language(
    whisper: WhisperModel,
    options: TranscribeOptions,
    audio: Samples,
    speech: Speech,
    decoding: Decoding,
) -> tuple[str | None, dict[str, float]]:
    """Return Whisper's code of the language, and scores where the language was detected."""
    if options.language is not None:
        return whisper_language(options.language, whisper), {}
    allowed = [whisper_language(code, whisper) for code in options.languages or ()]
    if not whisper.model.is_multilingual:
        return "en", {}
    regions = speech.regions or speech.alone
    if not regions:
        return None, {}
    ranges = [(each["start"], each["end"]) for each in speech.ranges]
    scores = vote(
        whisper,
        audio,
        voting_chunks(ranges, regions, decoding.chunk_length_s),
        allowed=allowed or known_languages(whisper),
        chunk_length_s=decoding.chunk_length_s,
    )
    return whisper_language(next(iter(scores)), whisper), scores
