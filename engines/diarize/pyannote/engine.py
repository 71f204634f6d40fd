"""The engine for pyannote.audio: speaker turns, which may overlap, and speaker embeddings."""

import importlib
import os
import tempfile
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from settings import DiarizationSettings, read_settings

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.recording_chunks import Chunk, split_recording
from dalston_sdk.speaker_linking import ChunkTurns, SpeakerLinker
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import DiarizeRequest, DiarizeResult, ErrorCode, ModelRef, Stage

if TYPE_CHECKING:
    from loading import Diarizer

# Read when the libraries are imported: no telemetry, no look-ups at the hub, and no folder for
# compiled code, of which there is none.
os.environ |= {
    "PYANNOTE_METRICS_ENABLED": "0",
    "OTEL_SDK_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(),
}
# The models have thousands of small layers and time steps. Threads that spin while they wait for
# each other at the end of each would keep a busy machine from the work itself.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class PyannoteEngine(TorchEngine):
    """Diarizes with the pipelines community-1 and 3.1."""

    name = "pyannote"
    version = "0.1.0"
    keeps_freed_memory = True
    reads_parts = frozenset({Stage.DIARIZE})
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.DIARIZE: frozenset(
            {"num_speakers", "min_speakers", "max_speakers", "batch_size", "chunk_s"}
        )
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._diarizer: Diarizer | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load a pipeline and all its parts from one folder."""
        # The library takes seconds to import; the server has to answer before that.
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
        """Diarize chunk by chunk, and link the speakers of the chunks."""
        if self._diarizer is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        settings = read_settings(request.options, self._diarizer.batch_size)
        fitter = self.fitter(request, settings.batch_size, unit="window")
        return self._diarize(self._diarizer, settings, fitter, audio, context)

    def _diarize(
        self,
        diarizer: "Diarizer",
        settings: DiarizationSettings,
        fitter: BatchFitter,
        audio: Samples,
        context: RunContext,
    ) -> DiarizeResult:
        inference = importlib.import_module("inference")
        duration_s = len(audio) / SAMPLE_RATE
        chunks = split_recording(duration_s, settings.chunk_s)
        linker = SpeakerLinker(diarizer.min_similarity, settings.max_speakers)

        def diarize(chunk: Chunk, batch_size: int) -> ChunkTurns:
            context.check_cancelled()
            first, last = (round(at * SAMPLE_RATE) for at in (chunk.start, chunk.end))
            found: ChunkTurns = inference.diarize_chunk(
                diarizer,
                audio[first:last],
                settings.chunk_limits(len(chunks)),
                batch_size,
                lambda share: context.progress(chunk.start + share * chunk.duration_s, duration_s),
            )
            return found

        for chunk in chunks:
            linker.add(chunk, fitter.attempt(partial(diarize, chunk)))
        context.progress(duration_s, duration_s)
        linked = linker.result(duration_s)
        return DiarizeResult(
            turns=linked.turns,
            exclusive_turns=linked.exclusive_turns,
            embeddings=linked.embeddings,
            effective={**settings.effective(), "batch_size": fitter.smallest},
            warnings=(
                *settings.check_count(len({turn.speaker for turn in linked.turns})),
                *fitter.notices,
            ),
            compute_type="float32",
        )
