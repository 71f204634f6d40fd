"""Loads a ``.nemo`` file; the library finds out by itself which class of model it holds."""

import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

import torch
from archives import patch_unpacking
from nemo.collections.asr import models
from nemo.core.classes import ModelPT
from nemo.utils import logging

from dalston_sdk.devices import split_device
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    weights_incomplete,
    weights_not_found,
)
from dalston_sdk.wire import ErrorCode, ModelRef

DTYPES = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Dalston's names of number formats, and what PyTorch computes in; weights are not converted."""

_CONFIG = "model_config.yaml"
_TARGET = re.compile(r"^target:\s*['\"]?([\w.]+)", re.MULTILINE)
_RECOGNISERS = (models.EncDecCTCModel, models.EncDecRNNTModel, models.EncDecMultiTaskModel)
_WITH_OTHER_PROMPTS = (
    models.EncDecHybridRNNTCTCBPEModelWithPrompt,
    models.EncDecMultiTalkerRNNTBPEModel,
    models.EncDecRNNTBPEModelWithPrompt,
)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A loaded model.

    Attributes:
        name: The library's name of the model.
        network: The library's own object.
        device: ``cpu`` or ``cuda:N``.
        compute_type: The number format in force.
    """

    name: str
    network: ModelPT
    device: str
    compute_type: str

    @property
    def is_diarizer(self) -> bool:
        """True if it diarizes; otherwise it transcribes."""
        return isinstance(self.network, models.SortformerEncLabelModel)

    def autocast(self) -> torch.autocast:
        """Return a context in which PyTorch computes in this number format."""
        dtype = DTYPES[self.compute_type]
        kind = split_device(self.device)[0]
        return torch.autocast(kind, dtype=dtype, enabled=dtype is not None)


def load_model(model: ModelRef, device: str) -> Loaded:
    """Load a model.

    Args:
        model: The weights; ``path`` is a ``.nemo`` file or a folder that holds one.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for an unknown number format.
    """
    logging.setLevel(logging.ERROR)
    patch_unpacking()
    compute_type = _compute_type(model.compute_type, device)
    file = _file(model)
    _check_archive(file)
    try:
        network = models.ASRModel.restore_from(str(file), map_location=torch.device(device))
    except Exception as error:
        raise _failure(file, error) from error
    if not isinstance(network, (*_RECOGNISERS, models.SortformerEncLabelModel)) or isinstance(
        network, _WITH_OTHER_PROMPTS
    ):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{file} holds a {type(network).__name__}, which this engine cannot use",
            hint="see which models there are with: dalston models list",
        )
    network.eval().freeze()
    # Noise and padding are for training.
    network.preprocessor.featurizer.dither = 0.0
    network.preprocessor.featurizer.pad_to = 0
    return Loaded(name=model.runtime_id, network=network, device=device, compute_type=compute_type)


def _compute_type(wanted: str | None, device: str) -> str:
    known = [name for name in DTYPES if device != "cpu" or name != "float16"]
    if wanted is not None and wanted not in known:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this engine does not compute in {wanted} on {device}",
            hint=f"use one of {', '.join(known)}",
        )
    return wanted or "float32"


def _file(model: ModelRef) -> Path:
    path = Path(model.path) if model.path is not None else None
    if path is None or not path.exists():
        raise weights_not_found(model)
    if path.is_file():
        return path
    found = sorted(path.glob("*.nemo"))
    if len(found) != 1:
        raise weights_incomplete(path, f"it holds {len(found)} files named *.nemo; one is needed")
    return found[0]


def _check_archive(file: Path) -> None:
    """Refuse a file that is not a NeMo archive; the library would fail in many different ways."""
    try:
        with tarfile.open(file) as archive:
            names = {Path(name).name: name for name in archive.getnames()}
            config = archive.extractfile(names[_CONFIG]) if _CONFIG in names else None
            text = config.read().decode("utf-8", "replace") if config is not None else ""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _failure(file, error) from error
    if not _TARGET.search(text):
        raise _failure(file, ValueError(f"it has no {_CONFIG} that names a class of model"))


def _failure(file: Path, error: Exception) -> EngineError:
    if is_out_of_memory(error):
        return not_enough_memory(file.parent, error, hint="use a smaller model, or --device cpu")
    return loading_failed(file.parent, error, file=file)
