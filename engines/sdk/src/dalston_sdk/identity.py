"""What makes two engines the same: a digest of everything that determines their results.

The command line computes it from the files before an engine runs, and an engine computes it from
its own; the same code with the same lock under the same Python gives the same digest in a virtual
environment, in a container and on another machine.
"""

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LOCK_NAME = "requirements.lock"

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_FOLDERS_WITHOUT_EFFECT = frozenset({"tests", "__pycache__"})
_SUFFIXES_WITHOUT_EFFECT = frozenset({".md", ".in", ".pyc"})


def python_tag() -> str:
    """The interpreter that runs this, such as ``cpython-3.11``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def digest_engine(
    folder: Path,
    *,
    python: str | None = None,
    machine: str | None = None,
    deviations: Mapping[str, str] | None = None,
) -> str:
    """What determines an engine's results: its code, its lock, this SDK and the interpreter.

    Tests, pages and hidden files of the engine's folder do not count, nor does where it lies.

    Args:
        folder: The engine's folder.
        python: The interpreter it runs with, as ``python_tag`` writes it; this one by default.
        machine: The processor's architecture as ``platform.machine`` names it; this one's by
            default.
        deviations: Versions of installed packages by name where they are not what the lock says.

    Returns:
        SHA-256 in hex.
    """
    parts = {
        "code": digest_files(engine_files(folder)),
        "sdk": digest_files(source_files(sdk_folder())),
        "python": python or python_tag(),
        "machine": machine or platform.machine(),
        "deviations": dict(deviations or {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sdk_folder() -> Path:
    """The folder of this package."""
    return Path(__file__).parent


def engine_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of an engine's folder that can change its results."""
    for name, content in source_files(folder):
        path = Path(name)
        hidden = any(part.startswith(".") or part in _FOLDERS_WITHOUT_EFFECT for part in path.parts)
        if not hidden and path.suffix not in _SUFFIXES_WITHOUT_EFFECT:
            yield name, content


def source_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that says what a package does, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def digest_files(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 in hex over names and contents; where one ends and the next begins counts."""
    whole = hashlib.sha256()
    for name, content in files:
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def locked_versions(folder: Path) -> dict[str, frozenset[str]]:
    """The versions of each package that an engine's lock allows, one per Python and system."""
    lock = folder / LOCK_NAME
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall(lock.read_text(encoding="utf-8")) if lock.is_file() else ():
        found.setdefault(name, set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}
