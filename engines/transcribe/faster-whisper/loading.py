"""Brings a Whisper model into memory: files are checked first, number formats tried."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef, Notice

COMPUTE_TYPES = (
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16",
    "float16", "bfloat16", "float32",
)  # fmt: skip
_CPU_LADDER = ("int8", "float32")
_GPU_LADDER = ("float16", "float32")
_TRIAL_FRAMES = 100
_MAX_CPU_THREADS = 8
"""More make Whisper slower on most machines."""

_FORMAT_REFUSED = re.compile(r"compute type|NOT_SUPPORTED|not supported", re.IGNORECASE)
_OUT_OF_MEMORY = re.compile(r"out of memory|ALLOC_FAILED|bad_alloc|cannot allocate", re.IGNORECASE)
_DEVICE_LOST = re.compile(r"CUDA (failed|driver|unknown)|no CUDA|device-side|NVML", re.IGNORECASE)


def is_out_of_memory(error: Exception) -> bool:
    """Whether CTranslate2's plain RuntimeError means that memory ran out."""
    return isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)) is not None


def is_device_lost(error: Exception) -> bool:
    """Whether CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def load_whisper(
    model: ModelRef, *, kind: str, index: int
) -> tuple[WhisperModel, tuple[Notice, ...]]:
    """The loaded model, and a notice where another number format than asked for is in force.

    A format that the device lists may still fail in its first multiplication (8 bit integers on
    some GPUs), so each is tried with a little silence before it counts.

    Args:
        model: The weights; ``path`` is a folder in CTranslate2's format.
        kind: ``cpu`` or ``cuda``.
        index: Which GPU; 0 for the CPU.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, ``device_lost``,
            or ``invalid_request`` for an unknown number format.
    """
    folder = _checked_folder(model)
    ladder = _ladder(model.compute_type, kind)
    refusals: list[str] = []
    for compute_type in ladder:
        try:
            whisper = _load(folder, compute_type, kind, index)
        except EngineError:
            raise
        except Exception as error:
            if not _FORMAT_REFUSED.search(str(error)):
                raise _failure(folder, error) from error
            refusals.append(f"{compute_type} ({str(error).strip().rstrip('.')})")
            continue
        return whisper, _notices(refusals, compute_type)
    raise EngineError(
        ErrorCode.MODEL_LOAD_FAILED, f"no number format works on {kind}: {'; '.join(refusals)}"
    )


def _checked_folder(model: ModelRef) -> Path:
    """The model's folder, with every file that the library would otherwise look for on the hub."""
    pull = f"dalston models pull faster-whisper-{model.runtime_id}"
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint=pull,
        )
    missing = [
        name
        for name in ("config.json", "model.bin", "tokenizer.json")
        if not (folder / name).is_file()
    ]
    if not any(folder.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise EngineError(
            ErrorCode.MODEL_MISSING, f"{folder} lacks {', '.join(missing)}", hint=pull
        )
    try:
        # The library ignores a preprocessor's settings that it cannot read, and hears noise.
        for file in folder.glob("*.json"):
            json.loads(file.read_bytes())
    except ValueError as error:
        raise _failure(folder, error) from error
    return folder


def _ladder(wanted: str | None, kind: str) -> Sequence[str]:
    fallback = _CPU_LADDER if kind == "cpu" else _GPU_LADDER
    if wanted is None:
        return fallback
    if wanted not in COMPUTE_TYPES:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{wanted} is no number format of CTranslate2's",
            hint=f"use one of {', '.join(COMPUTE_TYPES)}",
        )
    return (wanted, *(other for other in fallback if other != wanted))


def _load(folder: Path, compute_type: str, kind: str, index: int) -> WhisperModel:
    whisper = WhisperModel(
        str(folder),
        device=kind,
        device_index=index,
        compute_type=compute_type,
        cpu_threads=_cpu_threads(),
        local_files_only=True,
    )
    hears = whisper.feature_extractor.mel_filters.shape[0]
    if hears != whisper.model.n_mels:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} needs {whisper.model.n_mels} mel bands, its preprocessor_config.json "
            f"{'says' if (folder / 'preprocessor_config.json').is_file() else 'is missing, so'} "
            f"{hears}",
            hint="dalston models verify",
        )
    silence = np.zeros((1, whisper.model.n_mels, _TRIAL_FRAMES), dtype=np.float32)
    start = whisper.hf_tokenizer.token_to_id("<|startoftranscript|>")
    encoded = whisper.model.encode(ctranslate2.StorageView.from_array(silence))
    whisper.model.generate(encoded, [[start]], max_length=4, beam_size=1)
    return whisper


def _cpu_threads() -> int:
    """As many as OMP_NUM_THREADS says, else as this process may use."""
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if said.isdigit() and int(said) > 0:
        return int(said)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, _MAX_CPU_THREADS)


def _failure(folder: Path, error: Exception) -> EngineError:
    if is_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {folder.name}: {error}",
            hint="use a smaller model, or --compute-type int8",
        )
    if is_device_lost(error):
        return EngineError(ErrorCode.DEVICE_LOST, f"the GPU does not answer: {error}")
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{folder} cannot be loaded: {error}",
        hint="dalston models verify",
    )


def _notices(refusals: Sequence[str], compute_type: str) -> tuple[Notice, ...]:
    if not refusals:
        return ()
    return (
        Notice(
            code="compute_type_fallback",
            message=f"The device does not run {'; '.join(refusals)}; {compute_type} is used.",
        ),
    )
