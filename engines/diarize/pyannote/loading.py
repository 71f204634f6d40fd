"""Brings a pipeline into memory. Importing this imports pyannote.audio, which takes seconds."""

import math
import pickle
import warnings
import zipfile
from dataclasses import dataclass

import torch
from parts import Parts, find_parts

from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import import_torchaudio, is_torch_out_of_memory, split_device
from dalston_sdk.wire import ErrorCode, ModelRef

import_torchaudio()
with warnings.catch_warnings():
    # Audio is handed over as samples, and what would decode files is not installed.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed")
    from pyannote.audio.core.model import Model
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization

_CPU_BATCH_SIZE = 8
"""On a CPU more windows together take more memory and are no faster."""

_DAMAGED = (
    *(RuntimeError, ValueError, KeyError, AttributeError, TypeError, ImportError, OSError),
    *(EOFError, IndexError, pickle.UnpicklingError, zipfile.BadZipFile),
)
"""What the library raises for weights that are damaged or something else."""


class _NoPlda(PLDA):  # type: ignore[misc] # the library has no types
    """Stands where the library wants a PLDA whether its clustering uses one or not."""

    def __init__(self) -> None:
        """Nothing to load."""


@dataclass(frozen=True, kw_only=True)
class Diarizer:
    """A loaded pipeline.

    Attributes:
        batch_size: Windows that go through a model together where nobody says otherwise.
        least_similarity: The cosine from which on two voices count as the same.
    """

    pipeline: SpeakerDiarization
    batch_size: int
    least_similarity: float


def load_diarizer(model: ModelRef, device: str) -> Diarizer:
    """The loaded pipeline.

    Args:
        model: The weights; ``path`` is a folder with ``config.yaml`` and what it names.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed`` or ``out_of_memory``.
    """
    parts = find_parts(model)
    try:
        pipeline = _build(parts)
        kind, index = split_device(device)
        pipeline.to(torch.device(kind, index) if kind != "cpu" else torch.device(kind))
        least_similarity = _similarity(pipeline.clustering.threshold)
    except _DAMAGED as error:
        if is_torch_out_of_memory(error):
            raise
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{parts.folder} cannot be loaded: {reason}",
            hint="check the files with: dalston models verify MODEL",
        ) from error
    batch_size = pipeline.embedding_batch_size
    return Diarizer(
        pipeline=pipeline,
        batch_size=min(batch_size, _CPU_BATCH_SIZE) if device == "cpu" else batch_size,
        least_similarity=least_similarity,
    )


def _build(parts: Parts) -> SpeakerDiarization:
    """The pipeline of loaded parts.

    It never sees a path of them: by words in one, such as ``wespeaker``, the library would take
    the embedding for one of another library's, and what it does not find it would look up.
    """
    plda = _NoPlda()
    if parts.plda is not None:
        plda = PLDA.from_pretrained(parts.plda)
    pipeline = SpeakerDiarization(
        segmentation=Model.from_pretrained(parts.segmentation, strict=True),
        embedding=Model.from_pretrained(parts.embedding, strict=True),
        plda=plda,
        clustering=parts.clustering,
        **parts.settings,
    )
    return pipeline.instantiate(parts.thresholds)


def _similarity(distance: float) -> float:
    """The cosine of two vectors of length 1 that are so far apart."""
    return 1 - math.pow(distance, 2) / 2
