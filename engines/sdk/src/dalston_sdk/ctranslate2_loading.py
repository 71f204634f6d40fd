"""CTranslate2's number formats and errors, for engines whose model library is built on it.

CTranslate2 itself is imported where it is called: it is not in every engine's environment.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.wire import ErrorCode, Notice

COMPUTE_TYPES = (
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16",
    "float16", "bfloat16", "float32",
)  # fmt: skip
MAX_CPU_THREADS = 8
"""More make Whisper slower on most machines."""

_DEFAULTS = {"cpu": ("int8", "float32"), "cuda": ("float16", "float32")}
"""The formats to try on each kind of device, best first."""

_FORMAT_REFUSED = re.compile(r"compute type|NOT_SUPPORTED|not supported", re.IGNORECASE)
_DEVICE_LOST = re.compile(r"CUDA (failed|driver|unknown)|no CUDA|device-side|NVML", re.IGNORECASE)

T = TypeVar("T")


def is_device_lost(error: BaseException) -> bool:
    """Return True if an error means that CUDA no longer answers this process."""
    return not is_out_of_memory(error) and _DEVICE_LOST.search(str(error)) is not None


def try_gpu(kind: str, index: int) -> None:
    """Copy a number to the GPU.

    Raises:
        RuntimeError, ValueError: It does not work.
    """
    import ctranslate2  # noqa: PLC0415 - not in every engine's environment
    import numpy as np  # noqa: PLC0415 - as its arrays

    count = ctranslate2.get_cuda_device_count()
    if index >= count:
        raise RuntimeError(f"CUDA finds {count} GPUs")
    ctranslate2.get_supported_compute_types(kind, index)
    number = ctranslate2.StorageView.from_array(np.ones(1, dtype=np.float32))
    number.to_device(ctranslate2.Device.cuda)


def load_in_working_format(
    load: Callable[[str], T],
    failure: Callable[[Exception], EngineError],
    *,
    wanted: str | None,
    device_kind: str,
) -> tuple[T, tuple[Notice, ...]]:
    """Load a model in the first number format that works on the device.

    A format that a device lists may still fail in its first multiplication (8 bit integers on some
    GPUs), so ``load`` should run the model once.

    Args:
        load: Loads the model in a number format and tries it.
        failure: Builds the error for an exception that has nothing to do with the format.
        wanted: The format to try first; None for the best one of the device.
        device_kind: ``cpu`` or ``cuda``.

    Returns:
        The model, and a notice if formats were tried in vain.

    Raises:
        EngineError: ``invalid_request`` for an unknown format, ``model_load_failed`` if none works,
            and what ``load`` and ``failure`` raise and return.
    """
    if wanted is not None and wanted not in COMPUTE_TYPES:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"CTranslate2 has no number format {wanted}",
            hint=f"use one of {', '.join(COMPUTE_TYPES)}",
        )
    defaults = _DEFAULTS[device_kind]
    first = () if wanted is None else (wanted,)
    refusals: list[str] = []
    for compute_type in (*first, *(each for each in defaults if each != wanted)):
        try:
            model = load(compute_type)
        except EngineError:
            raise
        except Exception as error:
            if not _FORMAT_REFUSED.search(str(error)):
                raise failure(error) from error
            refusals.append(f"{compute_type} ({str(error).strip().rstrip('.')})")
            continue
        return model, _fallback_notice(refusals, compute_type)
    raise EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"no number format works on {device_kind}: {'; '.join(refusals)}",
    )


def _fallback_notice(refusals: list[str], compute_type: str) -> tuple[Notice, ...]:
    if not refusals:
        return ()
    return (
        Notice(
            code="compute_type_fallback",
            message=f"The device does not run {'; '.join(refusals)}; {compute_type} is used.",
        ),
    )
