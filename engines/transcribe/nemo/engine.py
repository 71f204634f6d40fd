"""The engine around NVIDIA's NeMo: recognisers of several families, and a diarizer."""

import gc
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec

from dalston_sdk.decoding import SUPPORTED_OPTIONS, find_speech
from dalston_sdk.engine import LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.languages import choose_language
from dalston_sdk.phrases import PHRASE_OPTIONS, Vocabulary, plan_phrases
from dalston_sdk.sentences import Transcription, segments_of
from dalston_sdk.sharing import MAX_AUDIO_S, SLOTS, SharedModel, is_same_together, shared_fitter
from dalston_sdk.silero_vad import SpeechDetector
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.transcribing import Found, transcribe_chunks
from dalston_sdk.wire import (
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    ModelRef,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)

if TYPE_CHECKING:
    from capabilities import NemoCapabilities
    from loading import Loaded
    from recognition import Told
    from sortformer import Diarizer

    Chunks = SharedModel[tuple[Samples, SpeechRegion], Told, Transcription]
    Recordings = SharedModel[tuple[DiarizeRequest, Samples, RunContext], None, DiarizeResult]

_MIN_CHUNK_S = 1.0
"""The library pads shorter chunks at both ends, which moves the times of their words."""


class NemoEngine(TorchEngine):
    """Recognises speech with Parakeet and Canary, and tells speakers apart with Sortformer."""

    name = "nemo"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: SUPPORTED_OPTIONS | PHRASE_OPTIONS,
        Stage.DIARIZE: frozenset({"num_speakers", "max_speakers", "batch_size"}),
    }
    keeps_freed_memory = True
    splits = True
    reads_parts = frozenset({Stage.DIARIZE})
    slots = SLOTS
    max_audio_s = MAX_AUDIO_S

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # Before anything imports the hub's client, or the compilers that come with it, which keep
        # compiled code beside the library, a place that is read-only in a container.
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        self._compiled = tempfile.TemporaryDirectory(prefix="dalston-nemo-")
        for name in ("NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
            os.environ[name] = self._compiled.name
        self._loaded: Loaded | None = None
        self._recogniser: tuple[Chunks, NemoCapabilities, Vocabulary | None] | None = None
        self._diarizer: Recordings | None = None
        if device != "cpu":
            self.slots = 1  # it was not measured there whether chunks are the same in a batch

    def load(self, model: ModelRef) -> LoadedModel:
        """Load a ``.nemo`` file with a recogniser or a diarizer."""
        # The library takes many seconds to import, and the engine has to answer before that.
        from capabilities import capabilities_of  # noqa: PLC0415
        from loading import load_model  # noqa: PLC0415
        from recognition import Recogniser  # noqa: PLC0415
        from sortformer import Diarizer  # noqa: PLC0415

        # The library's objects stay in memory; collecting garbage among them again and again
        # would take seconds, above all at the end of the process.
        if not gc.get_freeze_count():
            gc.freeze()
        self._loaded = load_model(model, self.device)
        if self._loaded.is_diarizer:
            diarizer = Diarizer(self._loaded)
            self._diarizer = SharedModel(
                lambda asked, _: [self._diarize(diarizer, *each) for each in asked],
                lambda asked: len(asked[1]),
                fitter=None,
            )
        else:
            capabilities = capabilities_of(self._loaded)
            recogniser = Recogniser(self._loaded, capabilities)
            # The longest text that Canary may write goes by the longest chunk of a batch.
            mixes = not capabilities.must_be_told_language and is_same_together(recogniser.encode)
            chunks = SharedModel(
                recogniser.transcribe,
                lambda chunk: len(chunk[0]),
                fitter=shared_fitter(self, model) if mixes else None,
            )
            self._recogniser = chunks, capabilities, recogniser.vocabulary
        return LoadedModel(compute_type=self._loaded.compute_type)

    def unload(self) -> None:
        """Drop the weights and free their memory."""
        if self._loaded is None:
            return
        self._loaded = self._recogniser = self._diarizer = None
        release_memory(self.device)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Find the speech, then decode chunk by chunk."""
        from options import plan  # noqa: PLC0415 - imports the library
        from recognition import Told  # noqa: PLC0415 - likewise

        if self._recogniser is None or self._loaded is None:
            raise self._wrong_model("tells speakers apart, and does not transcribe")
        recogniser, capabilities, vocabulary = self._recogniser
        options = request.options
        decoding = plan(options, capabilities, device=self.device)
        expected = plan_phrases(
            options,
            vocabulary,
            model_name=capabilities.name,
            models="--model nemo-parakeet-tdt-0.6b-v3",
        )
        decoding = replace(decoding, warnings=(*decoding.warnings, *expected.warnings))
        language = choose_language(
            options,
            model_name=capabilities.name,
            known=capabilities.languages,
            must_be_told=capabilities.must_be_told_language,
        )
        speech = find_speech(audio, request, decoding, SpeechDetector(), context.check_cancelled)
        text_language = "en" if decoding.into_english else language.spoken
        told = Told(
            language=language.spoken,
            into=text_language,
            with_words=decoding.with_words,
            phrases=expected.phrases,
        )

        def decode(
            chunks: list[Samples], batch: Sequence[SpeechRegion], first_id: int
        ) -> list[Segment]:
            transcriptions = recogniser.decode(
                list(zip(chunks, batch, strict=True)), told, context.check_cancelled
            )
            segments: list[Segment] = []
            for transcription, region in zip(transcriptions, batch, strict=True):
                segments += segments_of(
                    transcription,
                    region,
                    first_id=first_id + len(segments),
                    language=text_language,
                    with_words=decoding.with_words,
                )
            return segments

        found = Found(
            decoding=decoding,
            language=language,
            speech=speech,
            fitter=self.fitter(request, decoding.batch_size),
            min_chunk_s=_MIN_CHUNK_S,
        )
        with recogniser.taking_part():
            result = transcribe_chunks(request, audio, found, decode, context)
        return msgspec.structs.replace(result, effective={**result.effective, **expected.effective})

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Find the turns of at most four speakers."""
        if self._diarizer is None:
            raise self._wrong_model("transcribes, and does not tell speakers apart")
        return self._diarizer.decode([(request, audio, context)], None, context.check_cancelled)[0]

    def _diarize(
        self, diarizer: "Diarizer", request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        fitter = self.fitter(request, diarizer.batch_size(request.options))
        return diarizer.diarize(request.options, audio, context, fitter)

    def _wrong_model(self, what: str) -> EngineError:
        if self._loaded is None:
            return EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{self._loaded.name} {what}",
            hint="see which models do with: dalston models list",
        )
