"""Memory of this process: how much it has, what it keeps for the next work, and what it returns."""

import ctypes
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

_STATM = Path("/proc/self/statm")

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_KEPT_BYTES, _KEPT_BLOCK_BYTES = 512 * 2**20, 256 * 2**20


def resident_mb() -> float:
    """Return the resident memory in MB; the peak where the system reports only that."""
    if _STATM.exists():
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, KiB elsewhere.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def keep_freed_memory() -> None:
    """Let the C library keep blocks of up to 256 MiB that are freed, 512 MiB in all.

    glibc by itself gives every block above 32 MiB back to the kernel at once. The attention of
    Whisper's encoder needs such blocks in every layer, and a third of its time went into getting
    them again, page by page. All threads share one heap, because each of the others holds 64 MiB.
    Call it before work begins; other C libraries stay as they are.

    Reference: mallopt(3), ``M_MMAP_THRESHOLD`` and the like. The environment variables of the same
    meaning, ``MALLOC_MMAP_THRESHOLD_`` and ``MALLOC_TRIM_THRESHOLD_``, win.
    """
    mallopt = _from_glibc("mallopt")
    if mallopt is None or any(name.startswith("MALLOC_") for name in os.environ):
        return
    if mallopt(_M_MMAP_THRESHOLD, _KEPT_BLOCK_BYTES):
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_ARENA_MAX, 1)


def return_freed_memory() -> None:
    """Give what is freed and kept back to the kernel, where the C library can."""
    trim = _from_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _from_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc; other C libraries lack some of them."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
