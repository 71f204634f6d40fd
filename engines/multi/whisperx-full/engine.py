"""The engine around WhisperX: one bundle of weights transcribes, aligns and tells speakers apart.

The libraries take seconds to import, so that happens with the first model.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from bundle import Bundle, find_bundle
from options import DIARIZE, TRANSCRIBE, effective, plan_decoding, plan_speakers
from quiet import keep_quiet

from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import import_torchaudio, release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    ModelRef,
    Notice,
    Segment,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

if TYPE_CHECKING:
    from recognition import Heard, Recogniser
    from speakers import Diarizer
    from word_times import Aligner


class WhisperxEngine(TorchEngine):
    """Transcribes, aligns and diarizes with one bundle; its parts are loaded as they are needed.

    The memory that it reports of a GPU is PyTorch's; CTranslate2 does not tell of Whisper's.
    """

    name = "whisperx-full"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: TRANSCRIBE,
        Stage.ALIGN: frozenset(),
        Stage.DIARIZE: DIARIZE,
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        keep_quiet()
        self._bundle: Bundle | None = None
        self._recogniser: Recogniser | None = None
        self._aligner: Aligner | None = None
        self._diarizer: Diarizer | None = None

    def is_out_of_memory(self, error: Exception) -> bool:
        """PyTorch has an exception for it, CTranslate2 says so in words."""
        from failures import is_out_of_memory  # noqa: PLC0415 - imports PyTorch

        return is_out_of_memory(error)

    def load(self, model: ModelRef) -> LoadedModel:
        """Load the recogniser; the other parts follow with the first request for them."""
        bundle = find_bundle(model)
        folder = bundle.whisper
        import_torchaudio()
        from recognition import load_recogniser  # noqa: PLC0415 - takes seconds

        self._recogniser = load_recogniser(folder, self.device, model.compute_type)
        self._bundle = bundle
        return LoadedModel(
            compute_type=self._recogniser.compute_type, warnings=self._recogniser.warnings
        )

    def unload(self) -> None:
        """Drop every part and give its memory back."""
        if self._recogniser is not None:
            self._recogniser.close()
        self._bundle = self._recogniser = self._aligner = self._diarizer = None
        release_memory(self.device)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Speech found, language settled, then chunk by chunk; segments as they come."""
        with self._alive():
            return self._transcribe(self._loaded(), request.options, audio, context)

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        """Each segment's words with their times, by the bundle's model for the language."""
        with self._alive():
            aligner = self._aligner_for(request.language)
            duration_s = len(audio) / SAMPLE_RATE
            segments: list[Segment] = []
            notices: list[Notice] = []
            for segment in request.segments:
                context.check_cancelled()
                aligned, notice = aligner.aligned(
                    segment, audio, low=segments[-1].start if segments else 0.0
                )
                segments.append(aligned)
                notices += [notice] if notice else []
                context.progress(min(segment.end, duration_s), duration_s)
            context.progress(duration_s, duration_s)
        return AlignResult(segments=tuple(segments), warnings=tuple(notices))

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Who spoke when, by the bundle's pipeline."""
        speakers = plan_speakers(request.options)
        duration_s = len(audio) / SAMPLE_RATE
        with self._alive():
            found = self._diarizer_at_hand().find(
                audio, speakers, lambda share: context.progress(share * duration_s, duration_s)
            )
        return DiarizeResult(
            turns=found.turns,
            exclusive_turns=found.exclusive,
            embeddings=found.vectors,
            effective=dict.fromkeys(sorted(DIARIZE)) | speakers,
        )

    def _transcribe(
        self,
        recogniser: "Recogniser",
        options: TranscribeOptions,
        audio: Samples,
        context: RunContext,
    ) -> TranscribeResult:
        self._refuse_what_the_model_cannot(recogniser, options)
        decoding = plan_decoding(options, device=self.device, window_s=recogniser.window_s)
        duration_s = len(audio) / SAMPLE_RATE
        regions, chunks = recogniser.find_speech(audio, decoding, context.check_cancelled)
        language, scores = recogniser.language(options, audio, chunks)
        written = "en" if decoding.task == "translate" and language else language
        segments: list[Segment] = []
        if language is not None:
            context.check_cancelled()
            for heard in recogniser.hear(audio, chunks, language, decoding):
                if heard.text:
                    segments.append(_segment(len(segments), heard, written))
                    context.partial(segments[-1:])
                context.progress(heard.chunk.end, duration_s)
        context.progress(duration_s, duration_s)
        return TranscribeResult(
            language=written,
            segments=tuple(segments),
            language_scores=scores,
            speech_regions=tuple(regions),
            effective=effective(options, decoding, language),
            warnings=decoding.warnings,
            compute_type=recogniser.compute_type,
        )

    def _loaded(self) -> "Recogniser":
        if self._recogniser is None:
            raise _nothing_loaded()
        return self._recogniser

    def _parts(self) -> Bundle:
        if self._bundle is None:
            raise _nothing_loaded()
        return self._bundle

    def _aligner_for(self, language: str) -> "Aligner":
        """The model for a language; the last one goes, so that they do not pile up."""
        from word_times import load_aligner  # noqa: PLC0415 - takes seconds

        folder = self._parts().aligner(language)
        if self._aligner is None or self._aligner.language != folder.name:
            self._aligner = None
            release_memory(self.device)
            self._aligner = load_aligner(folder, folder.name, self.device)
        return self._aligner

    def _diarizer_at_hand(self) -> "Diarizer":
        from speakers import load_diarizer  # noqa: PLC0415 - takes seconds

        if self._diarizer is None:
            self._diarizer = load_diarizer(self._parts().diarization, self.device)
        return self._diarizer

    def _refuse_what_the_model_cannot(
        self, recogniser: "Recogniser", options: TranscribeOptions
    ) -> None:
        name = self._parts().name
        # Turbo and the distilled models have the token but were never taught to translate.
        taught = recogniser.is_multilingual and "turbo" not in name and "distil" not in name
        if options.task == "translate" and not taught:
            raise EngineError(
                ErrorCode.UNSUPPORTED_OPTION,
                f"{name} cannot translate (task)",
                hint="use --model whisperx-large-v3",
            )

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Tells a GPU that is gone from a mistake."""
        try:
            yield
        except RuntimeError as error:
            from failures import is_device_lost, lost  # noqa: PLC0415 - imports PyTorch

            if self.device != "cpu" and is_device_lost(error):
                raise lost(self.device, error) from error
            raise


def _nothing_loaded() -> EngineError:
    return EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")


def _segment(number: int, heard: "Heard", language: str | None) -> Segment:
    return Segment(
        id=number,
        start=heard.chunk.start,
        end=heard.chunk.end,
        text=heard.text,
        language=language,
        confidence=round(min(1.0, math.exp(heard.avg_logprob)), 4),
        avg_logprob=round(heard.avg_logprob, 4),
    )
