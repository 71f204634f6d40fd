"""Loads a pipeline. Importing this module imports pyannote.audio, which takes seconds."""

import math
import pickle
import warnings
import zipfile
from dataclasses import dataclass

import torch
from campplus_files import RUNTIME_ID, CampPlusFiles, find_campplus_files
from pipeline_files import PipelineFiles, find_pipeline_files

from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.torch_device import import_torchaudio, split_device
from dalston_sdk.wire import ErrorCode, ModelRef

import_torchaudio()
with warnings.catch_warnings():
    # Audio is passed as samples; the decoder for files is not installed.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed")
    from campplus_loading import load_embedding, load_segmentation
    from campplus_pipeline import CampPlusDiarization
    from pyannote.audio.core.model import Model
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization

_CPU_BATCH_SIZE = 8
"""On a CPU larger batches take more memory and are no faster."""

_CAMPPLUS_BATCH_SIZE = 32
_CAMPPLUS_CPU_BATCH_SIZE = 2
"""Larger batches do not fit into the caches: 8 windows take a quarter more time than 4 times 2."""

_DAMAGED = (
    *(RuntimeError, ValueError, KeyError, AttributeError, TypeError, ImportError, OSError),
    *(EOFError, IndexError, pickle.UnpicklingError, zipfile.BadZipFile),
)
"""What the library raises for weights that are damaged or of another kind."""


class _NoPlda(PLDA):  # type: ignore[misc] # the library has no types
    """A placeholder: the library requires a PLDA even if its clustering uses none."""

    def __init__(self) -> None:
        """Nothing to load."""


@dataclass(frozen=True, kw_only=True)
class Diarizer:
    """A loaded pipeline.

    Attributes:
        pipeline: The library's pipeline.
        batch_size: Default number of windows that go through a model together.
        min_similarity: Two embeddings with at least this cosine are of the same speaker.
    """

    pipeline: SpeakerDiarization
    batch_size: int
    min_similarity: float


def load_diarizer(model: ModelRef, device: str) -> Diarizer:
    """Load a pipeline.

    Args:
        model: The weights; ``path`` is a folder with ``config.yaml`` and what it names, or the one
            of segmentation-3.0 and CAM++.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed`` or ``out_of_memory``.
    """
    files: PipelineFiles | CampPlusFiles
    if model.runtime_id == RUNTIME_ID:
        files = find_campplus_files(model)
    else:
        files = find_pipeline_files(model)
    try:
        pipeline = _build(files) if isinstance(files, PipelineFiles) else _build_campplus(files)
        kind, index = split_device(device)
        pipeline.to(torch.device(kind, index) if kind != "cpu" else torch.device(kind))
        min_similarity = _similarity(pipeline.clustering.threshold)
    except _DAMAGED as error:
        if is_out_of_memory(error):
            raise
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{files.folder} cannot be loaded: {reason}",
            hint="check the files with: dalston models verify MODEL",
        ) from error
    batch_size = pipeline.embedding_batch_size
    if device == "cpu":
        own = isinstance(files, CampPlusFiles)
        batch_size = min(batch_size, _CAMPPLUS_CPU_BATCH_SIZE if own else _CPU_BATCH_SIZE)
    return Diarizer(
        pipeline=pipeline,
        batch_size=batch_size,
        min_similarity=min_similarity,
    )


def _build(files: PipelineFiles) -> SpeakerDiarization:
    """Build the pipeline from loaded files.

    It gets no paths: words in a path, such as ``wespeaker``, would make the library take the
    embedding for another library's, and it would look up missing parts on the hub.
    """
    plda = _NoPlda()
    if files.plda is not None:
        plda = PLDA.from_pretrained(files.plda)
    pipeline = SpeakerDiarization(
        segmentation=Model.from_pretrained(files.segmentation, strict=True),
        embedding=Model.from_pretrained(files.embedding, strict=True),
        plda=plda,
        clustering=files.clustering,
        **files.settings,
    )
    return pipeline.instantiate(files.thresholds)


def _build_campplus(files: CampPlusFiles) -> SpeakerDiarization:
    """Build the pipeline of segmentation-3.0 and CAM++, with the settings of pyannote's own 3.1."""
    pipeline = CampPlusDiarization(
        segmentation=load_segmentation(files.segmentation),
        segmentation_step=0.1,
        segmentation_batch_size=_CAMPPLUS_BATCH_SIZE,
        embedding=load_embedding(files.embedding),
        embedding_batch_size=_CAMPPLUS_BATCH_SIZE,
        embedding_exclude_overlap=True,
        plda=_NoPlda(),
        clustering="AgglomerativeClustering",
    )
    return pipeline.instantiate(
        {
            "segmentation": {"min_duration_off": 0.0},
            "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7},
        }
    )


def _similarity(distance: float) -> float:
    """Return the cosine of two unit vectors at this Euclidean distance."""
    return 1 - math.pow(distance, 2) / 2
