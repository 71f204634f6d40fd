"""PyTorch's devices and memory, for all engines whose model library is built on PyTorch.

PyTorch is not a requirement of the SDK: it is imported by the functions that need it, in the
environments that have it.
"""

import gc
import importlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from dalston_sdk.devices import check_gpu, split_device

__all__ = [
    "check_torch_device",
    "import_torchaudio",
    "release_memory",
    "reserved_vram_mb",
    "split_device",
]

# Engines compile nothing, but PyTorch would create a folder for it and leave it behind.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())

_MIB = 1024 * 1024


def check_torch_device(device: str) -> str:
    """Make a real call to the device and return its exact name, such as ``cuda:0``.

    Raises:
        EngineError: ``device_lost`` if there is no such GPU, or if it does not answer.
    """
    importlib.import_module("torch")  # for a CPU, too: a broken PyTorch shows in the health
    return check_gpu(device, _call_gpu)


def reserved_vram_mb(device: str) -> float | None:
    """Return the GPU memory that PyTorch has reserved for this process, in MiB; None on a CPU."""
    kind, index = split_device(device)
    if kind == "cpu":
        return None
    import torch  # noqa: PLC0415 - not in every engine's environment

    return float(torch.cuda.memory_reserved(index)) / _MIB


def release_memory(device: str) -> None:
    """Free the memory of dropped models; call it after the last reference is gone."""
    gc.collect()
    kind, index = split_device(device)
    if kind != "cpu":
        import torch  # noqa: PLC0415 - not in every engine's environment

        torch.cuda.synchronize(index)
        torch.cuda.empty_cache()


def import_torchaudio() -> None:
    """Import torchaudio without its compiled extension; call it before anything else imports it.

    torchaudio 2.11, its last release, is linked to CUDA libraries that a CPU build of PyTorch does
    not bring, and fails there with an OSError. Engines that use only its filters and features do
    not need the extension, and leave it out with every build so that all builds do the same.
    torchaudio does without the extension if it finds no such file, so it is pointed to a folder
    that has none.

    Raises:
        ModuleNotFoundError: torchaudio is not installed.
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
        module._LIB_DIR = folder  # type: ignore[attr-defined] # noqa: SLF001 - there is no library in it
    importlib.import_module("torchaudio")


def _call_gpu(kind: str, index: int) -> None:
    import torch  # noqa: PLC0415 - not in every engine's environment

    if torch.version.cuda is None:
        raise RuntimeError("this build of PyTorch has no CUDA")
    try:
        torch.ones(1, device=torch.device(kind, index)).item()
    except (RuntimeError, AssertionError) as error:
        raise RuntimeError(str(error).strip().splitlines()[0]) from error
