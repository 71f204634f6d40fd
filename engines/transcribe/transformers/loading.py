"""Loads the weights of a folder in the hub's format: safetensors only, and no code of the folder's.

The class of the model is the one that its ``config.json`` names, and only if the library has it.
"""

import json
from pathlib import Path
from typing import Any

import torch
from adapter import Loaded
from families import ARCHITECTURES

from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.torch_device import import_torchaudio
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    require_folder,
    weights_incomplete,
    weights_unusable,
)
from dalston_sdk.wire import ErrorCode, ModelRef

import_torchaudio()

import transformers  # noqa: E402 - imports torchaudio

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Dalston's names of number formats, and the library's."""

ADAPTERS = "adapter.*.safetensors"
"""Files of a CTC model with an adapter for each language."""

_CONFIG = "config.json"
_MOST_SHOWN = 3


def load_model(model: ModelRef, device: str) -> Loaded:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder with a ``config.json``.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for an unknown number format.
    """
    folder = require_folder(model)
    config = _read_config(folder)
    architecture = _architecture(folder, config)
    if not any(folder.glob("*.safetensors")):
        raise weights_incomplete(folder, "it holds no *.safetensors, the one format that is read")
    compute_type = _compute_type(model.compute_type, config, device)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        processor = _load_processor(folder)
        network = _load_network(folder, architecture, DTYPES[compute_type])
        network.to(device)
    except EngineError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            hint = "use a smaller model, or --device cpu"
            raise not_enough_memory(folder, error, hint=hint) from error
        raise loading_failed(folder, error) from error
    return Loaded(
        name=model.runtime_id,
        architecture=architecture,
        network=network.eval(),
        processor=processor,
        device=device,
        compute_type=compute_type,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    file = folder / _CONFIG
    if not file.is_file():
        raise weights_incomplete(folder, f"it has no {_CONFIG}")
    try:
        config = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise weights_unusable(file, "it is no JSON") from error
    if not isinstance(config, dict):
        raise weights_unusable(file, "it is no JSON object")
    return config


def _architecture(folder: Path, config: dict[str, Any]) -> str:
    named = config.get("architectures")
    name = str(named[0]) if isinstance(named, list) and named else "no class of model"
    if name not in ARCHITECTURES:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder / _CONFIG} names {name}, which this engine cannot use",
            hint="see which models there are with: dalston models list",
        )
    if config.get("adapter_attn_dim") is not None and not any(folder.glob(ADAPTERS)):
        raise weights_incomplete(folder, f"it holds no {ADAPTERS}, one for each language")
    if config.get("has_lora_adapter", config.get("model_type") == "granite_speech"):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} has weights of the kind LoRA beside its own, which this engine cannot read",
            hint="use one that needs none, such as granite-speech-4.1-2b",
        )
    return name


def _compute_type(wanted: str | None, config: dict[str, Any], device: str) -> str:
    """Return the format asked for; else the weights' own on a GPU, and float32 on a CPU."""
    known = [name for name in DTYPES if device != "cpu" or name != "float16"]
    if wanted is not None and wanted not in known:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this engine does not compute in {wanted} on {device}",
            hint=f"use one of {', '.join(known)}",
        )
    stored = config.get("dtype", config.get("torch_dtype"))
    on_gpu = stored if stored in DTYPES else "float32"
    return wanted or ("float32" if device == "cpu" else str(on_gpu))


def _load_processor(folder: Path) -> Any:  # noqa: ANN401 - the library's
    return transformers.AutoProcessor.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )


def _load_network(folder: Path, architecture: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - the library's
    """Load the weights, and refuse files that lack some: the library would draw them at random."""
    network, report = getattr(transformers, architecture).from_pretrained(
        folder,
        dtype=dtype,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    missing = sorted(report["missing_keys"]) + sorted(map(str, report["mismatched_keys"]))
    if missing:
        shown = ", ".join(missing[:_MOST_SHOWN])
        raise weights_unusable(
            folder, f"{len(missing)} of its weights are missing or of another shape: {shown}"
        )
    return network
