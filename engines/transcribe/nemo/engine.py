"""The engine around NVIDIA's NeMo: recognisers of every kind, and a diarizer, in one process."""

import gc
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from dalston_sdk.chunks import cut_chunks, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import (
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    ModelRef,
    Segment,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)

if TYPE_CHECKING:
    from capabilities import Capabilities
    from loading import Loaded
    from recognition import Recogniser
    from sortformer import Diarizer

_LEAST_PIECE_S = 1.0
"""The library lengthens what is shorter at both ends, and moves the times of its words by that."""


class NemoEngine(TorchEngine):
    """Recognises speech with Parakeet and Canary, and tells speakers apart with Sortformer."""

    name = "nemo"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: frozenset(
            {
                *("language", "languages", "task", "batch_size", "word_timestamps", "vad"),
                *("vad_threshold", "min_speech_ms", "min_silence_ms", "speech_pad_ms"),
                "max_speech_s",
            }
        ),
        Stage.DIARIZE: frozenset({"num_speakers", "max_speakers", "batch_size"}),
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # Before anything imports the hub's client, or the compilers that come with it, which
        # would keep what they compile beside the library, where nobody can write in a container.
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        self._compiled = tempfile.TemporaryDirectory(prefix="dalston-nemo-")
        for name in ("NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
            os.environ[name] = self._compiled.name
        self._loaded: Loaded | None = None
        self._recogniser: tuple[Recogniser, Capabilities] | None = None
        self._diarizer: Diarizer | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load a ``.nemo`` file of any kind that this engine has a use for."""
        # The library takes many seconds to import, and the engine has to answer before.
        from capabilities import capabilities_of  # noqa: PLC0415
        from loading import load_model  # noqa: PLC0415
        from recognition import Recogniser  # noqa: PLC0415
        from sortformer import Diarizer  # noqa: PLC0415

        # What the library leaves in memory is there for good; to look through it again and again
        # would cost seconds, above all when the process ends.
        if not gc.get_freeze_count():
            gc.freeze()
        self._loaded = load_model(model, self.device)
        if self._loaded.hears_speakers:
            self._diarizer = Diarizer(self._loaded)
        else:
            capabilities = capabilities_of(self._loaded)
            self._recogniser = Recogniser(self._loaded, capabilities), capabilities
        return LoadedModel(compute_type=self._loaded.compute_type)

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        if self._loaded is None:
            return
        self._loaded = self._recogniser = self._diarizer = None
        release_memory(self.device)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Speech found, then stretch by stretch; segments as they come."""
        from languages import settle_language  # noqa: PLC0415 - imports the library
        from options import effective, plan_decoding  # noqa: PLC0415 - likewise
        from sentences import segments_of  # noqa: PLC0415 - likewise
        from vad import SpeechDetector  # noqa: PLC0415 - not before somebody needs it

        if self._recogniser is None:
            raise self._other_kind("tells speakers apart, and does not transcribe")
        recogniser, capabilities = self._recogniser
        options = request.options
        decoding = plan_decoding(options, capabilities, device=self.device)
        language = settle_language(options, capabilities)
        duration_s = len(audio) / SAMPLE_RATE
        if decoding.with_vad:
            regions = SpeechDetector().find(audio, decoding.rules, context.check_cancelled)
        else:
            regions = split_region(
                audio, rounded_region(0.0, duration_s), decoding.rules.max_speech_s
            )
        written = "en" if decoding.into_english else language.spoken
        segments: list[Segment] = []
        for first in range(0, len(regions), decoding.batch_size):
            context.check_cancelled()
            batch = regions[first : first + decoding.batch_size]
            heard = recogniser.hear(
                cut_chunks(audio, batch, min_length_s=_LEAST_PIECE_S),
                batch,
                language=language.spoken,
                into=written,
                with_words=decoding.with_words,
            )
            found: list[Segment] = []
            for each, place in zip(heard, batch, strict=True):
                found += segments_of(
                    each,
                    place,
                    first_id=len(segments) + len(found),
                    language=written,
                    with_words=decoding.with_words,
                )
            segments += found
            if found:
                context.partial(found)
            context.progress(batch[-1].end, duration_s)
        context.progress(duration_s, duration_s)
        return TranscribeResult(
            language=written,
            segments=tuple(segments),
            speech_regions=tuple(regions) if decoding.with_vad else (),
            effective=effective(options, decoding, language),
            warnings=(*decoding.warnings, *language.warnings),
            compute_type=self._loaded.compute_type if self._loaded else None,
        )

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Who spoke when, of at most four speakers."""
        if self._diarizer is None:
            raise self._other_kind("transcribes, and does not tell speakers apart")
        return self._diarizer.diarize(request.options, audio, context)

    def _other_kind(self, what: str) -> EngineError:
        if self._loaded is None:
            return EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{self._loaded.name} {what}",
            hint="see which models do with: dalston models list",
        )
