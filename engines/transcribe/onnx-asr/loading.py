"""Loads a model: its files are looked up in its folder first, and never on the hub."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnxruntime as rt
from capabilities import OnnxCapabilities, capabilities_of
from onnx_asr.adapters import TextResultsAsrAdapter
from onnx_asr.loader import AsrNames, AsrTypeNames, Manager, create_asr_resolver
from onnx_asr.models.kaldi import KaldiTransducer
from onnx_asr.models.whisper import WhisperOrt
from onnx_asr.resolver import Resolver
from private_api import encode, take_phrases, try_encoder, vocabulary_of

from dalston_sdk.devices import cpu_threads, device_lost, split_device
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.phrases import Vocabulary
from dalston_sdk.sharing import is_same_together
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    require_folder,
    weights_incomplete,
)
from dalston_sdk.wire import ErrorCode, ModelRef, Notice

_SUFFIXES = {"float32": None, "float16": "fp16", "int8": "int8"}
"""Dalston's names of number formats, and the suffix in the names of their files."""
_GPU_PROVIDER = "CUDAExecutionProvider"
_CPU_LADDER = ("int8", "float32", "float16")
_GPU_LADDER = ("float16", "float32", "int8")

_DEVICE_LOST = re.compile(r"CUDA failure|CUDNN failure|CUBLAS failure|no CUDA", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """A loaded model.

    Attributes:
        adapter: The library's public object, which takes samples.
        capabilities: What the model can do.
        compute_type: The number format of its files.
        together: True if chunks of several requests may be in one batch.
        vocabulary: Its tokens; None if it cannot be told which words to expect.
        warnings: What the user should know about it.
    """

    adapter: TextResultsAsrAdapter
    capabilities: OnnxCapabilities
    compute_type: str
    together: bool
    vocabulary: Vocabulary | None
    warnings: tuple[Notice, ...]


def is_device_lost(error: Exception) -> bool:
    """Return True if an error means that CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def try_gpu(kind: str, index: int) -> None:
    """Copy a number to the GPU.

    Raises:
        RuntimeError: It does not work; the message says why in one line.
    """
    if _GPU_PROVIDER not in rt.get_available_providers():
        raise RuntimeError("this build of ONNX Runtime has no CUDA")
    try:
        rt.OrtValue.ortvalue_from_numpy(np.ones(1, dtype=np.float32), kind, index)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise RuntimeError(f"{reason}; it needs CUDA 12 and cuDNN 9") from error


def load_recogniser(model: ModelRef, device: str) -> Recogniser:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder in the layout of the model's family.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, ``device_lost``,
            or ``invalid_request`` for an unknown number format.
    """
    folder = require_folder(model)
    # The kind of a user's own model is the one that its config.json names.
    known = model.runtime_id in (*get_args(AsrNames), *get_args(AsrTypeNames))
    name = model.runtime_id if known else None
    try:
        resolver = create_asr_resolver(name, folder, offline=True)
    except FileNotFoundError as error:
        raise weights_incomplete(folder, str(error).rstrip(".")) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _failure(folder, error, device) from error
    if resolver.model_type is WhisperOrt:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} is a Whisper exported with its search, which this engine does not load",
            hint="use an export by optimum, such as onnx-community/whisper-base",
        )
    if resolver.model_type is not KaldiTransducer and not (folder / "config.json").is_file():
        # The library would compute the features of another version of the model.
        raise weights_incomplete(folder, "File 'config.json' not found")
    compute_type = _compute_type(resolver, model, device)
    try:
        adapter = _manager(device).create_asr(
            name, folder, quantization=_SUFFIXES[compute_type], offline=True
        )
        try_encoder(adapter.asr)
        capabilities = capabilities_of(model.runtime_id, adapter.asr)
        # Canary's decoder goes on behind the end of a text until the longest one ends, Whisper's
        # windows have one length; a model of 8 bits is not the same in a batch.
        together = capabilities.times_words and is_same_together(partial(encode, adapter.asr))
    except Exception as error:
        raise _failure(folder, error, device) from error
    _check_provider(adapter.asr, device)
    if (vocabulary := vocabulary_of(adapter.asr)) is not None:
        take_phrases(adapter.asr, vocabulary)
    return Recogniser(
        adapter=adapter,
        capabilities=capabilities,
        compute_type=compute_type,
        together=together,
        vocabulary=vocabulary,
        warnings=_slow_on_gpu(compute_type, device),
    )


def _compute_type(resolver: Resolver[Any], model: ModelRef, device: str) -> str:
    """Return the number format asked for, else the best one whose files are in the folder."""
    wanted = model.compute_type
    if wanted is not None and wanted not in _SUFFIXES:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"ONNX files have no number format {wanted}",
            hint=f"use one of {', '.join(_SUFFIXES)}",
        )
    ladder = _CPU_LADDER if device == "cpu" else _GPU_LADDER
    problems = {each: _problem(resolver, each) for each in ladder}
    present = [each for each, problem in problems.items() if problem is None]
    folder = Path(model.path or "")
    if not present:
        raise weights_incomplete(folder, (problems[wanted or "float32"] or "").rstrip("."))
    if wanted is not None and wanted not in present:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} has the weights as {', '.join(present)}, and not as {wanted}",
            hint=f"leave --compute-type out, or use --compute-type {present[0]}",
        )
    return wanted or present[0]


def _problem(resolver: Resolver[Any], compute_type: str) -> str | None:
    """Return which file of a number format is missing; None if all are there."""
    try:
        resolver.resolve_model(quantization=_SUFFIXES[compute_type])
    except OSError as error:  # the library's own errors of this kind are OSErrors, too
        return str(error)
    return None


def _manager(device: str) -> Manager:
    options = rt.SessionOptions()
    options.intra_op_num_threads = cpu_threads()
    # Threads that wait would use their processors up: twice the processor time on two of them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only; failures are raised as exceptions anyway
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu":
        # By default the memory pool grows by powers of two.
        arena = {"device_id": split_device(device)[1], "arena_extend_strategy": "kSameAsRequested"}
        providers.insert(0, (_GPU_PROVIDER, arena))
    return Manager(options, providers)


def _check_provider(recogniser: object, device: str) -> None:
    """Raise if ONNX Runtime fell back to the CPU, about which it only warns."""
    if device == "cpu":
        return
    for part in vars(recogniser).values():
        if isinstance(part, rt.InferenceSession) and part.get_providers()[0] != _GPU_PROVIDER:
            raise device_lost(device, "ONNX Runtime could not use it and took the CPU")


def _slow_on_gpu(compute_type: str, device: str) -> tuple[Notice, ...]:
    if device == "cpu" or compute_type != "int8":
        return ()
    return (
        Notice(
            code="slow_on_gpu",
            message="ONNX Runtime computes 8 bit integers mostly on the CPU; "
            "the model with float32 weights is faster on a GPU.",
        ),
    )


def _failure(folder: Path, error: Exception, device: str) -> EngineError:
    if is_out_of_memory(error):
        return not_enough_memory(
            folder, error, hint="use a smaller model, or one with int8 weights"
        )
    if is_device_lost(error):
        return device_lost(device, str(error))
    return loading_failed(folder, error)
