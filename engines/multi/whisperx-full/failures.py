"""Turns exceptions of CTranslate2 and PyTorch, often plain RuntimeErrors, into engine errors."""

import re
from pathlib import Path

from bundle import cannot_load

from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.wire import ErrorCode

_DEVICE_LOST = re.compile(
    r"CUDA (failed|driver|unknown|error)|no CUDA|device-side|NVML", re.IGNORECASE
)


def is_device_lost(error: BaseException) -> bool:
    """Return True if CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def device_lost(device: str, error: BaseException) -> EngineError:
    """Build the error for a GPU that does not answer any more."""
    return EngineError(ErrorCode.DEVICE_LOST, f"{device} does not answer any more: {error}")


def load_failure(folder: Path, error: BaseException, device: str) -> EngineError:
    """Build the error for a part that could not be loaded."""
    if is_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {folder}: {error}",
            hint="use a smaller model",
            is_final=True,
        )
    if device != "cpu" and is_device_lost(error):
        return device_lost(device, error)
    return cannot_load(folder, error)
