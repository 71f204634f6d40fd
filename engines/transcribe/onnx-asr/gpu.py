"""Whether the GPU answers, and how much of its memory this process holds."""

import os
from contextlib import suppress

import numpy as np
import onnxruntime as rt
import pynvml

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

PROVIDER = "CUDAExecutionProvider"
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
    if PROVIDER not in rt.get_available_providers():
        raise lost(device, "this build of ONNX Runtime has no CUDA")
    try:
        rt.OrtValue.ortvalue_from_numpy(np.ones(1, dtype=np.float32), kind, index)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise lost(device, f"{reason}; it needs CUDA 12 and cuDNN 9") from error
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


def lost(device: str, reason: str) -> EngineError:
    """The error of a GPU that was asked for and is not there."""
    return EngineError(
        ErrorCode.DEVICE_LOST,
        f"{device} was asked for and does not answer: {reason}",
        hint="see what the driver says with nvidia-smi, or use --device cpu",
    )
