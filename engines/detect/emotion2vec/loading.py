"""Brings a model into memory, and refuses what FunASR would fill up with random weights."""

import contextlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from labels import read_labels
from omegaconf import OmegaConf

from dalston_sdk.errors import EngineError
from dalston_sdk.submodule_import import import_submodule_only
from dalston_sdk.torch_device import is_torch_out_of_memory
from dalston_sdk.wire import ErrorCode, ModelRef

_FILES = ("config.yaml", "tokens.txt", "model.pt")

_AROUND = ("state_dict", "model_state_dict", "model")
"""Weights may lie under these, one in the other; as FunASR's own loader has it."""

_PREFIXES = ("", "d2v_model.", "module.")
"""What the names of weights may begin with in a file; training wraps the model."""

_CONVOLUTIONS = re.compile(r"[\[\](),+*\d\s]+")


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """A loaded model.

    Attributes:
        model: FunASR's ``Emotion2vec``, on its device, with its head.
        labels: Per place in its answer; None where the place means nothing.
        normalises: Whether it wants each waveform with mean 0 and variance 1.
    """

    model: Any
    labels: tuple[str | None, ...]
    normalises: bool


def load_recogniser(model: ModelRef, device: str) -> Recogniser:
    """The loaded model.

    Args:
        model: The weights; ``path`` is a folder with config.yaml, tokens.txt and model.pt.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for another number format than float32.
    """
    if model.compute_type not in {None, "float32"}:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"emotion2vec computes in float32, and not in {model.compute_type}",
            hint="leave --compute-type out for this stage",
        )
    folder = _folder(model)
    try:
        labels = _labels(folder / "tokens.txt")
        settings = _settings(folder / "config.yaml")
        network = _network(settings, len(labels))
        network.load_state_dict(_weights(folder / "model.pt", network.state_dict()), strict=True)
        network.to(device).eval()
    except EngineError:
        raise
    except Exception as error:
        raise _failure(folder, error) from error
    return Recogniser(
        model=network, labels=labels, normalises=bool(settings.get("normalize", False))
    )


def _folder(model: ModelRef) -> Path:
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint="see which there are with: dalston models list",
        )
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} is not complete: there is no {' and no '.join(missing)}",
            hint=f"dalston models pull {folder.name}",
        )
    return folder


def _labels(file: Path) -> tuple[str | None, ...]:
    lines = file.read_text(encoding="utf-8").splitlines()
    try:
        return read_labels([line for line in lines if line.strip()])
    except ValueError as error:
        raise _unusable(file, str(error)) from error


def _settings(file: Path) -> dict[str, Any]:
    """What config.yaml says about the network.

    The library evaluates one of its texts as Python, so that one is looked at first.
    """
    config: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    if not isinstance(config, dict) or config.get("model") != "Emotion2vec":
        raise _unusable(file, "it does not describe an Emotion2vec")
    settings = config.get("model_conf")
    if not isinstance(settings, dict):
        raise _unusable(file, "it has no model_conf")
    convolutions = settings["modalities"]["audio"]["feature_encoder_spec"]
    if not isinstance(convolutions, str) or not _CONVOLUTIONS.fullmatch(convolutions):
        raise _unusable(file, "feature_encoder_spec is more than a list of numbers")
    return settings


def _network(settings: dict[str, Any], num_labels: int) -> torch.nn.Module:
    # Its imports say to standard output what they could not find, which is not needed here.
    with contextlib.redirect_stdout(io.StringIO()):
        library = import_submodule_only("funasr.models.emotion2vec.model")
    network: torch.nn.Module = library.Emotion2vec(model_conf=settings, vocab_size=num_labels)
    return network


def _weights(file: Path, wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every weight that the network wants; the file's others are those of its training."""
    held: Any = torch.load(
        file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
    )
    for name in _AROUND:
        if isinstance(held, dict) and isinstance(held.get(name), dict):
            held = held[name]
    if not isinstance(held, dict):
        raise _unusable(file, "there are no weights in it")
    found = {}
    for name, weight in wanted.items():
        names = (prefix + name for prefix in _PREFIXES if prefix + name in held)
        if (key := next(names, None)) is not None:
            if held[key].shape != weight.shape:
                shapes = f"{tuple(held[key].shape)} and not {tuple(weight.shape)}"
                raise _unusable(file, f"{key} has the shape {shapes}")
            found[name] = held[key]
    missing = [name for name in wanted if name not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise _unusable(file, f"there is no {missing[0]}{more} in it")
    return found


def _unusable(file: Path, problem: str) -> EngineError:
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be used: {problem}",
        hint=f"dalston models verify {file.parent.name}",
    )


def _failure(folder: Path, error: Exception) -> EngineError:
    if is_torch_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {folder.name}",
            hint="use a smaller model: --emotion-model emotion2vec-plus-base",
        )
    lines = str(error).strip().splitlines()
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{folder} cannot be loaded: {lines[0] if lines else type(error).__name__}",
        hint=f"dalston models verify {folder.name}",
    )
