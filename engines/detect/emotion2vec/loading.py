"""Loads a model, and refuses weights that FunASR would complete with random numbers."""

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
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.submodule_import import import_submodule_only
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    require_float32,
    require_folder,
    weights_incomplete,
    weights_unusable,
)
from dalston_sdk.wire import ModelRef

_FILES = ("config.yaml", "tokens.txt", "model.pt")

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which the weights may be, nested in this order, as in FunASR's own loader."""

_PREFIXES = ("", "d2v_model.", "module.")
"""Prefixes that names of weights may have in a file; training wraps the model."""

_CONVOLUTIONS = re.compile(r"[\[\](),+*\d\s]+")


@dataclass(frozen=True, kw_only=True)
class EmotionModel:
    """A loaded model.

    Attributes:
        network: FunASR's ``Emotion2vec`` with its head, on its device.
        labels: One per output of the head; None for an output without a meaning.
        normalizes: True if each waveform has to have mean 0 and variance 1.
    """

    network: Any
    labels: tuple[str | None, ...]
    normalizes: bool


def load_model(model: ModelRef, device: str) -> EmotionModel:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder with config.yaml, tokens.txt and model.pt.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for another number format than float32.
    """
    require_float32(model, engine="emotion2vec")
    folder = require_folder(model)
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise weights_incomplete(folder, f"there is no {' and no '.join(missing)}")
    try:
        labels = _labels(folder / "tokens.txt")
        settings = _settings(folder / "config.yaml")
        network = _network(settings, len(labels))
        network.load_state_dict(_weights(folder / "model.pt", network.state_dict()), strict=True)
        network.to(device).eval()
    except EngineError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            hint = "use a smaller model: --emotion-model emotion2vec-plus-base"
            raise not_enough_memory(folder, error, hint=hint) from error
        raise loading_failed(folder, error) from error
    return EmotionModel(
        network=network, labels=labels, normalizes=bool(settings.get("normalize", False))
    )


def _labels(file: Path) -> tuple[str | None, ...]:
    lines = file.read_text(encoding="utf-8").splitlines()
    try:
        return read_labels([line for line in lines if line.strip()])
    except ValueError as error:
        raise weights_unusable(file, str(error)) from error


def _settings(file: Path) -> dict[str, Any]:
    """Read the network's settings from config.yaml.

    The library evaluates ``feature_encoder_spec`` as Python, so it is checked first.
    """
    config: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    if not isinstance(config, dict) or config.get("model") != "Emotion2vec":
        raise weights_unusable(file, "it does not describe an Emotion2vec")
    settings = config.get("model_conf")
    if not isinstance(settings, dict):
        raise weights_unusable(file, "it has no model_conf")
    convolutions = settings["modalities"]["audio"]["feature_encoder_spec"]
    if not isinstance(convolutions, str) or not _CONVOLUTIONS.fullmatch(convolutions):
        raise weights_unusable(file, "feature_encoder_spec is more than a list of numbers")
    return settings


def _network(settings: dict[str, Any], num_labels: int) -> torch.nn.Module:
    # Its imports print which optional libraries are missing.
    with contextlib.redirect_stdout(io.StringIO()):
        library = import_submodule_only("funasr.models.emotion2vec.model")
    network: torch.nn.Module = library.Emotion2vec(model_conf=settings, vocab_size=num_labels)
    return network


def _weights(file: Path, expected: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the network's weights; the file's others are left from training."""
    content: Any = torch.load(
        file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
    )
    for name in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict):
        raise weights_unusable(file, "there are no weights in it")
    found = {}
    for name, weight in expected.items():
        names = (prefix + name for prefix in _PREFIXES if prefix + name in content)
        if (key := next(names, None)) is not None:
            if content[key].shape != weight.shape:
                shapes = f"{tuple(content[key].shape)} and not {tuple(weight.shape)}"
                raise weights_unusable(file, f"{key} has the shape {shapes}")
            found[name] = content[key]
    missing = [name for name in expected if name not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise weights_unusable(file, f"there is no {missing[0]}{more} in it")
    return found
