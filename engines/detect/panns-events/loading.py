"""Brings a model into memory; nothing is downloaded, and no file is ever written."""

import importlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from labels import NUM_LABELS, read_labels
from stand_ins import put_stand_ins

from dalston_sdk.errors import EngineError
from dalston_sdk.submodule_import import import_submodule_only
from dalston_sdk.torch_device import is_torch_out_of_memory
from dalston_sdk.wire import ErrorCode, ModelRef

_LABELS = "class_labels_indices.csv"

_SPECTRUM = {
    "sample_rate": 32_000,
    "window_size": 1024,
    "hop_size": 320,
    "mel_bins": 64,
    "fmin": 50,
    "fmax": 14_000,
}
"""What the weights were trained with; https://github.com/qiuqiangkong/audioset_tagging_cnn."""


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A loaded model.

    Attributes:
        model: The library's ``Cnn14_DecisionLevelMax``, on its device.
        names: Of the 527 sounds, in the order of its answer.
    """

    model: Any
    names: tuple[str, ...]


def load_detector(model: ModelRef, device: str) -> Detector:
    """The loaded model.

    Args:
        model: The weights; ``path`` is a folder with one .pth file and AudioSet's list of names.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for another number format than float32.
    """
    if model.compute_type not in {None, "float32"}:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"panns-events computes in float32, and not in {model.compute_type}",
            hint="leave --compute-type out for this stage",
        )
    folder, checkpoint = _files(model)
    try:
        names = read_labels(folder / _LABELS)
    except (ValueError, OSError) as error:
        raise _unusable(folder / _LABELS, str(error)) from error
    try:
        weights = _weights(checkpoint)
        network = _network()
        network.load_state_dict(weights)
        network.to(device).eval()
    except EngineError:
        raise
    except Exception as error:
        raise _failure(checkpoint, error) from error
    return Detector(model=network, names=names)


def _files(model: ModelRef) -> tuple[Path, Path]:
    """The folder, and the one checkpoint in it."""
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint="see which there are with: dalston models list",
        )
    checkpoints = sorted(folder.glob("*.pth"))
    missing = [] if len(checkpoints) == 1 else [f"one .pth file but {len(checkpoints)}"]
    if not (folder / _LABELS).is_file():
        missing.append(f"no {_LABELS}")
    if missing:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} is not complete: there is not {' and '.join(missing)}",
            hint=f"dalston models pull {folder.name}",
        )
    return folder, checkpoints[0]


def _network() -> torch.nn.Module:
    put_stand_ins()
    # The package itself would download the names into the home folder, and its classes would
    # download weights over any checkpoint below 300 MB.
    library = import_submodule_only("panns_inference.models")
    network: torch.nn.Module = library.Cnn14_DecisionLevelMax(**_SPECTRUM, classes_num=NUM_LABELS)
    return network


def _weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The weights in the file; whatever else is in it may be numbers, and no code."""
    try:
        with torch.serialization.safe_globals(_numpy_globals()):
            held: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise _unusable(checkpoint, "it holds more than weights, or is damaged") from error
    weights = held.get("model") if isinstance(held, dict) else None
    if not isinstance(weights, dict):
        raise _unusable(checkpoint, "there are no weights under 'model'")
    return weights


def _numpy_globals() -> list[Any]:
    """What NumPy's own numbers and arrays need, by the names that NumPy 1 and 2 give them."""
    inner = importlib.import_module("numpy._core.multiarray")
    kinds = {type(np.dtype(code)) for code in "?bBhHiIlLqQefd"}
    functions = ("_reconstruct", "scalar")
    old = [(getattr(inner, name), f"numpy.core.multiarray.{name}") for name in functions]
    new = [(getattr(inner, name), f"numpy._core.multiarray.{name}") for name in functions]
    return [*old, *new, np.ndarray, np.dtype, *kinds]


def _unusable(file: Path, problem: str) -> EngineError:
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be used: {problem}",
        hint=f"dalston models verify {file.parent.name}",
    )


def _failure(checkpoint: Path, error: Exception) -> EngineError:
    if is_torch_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {checkpoint.parent.name}, which takes 1.2 GB",
            hint="use --device cpu, or close what else needs memory",
        )
    lines = [line.strip() for line in str(error).strip().splitlines()]
    problem = " ".join(lines[:2]) if lines else type(error).__name__
    return _unusable(checkpoint, problem)
