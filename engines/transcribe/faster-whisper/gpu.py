"""Whether the GPU answers, and how much of its memory this process holds."""

import os
from contextlib import suppress

import ctranslate2
import numpy as np
import pynvml

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

_MIB = 1024 * 1024


def split_device(device: str) -> tuple[str, int]:
    """``cuda:1`` as its kind and number."""
    kind, _, index = device.partition(":")
    return kind, int(index or 0)


def check_gpu(device: str) -> str:
    """Copy a number to the GPU and return the device's exact name.

    Raises:
        EngineError: ``device_lost``: there is no such GPU, or it does not answer.
    """
    kind, index = split_device(device)
    try:
        count = ctranslate2.get_cuda_device_count()
        if index < count:
            ctranslate2.get_supported_compute_types(kind, index)
            number = ctranslate2.StorageView.from_array(np.ones(1, dtype=np.float32))
            number.to_device(ctranslate2.Device.cuda)
    except (RuntimeError, ValueError) as error:
        raise _lost(device, str(error)) from error
    if index >= count:
        raise _lost(device, f"CUDA finds {count} GPUs")
    return f"{kind}:{index}"


def held_vram_mb(device: str) -> float | None:
    """Memory of this process on the GPU; None where the driver does not tell."""
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(split_device(device)[1])
            for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
                if process.pid == os.getpid() and process.usedGpuMemory is not None:
                    return float(process.usedGpuMemory) / _MIB
        finally:
            pynvml.nvmlShutdown()
    return None


def _lost(device: str, reason: str) -> EngineError:
    return EngineError(
        ErrorCode.DEVICE_LOST,
        f"{device} was asked for and does not answer: {reason}",
        hint="see what the driver says with nvidia-smi, or use --device cpu",
    )
