"""What engines with PyTorch need of it, whichever model library they have.

PyTorch is not the SDK's own requirement: it is imported where a function needs it, in the
environments that have it.
"""

import gc
import importlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

# Engines compile nothing. PyTorch would make a folder for it all the same, and leave it there.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())

_MIB = 1024 * 1024
_CPU_ALLOCATION = "DefaultCPUAllocator: can't allocate memory"


def split_device(device: str) -> tuple[str, int]:
    """``cuda:1`` as its kind and number."""
    kind, _, index = device.partition(":")
    return kind, int(index or 0)


def check_torch_device(device: str) -> str:
    """Make a real call to the device and return its exact name, such as ``cuda:0``.

    Raises:
        EngineError: ``device_lost``: there is no such GPU, or it does not answer.
    """
    import torch  # noqa: PLC0415 - not in every engine's environment

    kind, index = split_device(device)
    if kind == "cpu":
        return "cpu"
    if torch.version.cuda is None:
        raise _lost(device, "this build of PyTorch has no CUDA")
    try:
        torch.ones(1, device=torch.device(kind, index)).item()
    except (RuntimeError, AssertionError) as error:
        raise _lost(device, str(error).strip().splitlines()[0]) from error
    return f"{kind}:{index}"


def held_vram_mb(device: str) -> float | None:
    """Memory that PyTorch holds on the GPU for this process; None on a CPU."""
    kind, index = split_device(device)
    if kind == "cpu":
        return None
    import torch  # noqa: PLC0415 - not in every engine's environment

    return float(torch.cuda.memory_reserved(index)) / _MIB


def is_torch_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out, on the GPU or beside it."""
    import torch  # noqa: PLC0415 - not in every engine's environment

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or _CPU_ALLOCATION in str(error)


def release_memory(device: str) -> None:
    """Give back what dropped models held; call it after the last reference is gone."""
    gc.collect()
    kind, index = split_device(device)
    if kind != "cpu":
        import torch  # noqa: PLC0415 - not in every engine's environment

        torch.cuda.synchronize(index)
        torch.cuda.empty_cache()


def import_torchaudio() -> None:
    """Import torchaudio without its compiled extension; call it before anything else imports it.

    torchaudio 2.11, the last of its line, is linked to a CUDA that a build of PyTorch for a CPU
    does not bring, and fails there with an OSError. An engine that needs no more than its filters
    and features does not need the extension, and does the same with every build. torchaudio does
    without it where it finds no file, so it is shown a folder that has none.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    package = importlib.util.find_spec("torchaudio")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("torchaudio is not installed", name="torchaudio")
    folder = Path(package.origin).parent / "_extension"
    name = "torchaudio._extension.utils"
    spec = importlib.util.spec_from_file_location(name, folder / "utils.py")
    if "torchaudio" not in sys.modules and spec is not None and spec.loader is not None:
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module._LIB_DIR = folder  # type: ignore[attr-defined] # noqa: SLF001 - where no library is
    importlib.import_module("torchaudio")


def _lost(device: str, reason: str) -> EngineError:
    return EngineError(
        ErrorCode.DEVICE_LOST,
        f"{device} was asked for and does not answer: {reason}",
        hint="see what the driver says with nvidia-smi, or use --device cpu",
    )
