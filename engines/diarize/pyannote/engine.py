"""The engine around pyannote.audio: who spoke when, with overlaps, and what their voices are."""

import importlib
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from limits import Limits, limits_of
from stretches import Stretch, stretches_of

from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import DiarizeRequest, DiarizeResult, ErrorCode, ModelRef, Stage

if TYPE_CHECKING:
    from loading import Diarizer

# Read when the libraries are imported: no reports to their makers, no look-ups at the hub, and no
# folder for compiled code, of which there is none.
os.environ |= {
    "PYANNOTE_METRICS_ENABLED": "0",
    "OTEL_SDK_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(),
}


class PyannoteEngine(TorchEngine):
    """Finds speakers with the pipelines community-1 and 3.1."""

    name = "pyannote"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.DIARIZE: frozenset(
            {"num_speakers", "min_speakers", "max_speakers", "batch_size", "chunk_s"}
        )
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._diarizer: Diarizer | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load a pipeline and all that it is made of from one folder."""
        # The library takes seconds to import, and an engine has to answer before.
        loading = importlib.import_module("loading")
        self._diarizer = loading.load_diarizer(model, self.device)
        return LoadedModel(compute_type="float32")

    def unload(self) -> None:
        """Drop the pipeline and give its memory back."""
        self._diarizer = None
        release_memory(self.device)

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Stretch by stretch; the speakers of one are found again in the next."""
        if self._diarizer is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        limits = limits_of(request.options, self._diarizer.batch_size)
        return self._diarize(self._diarizer, limits, audio, context)

    def _diarize(
        self, diarizer: "Diarizer", limits: Limits, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        hearing = importlib.import_module("hearing")
        linking = importlib.import_module("linking")
        duration_s = len(audio) / SAMPLE_RATE
        stretches = stretches_of(duration_s, limits.chunk_s)
        linker = linking.Linker(diarizer.least_similarity, limits.most)

        def on_share(stretch: Stretch, share: float) -> None:
            context.progress(stretch.start + share * stretch.duration_s, duration_s)

        for stretch in stretches:
            context.check_cancelled()
            first, last = (round(at * SAMPLE_RATE) for at in (stretch.start, stretch.end))
            heard = hearing.hear(
                diarizer,
                audio[first:last],
                limits.of_one_stretch(len(stretches)),
                limits.batch_size,
                lambda share, stretch=stretch: on_share(stretch, share),
            )
            linker.add(stretch, heard)
        context.progress(duration_s, duration_s)
        found = linker.found(duration_s)
        return DiarizeResult(
            turns=found.turns,
            exclusive_turns=found.exclusive_turns,
            embeddings=found.embeddings,
            effective=limits.effective(),
            warnings=limits.missed(len({turn.speaker for turn in found.turns})),
            compute_type="float32",
        )
