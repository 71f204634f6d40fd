"""Brings a model into memory: its files are found first, and never on the hub."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import onnxruntime as rt
from capabilities import Capabilities, capabilities_of
from gpu import PROVIDER, lost, split_device
from onnx_asr.adapters import TextResultsAsrAdapter
from onnx_asr.loader import AsrNames, AsrTypeNames, Manager, create_asr_resolver
from onnx_asr.models.kaldi import KaldiTransducer
from onnx_asr.models.whisper import WhisperOrt
from onnx_asr.resolver import Resolver
from private_api import try_encoder

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef, Notice

_SUFFIXES = {"float32": None, "float16": "fp16", "int8": "int8"}
"""Our names of number formats, and what the files of each have in their names."""
_CPU_LADDER = ("int8", "float32", "float16")
_GPU_LADDER = ("float16", "float32", "int8")

_OUT_OF_MEMORY = re.compile(
    r"out of memory|Failed to allocate memory|ALLOC_FAILED|bad_alloc", re.IGNORECASE
)
_DEVICE_LOST = re.compile(r"CUDA failure|CUDNN failure|CUBLAS failure|no CUDA", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """A loaded model.

    Attributes:
        adapter: The library's front, which takes samples.
        capabilities: What the model can do.
        compute_type: The number format of its files.
        warnings: What the user should know about it.
    """

    adapter: TextResultsAsrAdapter
    capabilities: Capabilities
    compute_type: str
    warnings: tuple[Notice, ...]


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of ONNX Runtime's means that memory ran out."""
    return isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)) is not None


def is_device_lost(error: Exception) -> bool:
    """Whether CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def load_recogniser(model: ModelRef, device: str) -> Recogniser:
    """The loaded model.

    Args:
        model: The weights; ``path`` is a folder in the layout of the model's family.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, ``device_lost``,
            or ``invalid_request`` for an unknown number format.
    """
    folder = _folder(model)
    # Somebody's own model is of the kind that its config.json names.
    known = model.runtime_id in (*get_args(AsrNames), *get_args(AsrTypeNames))
    name = model.runtime_id if known else None
    try:
        resolver = create_asr_resolver(name, folder, offline=True)
    except FileNotFoundError as error:
        raise _missing(folder, str(error)) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _failure(folder, error, device) from error
    if resolver.model_type is WhisperOrt:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} is a Whisper exported with its search, which this engine does not load",
            hint="use an export by optimum, such as onnx-community/whisper-base",
        )
    if resolver.model_type is not KaldiTransducer and not (folder / "config.json").is_file():
        # The library would take the features of another version of the model, and hear noise.
        raise _missing(folder, "File 'config.json' not found")
    compute_type = _compute_type(resolver, model, device)
    try:
        adapter = _manager(device).create_asr(
            name, folder, quantization=_SUFFIXES[compute_type], offline=True
        )
        try_encoder(adapter.asr)
    except Exception as error:
        raise _failure(folder, error, device) from error
    _check_provider(adapter.asr, device)
    return Recogniser(
        adapter=adapter,
        capabilities=capabilities_of(model.runtime_id, adapter.asr),
        compute_type=compute_type,
        warnings=_slow_on_gpu(compute_type, device),
    )


def _folder(model: ModelRef) -> Path:
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint="see which there are with: dalston models list",
        )
    return folder


def _compute_type(resolver: Resolver[Any], model: ModelRef, device: str) -> str:
    """The number format asked for, else the best one that lies in the folder."""
    wanted = model.compute_type
    if wanted is not None and wanted not in _SUFFIXES:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{wanted} is no number format of ONNX files'",
            hint=f"use one of {', '.join(_SUFFIXES)}",
        )
    ladder = _CPU_LADDER if device == "cpu" else _GPU_LADDER
    problems = {each: _problem(resolver, each) for each in ladder}
    here = [each for each, problem in problems.items() if problem is None]
    folder = Path(model.path or "")
    if not here:
        raise _missing(folder, problems[wanted or "float32"] or "")
    if wanted is not None and wanted not in here:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} has the weights as {', '.join(here)}, and not as {wanted}",
            hint=f"leave --compute-type out, or use --compute-type {here[0]}",
        )
    return wanted or here[0]


def _problem(resolver: Resolver[Any], compute_type: str) -> str | None:
    """What is missing of the files in a number format; None where they are all there."""
    try:
        resolver.resolve_model(quantization=_SUFFIXES[compute_type])
    except OSError as error:  # the library's own errors of this kind are OSErrors, too
        return str(error)
    return None


def _manager(device: str) -> Manager:
    options = rt.SessionOptions()
    options.intra_op_num_threads = _cpu_threads()
    options.log_severity_level = 3  # errors; what is wrong comes as an exception anyway
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu":
        # Else the memory pool grows by powers of two.
        arena = {"device_id": split_device(device)[1], "arena_extend_strategy": "kSameAsRequested"}
        providers.insert(0, (PROVIDER, arena))
    return Manager(options, providers)


def _cpu_threads() -> int:
    """As many as OMP_NUM_THREADS says, else as this process may use."""
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if said.isdigit() and int(said) > 0:
        return int(said)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return usable or 1


def _check_provider(recogniser: object, device: str) -> None:
    """ONNX Runtime goes on on the CPU where a GPU fails, and only warns."""
    if device == "cpu":
        return
    for part in vars(recogniser).values():
        if isinstance(part, rt.InferenceSession) and part.get_providers()[0] != PROVIDER:
            raise lost(device, "ONNX Runtime could not use it and took the CPU")


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


def _missing(folder: Path, problem: str) -> EngineError:
    return EngineError(
        ErrorCode.MODEL_MISSING,
        f"{folder} is not complete: {problem.rstrip('.')}",
        hint=f"dalston models pull {folder.name}",
    )


def _failure(folder: Path, error: Exception, device: str) -> EngineError:
    if is_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {folder.name}: {error}",
            hint="use a smaller model, or one with int8 weights",
        )
    if is_device_lost(error):
        return lost(device, str(error))
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{folder} cannot be loaded: {_first_line(error)}",
        hint=f"dalston models verify {folder.name}",
    )


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
