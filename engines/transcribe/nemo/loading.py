"""Brings a ``.nemo`` file into memory; the library finds out by itself of which class it is."""

import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

import torch
from archives import unpack_with_any_python
from nemo.collections.asr import models
from nemo.core.classes import ModelPT
from nemo.utils import logging

from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import is_torch_out_of_memory, split_device
from dalston_sdk.wire import ErrorCode, ModelRef

DTYPES = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Our names of number formats, and what PyTorch computes in; weights stay as they are."""

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
    """A model in memory.

    Attributes:
        name: What the library calls it.
        network: The library's own object.
        device: Where it is, ``cpu`` or ``cuda:N``.
        compute_type: The number format in force.
    """

    name: str
    network: ModelPT
    device: str
    compute_type: str

    @property
    def hears_speakers(self) -> bool:
        """Whether it tells speakers apart, and does not write down what they say."""
        return isinstance(self.network, models.SortformerEncLabelModel)

    def computing(self) -> torch.autocast:
        """A context in which PyTorch computes in this number format."""
        dtype = DTYPES[self.compute_type]
        kind = split_device(self.device)[0]
        return torch.autocast(kind, dtype=dtype, enabled=dtype is not None)


def load_model(model: ModelRef, device: str) -> Loaded:
    """The loaded model, ready to be asked.

    Args:
        model: The weights; ``path`` is a ``.nemo`` file or a folder that holds one.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for an unknown number format.
    """
    logging.setLevel(logging.ERROR)
    unpack_with_any_python()
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
            f"{file} holds a {type(network).__name__}, with which this engine can do nothing",
            hint="see which models there are with: dalston models list",
        )
    network.eval().freeze()
    # Noise against the bits of training, and lengths that fit training's GPUs.
    network.preprocessor.featurizer.dither = 0.0
    network.preprocessor.featurizer.pad_to = 0
    return Loaded(name=model.runtime_id, network=network, device=device, compute_type=compute_type)


def _compute_type(wanted: str | None, device: str) -> str:
    known = [name for name in DTYPES if device != "cpu" or name != "float16"]
    if wanted is not None and wanted not in known:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{wanted} is no number format that this engine computes in on {device}",
            hint=f"use one of {', '.join(known)}",
        )
    return wanted or "float32"


def _file(model: ModelRef) -> Path:
    place = Path(model.path) if model.path is not None else None
    if place is None or not place.exists():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint="see which there are with: dalston models list",
        )
    if place.is_file():
        return place
    found = sorted(place.glob("*.nemo"))
    if len(found) != 1:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{place} holds {len(found)} files named *.nemo; one is needed",
            hint=f"dalston models pull {place.name}",
        )
    return found[0]


def _check_archive(file: Path) -> None:
    """Say in words what is wrong with a file that the library would fail on in many ways."""
    try:
        with tarfile.open(file) as archive:
            names = {Path(name).name: name for name in archive.getnames()}
            config = archive.extractfile(names[_CONFIG]) if _CONFIG in names else None
            text = config.read().decode("utf-8", "replace") if config is not None else ""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _failure(file, error) from error
    if not _TARGET.search(text):
        raise _failure(file, ValueError(f"it has no {_CONFIG} that names a kind of model"))


def _failure(file: Path, error: Exception) -> EngineError:
    if is_torch_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {file.name}",
            hint="use a smaller model, or --device cpu",
        )
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be loaded: {lines[0]}",
        hint=f"dalston models verify {file.parent.name}",
    )
