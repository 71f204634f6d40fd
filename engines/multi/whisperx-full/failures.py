"""What the exceptions of CTranslate2 and PyTorch mean, which are often plain RuntimeErrors."""

import re
from pathlib import Path

from bundle import cannot_load

from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import is_torch_out_of_memory
from dalston_sdk.wire import ErrorCode

_OUT_OF_MEMORY = re.compile(r"out of memory|ALLOC_FAILED|bad_alloc|cannot allocate", re.IGNORECASE)
_DEVICE_LOST = re.compile(
    r"CUDA (failed|driver|unknown|error)|no CUDA|device-side|NVML", re.IGNORECASE
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the GPU or beside it."""
    return is_torch_out_of_memory(error) or _OUT_OF_MEMORY.search(str(error)) is not None


def is_device_lost(error: BaseException) -> bool:
    """Whether CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def lost(device: str, error: BaseException) -> EngineError:
    """The error of a GPU that does not answer any more."""
    return EngineError(ErrorCode.DEVICE_LOST, f"{device} does not answer any more: {error}")


def load_failure(folder: Path, error: BaseException, device: str) -> EngineError:
    """The error of a part that could not be brought into memory."""
    if is_out_of_memory(error):
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"there is not enough memory to load {folder}: {error}",
            hint="use a smaller model",
        )
    if device != "cpu" and is_device_lost(error):
        return lost(device, error)
    return cannot_load(folder, error)
