"""Loads a model; nothing is downloaded and no file is written."""

import importlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from labels import NUM_LABELS, read_labels
from stub_modules import install_stubs

from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.submodule_import import import_submodule_only
from dalston_sdk.weights import (
    not_enough_memory,
    require_float32,
    require_folder,
    weights_incomplete,
    weights_unusable,
)
from dalston_sdk.wire import ModelRef

_LABELS = "class_labels_indices.csv"

_SPECTRUM = {
    "sample_rate": 32_000,
    "window_size": 1024,
    "hop_size": 320,
    "mel_bins": 64,
    "fmin": 50,
    "fmax": 14_000,
}
"""The spectrogram that the weights were trained with; https://github.com/qiuqiangkong/audioset_tagging_cnn."""


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A loaded model.

    Attributes:
        model: The library's ``Cnn14_DecisionLevelMax``, on its device.
        names: Names of the 527 sounds, in the order of its outputs.
    """

    model: Any
    names: tuple[str, ...]


def load_detector(model: ModelRef, device: str) -> Detector:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder with one .pth file and AudioSet's list of names.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for another number format than float32.
    """
    require_float32(model, engine="panns-events")
    folder, checkpoint = _files(model)
    try:
        names = read_labels(folder / _LABELS)
    except (ValueError, OSError) as error:
        raise weights_unusable(folder / _LABELS, str(error)) from error
    try:
        weights = _weights(checkpoint)
        network = _network()
        network.load_state_dict(weights)
        network.to(device).eval()
    except EngineError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            hint = "it takes 1.2 GB: use --device cpu, or close what else needs memory"
            raise not_enough_memory(folder, error, hint=hint) from error
        raise weights_unusable(checkpoint, _summary(error)) from error
    return Detector(model=network, names=names)


def _files(model: ModelRef) -> tuple[Path, Path]:
    """Return the model's folder and the one checkpoint in it."""
    folder = require_folder(model)
    checkpoints = sorted(folder.glob("*.pth"))
    missing = [] if len(checkpoints) == 1 else [f"one .pth file but {len(checkpoints)}"]
    if not (folder / _LABELS).is_file():
        missing.append(f"no {_LABELS}")
    if missing:
        raise weights_incomplete(folder, f"there is not {' and '.join(missing)}")
    return folder, checkpoints[0]


def _network() -> torch.nn.Module:
    install_stubs()
    # The package itself would download the names into the home folder, and its classes would
    # download weights over any checkpoint below 300 MB.
    library = import_submodule_only("panns_inference.models")
    network: torch.nn.Module = library.Cnn14_DecisionLevelMax(**_SPECTRUM, classes_num=NUM_LABELS)
    return network


def _weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Read the weights; the file may hold numbers besides, but no code."""
    try:
        with torch.serialization.safe_globals(_numpy_globals()):
            content: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise weights_unusable(checkpoint, "it holds more than weights, or is damaged") from error
    weights = content.get("model") if isinstance(content, dict) else None
    if not isinstance(weights, dict):
        raise weights_unusable(checkpoint, "there are no weights under 'model'")
    return weights


def _numpy_globals() -> list[Any]:
    """Return the globals of NumPy's numbers and arrays, under the names of NumPy 1 and 2."""
    inner = importlib.import_module("numpy._core.multiarray")
    kinds = {type(np.dtype(code)) for code in "?bBhHiIlLqQefd"}
    functions = ("_reconstruct", "scalar")
    old = [(getattr(inner, name), f"numpy.core.multiarray.{name}") for name in functions]
    new = [(getattr(inner, name), f"numpy._core.multiarray.{name}") for name in functions]
    return [*old, *new, np.ndarray, np.dtype, *kinds]


def _summary(error: Exception) -> str:
    """Return the first two lines of a message: PyTorch's names what is wrong in the second."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    return " ".join(lines[:2]) if lines else type(error).__name__
