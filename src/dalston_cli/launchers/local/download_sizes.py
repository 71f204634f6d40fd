"""How much an engine's environment takes to download, as the package index told it once.

``download_sizes.json`` is written by ``scripts/measure_downloads.py``. A size holds for exactly
the lock that it was measured for; of any other, such as that of a user's engine, none is known.
"""

import hashlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.launchers.local.uv_program import find_uv
from dalston_sdk.identity import python_tag

SIZES = Path(__file__).with_name("download_sizes.json")


class _Measured(Struct, frozen=True):
    """Bytes per Python and processor, for the lock with this SHA-256."""

    lock: str
    bytes: dict[str, int]


def download_size(lock: Path, environ: Mapping[str, str]) -> int | None:
    """Return the bytes to download for a lock: 0 if uv's cache has them all; None if unknown."""
    return 0 if _is_kept(lock, environ) else measured_size(lock)


def measured_size(
    lock: Path,
    *,
    python: str | None = None,
    machine: str | None = None,
    system: str | None = None,
) -> int | None:
    """Return the bytes of all packages of a lock; None where they were not measured.

    Args:
        lock: Requirements with hashes.
        python: As ``python_tag`` writes it; this one by default.
        machine: The processor's architecture as ``platform`` names it; this one's by default.
        system: As ``platform`` names it; this machine's by default.
    """
    if (system or platform.system()) != "Linux":
        return None
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    sizes = msgspec.json.decode(SIZES.read_bytes(), type=dict[str, _Measured])
    [found] = [each.bytes for each in sizes.values() if each.lock == digest] or [{}]
    return found.get(f"{python or python_tag()} {machine or platform.machine()}")


def _is_kept(lock: Path, environ: Mapping[str, str]) -> bool:
    """Ask uv whether it could install a lock without a network; nothing is installed."""
    with tempfile.TemporaryDirectory(prefix="dalston-") as scratch:
        asked = subprocess.run(
            [
                *(find_uv(), "--offline", "--color", "never", "pip", "sync", "--dry-run"),
                *("--require-hashes", "--allow-empty-requirements", "--python", sys.executable),
                *("--target", f"{scratch}/packages", str(lock)),
            ],
            cwd=lock.parent,
            env={**environ, "TMPDIR": scratch},  # uv makes the target, and leaves its locks
            capture_output=True,
            text=True,
            check=False,
        )
    return asked.returncode == 0 and "Would download" not in asked.stderr
