"""The engine for WhisperX: one bundle of weights transcribes, aligns and diarizes.

The libraries take seconds to import, so they are imported with the first model.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import msgspec
from bundle import Bundle, find_bundle
from library_settings import configure_libraries
from options import (
    DIARIZE,
    TRANSCRIBE,
    effective,
    read_chunk_s,
    read_decoding,
    read_speakers,
)

from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.prompt_echoes import EchoFilter
from dalston_sdk.prompts import fit_prompts
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
    SpeechRegion,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

if TYPE_CHECKING:
    from aligner import Aligner
    from recognition import Recogniser
    from speakers import Diarizer


class WhisperxEngine(TorchEngine):
    """Transcribes, aligns and diarizes with one bundle; its parts are loaded when needed.

    The GPU memory that it reports is PyTorch's; CTranslate2 does not report Whisper's.
    """

    name = "whisperx-full"
    version = "0.1.0"
    reads_parts = frozenset({Stage.ALIGN, Stage.DIARIZE})
    keeps_freed_memory = True
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: TRANSCRIBE,
        Stage.ALIGN: frozenset(),
        Stage.DIARIZE: DIARIZE,
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        configure_libraries()
        self._bundle: Bundle | None = None
        self._recogniser: Recogniser | None = None
        self._aligner: Aligner | None = None
        self._diarizer: Diarizer | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load the recogniser; the other parts are loaded with the first request for them."""
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
        """Transcribe chunk by chunk; segments are reported as they are done."""
        with self._device_errors():
            return self._transcribe(self._loaded(), request, audio, context)

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        """Align each segment with the bundle's model for the language."""
        with self._device_errors():
            aligner = self._aligner_for(request.language)
            duration_s = len(audio) / SAMPLE_RATE
            segments: list[Segment] = []
            notices: list[Notice] = []
            for segment in request.segments:
                context.check_cancelled()
                aligned, notice = aligner.align(
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
        """Diarize with the bundle's pipeline."""
        speakers, chunk_s = read_speakers(request.options), read_chunk_s(request.options)
        duration_s = len(audio) / SAMPLE_RATE
        with self._device_errors():
            diarizer = self._loaded_diarizer()
            fitter = self.fitter(request, diarizer.batch_size, unit="window")
            found = diarizer.diarize(
                audio,
                speakers,
                chunk_s,
                fitter,
                lambda done_s: context.progress(done_s, duration_s),
            )
            context.progress(duration_s, duration_s)
        return DiarizeResult(
            turns=found.turns,
            exclusive_turns=found.exclusive_turns,
            embeddings=found.embeddings,
            effective={**dict.fromkeys(sorted(DIARIZE)), **speakers, "chunk_s": chunk_s},
            warnings=fitter.notices,
        )

    def _transcribe(
        self,
        recogniser: "Recogniser",
        request: TranscribeRequest,
        audio: Samples,
        context: RunContext,
    ) -> TranscribeResult:
        options = request.options
        self._check_task(recogniser, options)
        options, shortened = fit_prompts(options, recogniser.count_tokens)
        decoding = read_decoding(options, device=self.device, window_s=recogniser.window_s)
        fitter = self.fitter(request, decoding.batch_size)
        duration_s = len(audio) / SAMPLE_RATE
        regions, chunks = recogniser.find_speech(audio, decoding, context.check_cancelled)
        language, scores = recogniser.language(options, audio, chunks)
        text_language = "en" if decoding.task == "translate" and language else language
        segments: list[Segment] = []
        if language is not None:
            context.check_cancelled()
            for each in recogniser.transcribe_chunks(audio, chunks, language, decoding, fitter):
                if each.text:
                    segments.append(each.as_segment(len(segments), text_language))
                    context.partial(segments[-1:])
                context.progress(each.chunk.end, duration_s)

        def decode_part(region: SpeechRegion) -> list[Segment]:
            found = recogniser.transcribe_part(audio, region, language or "en", decoding, fitter)
            return [each.as_segment(0, text_language) for each in found if each.text]

        without_echoes = EchoFilter(options, decode_part, duration_s=duration_s)
        said = [
            msgspec.structs.replace(segment, id=number)
            for number, segment in enumerate(without_echoes.checked(segments))
        ]
        context.progress(duration_s, duration_s)
        return TranscribeResult(
            language=text_language,
            segments=tuple(said),
            language_scores=scores,
            speech_regions=tuple(regions),
            effective={**effective(options, decoding, language), "batch_size": fitter.smallest},
            warnings=(
                *decoding.warnings,
                *shortened,
                *without_echoes.notices,
                *fitter.notices,
            ),
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
        """Return the model for a language; only one is kept in memory."""
        from aligner import load_aligner  # noqa: PLC0415 - takes seconds

        folder = self._parts().aligner(language)
        if self._aligner is None or self._aligner.language != folder.name:
            self._aligner = None
            release_memory(self.device)
            self._aligner = load_aligner(folder, folder.name, self.device)
        return self._aligner

    def _loaded_diarizer(self) -> "Diarizer":
        from speakers import load_diarizer  # noqa: PLC0415 - takes seconds

        if self._diarizer is None:
            self._diarizer = load_diarizer(self._parts().diarization, self.device)
        return self._diarizer

    def _check_task(self, recogniser: "Recogniser", options: TranscribeOptions) -> None:
        name = self._parts().name
        # Turbo and the distilled models have the token but were not trained to translate.
        translates = recogniser.is_multilingual and "turbo" not in name and "distil" not in name
        if options.task == "translate" and not translates:
            raise EngineError(
                ErrorCode.UNSUPPORTED_OPTION,
                f"{name} cannot translate (task)",
                hint="use --model whisperx-large-v3",
            )

    @contextmanager
    def _device_errors(self) -> Iterator[None]:
        """Turn errors of a GPU that does not answer any more into ``device_lost``."""
        try:
            yield
        except RuntimeError as error:
            from failures import device_lost, is_device_lost  # noqa: PLC0415 - imports PyTorch

            if self.device != "cpu" and is_device_lost(error):
                raise device_lost(self.device, error) from error
            raise


def _nothing_loaded() -> EngineError:
    return EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
