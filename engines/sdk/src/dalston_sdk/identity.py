"""Digests of an engine: of its files, and of what its results depend on.

The command line computes them from the files before an engine runs, and an engine computes them
from its own; the same code with the same lock under the same Python gives the same digests in a
virtual environment, in a container and on another machine.

Code can change and results stay the same. An engine's folder then holds ``results.json``, which
names the earlier code: its results are still found in the store. The record holds for exactly the
files that it was made for, so an engine that was edited since never passes for the earlier one.
"""

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

LOCK_NAME = "requirements.lock"
RECORD_NAME = "results.json"

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_FOLDERS_WITHOUT_EFFECT = frozenset({"tests", "__pycache__"})
_SUFFIXES_WITHOUT_EFFECT = frozenset({".md", ".in", ".pyc"})


def python_tag() -> str:
    """Return the interpreter that runs this, such as ``cpython-3.11``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def digest_engine(
    folder: Path,
    *,
    python: str | None = None,
    machine: str | None = None,
    deviations: Mapping[str, str] | None = None,
) -> str:
    """Compute the digest of an engine's code, its lock, this SDK and the interpreter.

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
    return _digest(digest_sources(folder), python, machine, deviations)


def digest_results(
    folder: Path,
    *,
    python: str | None = None,
    machine: str | None = None,
    deviations: Mapping[str, str] | None = None,
) -> str:
    """Compute the digest of what an engine's results depend on.

    Arguments and result are those of ``digest_engine``, to which this digest is equal unless the
    engine's folder records that an earlier version of its files gives the same results.
    """
    sources = digest_sources(folder)
    return _digest(_same_results(folder, sources) or sources, python, machine, deviations)


class Sources(NamedTuple):
    """Digests, as hex SHA-256, of an engine's own files and of the SDK's."""

    code: str
    sdk: str


def digest_sources(folder: Path) -> Sources:
    """Compute the digests of the files that the engine in ``folder`` consists of."""
    own = (file for file in engine_files(folder) if file[0] != RECORD_NAME)
    return Sources(code=digest_files(own), sdk=digest_files(source_files(sdk_folder())))


def results_record(sources: Sources, same_as: Sources) -> str:
    """Write the record which says that ``sources`` gives the results of ``same_as``."""
    record = {"sources": _mark(sources), "same_results_as": same_as._asdict()}
    return json.dumps(record, indent=2) + "\n"


def _same_results(folder: Path, sources: Sources) -> Sources | None:
    """Read the earlier sources from the record; None without one, or where it is of other files.

    A file of that name that is no record, as a user's engine may have one, counts as none.
    """
    try:
        record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        known = record["sources"] == _mark(sources)
        return Sources(**record["same_results_as"]) if known else None
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None


def _mark(sources: Sources) -> str:
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def _digest(
    sources: Sources,
    python: str | None,
    machine: str | None,
    deviations: Mapping[str, str] | None,
) -> str:
    parts = {
        **sources._asdict(),
        "python": python or python_tag(),
        "machine": machine or platform.machine(),
        "deviations": dict(deviations or {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sdk_folder() -> Path:
    """Return the folder of this package."""
    return Path(__file__).parent


def engine_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of an engine's folder that can change its results."""
    for name, content in source_files(folder):
        path = Path(name)
        hidden = any(part.startswith(".") or part in _FOLDERS_WITHOUT_EFFECT for part in path.parts)
        if not hidden and path.suffix not in _SUFFIXES_WITHOUT_EFFECT:
            yield name, content


def source_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of a package, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def digest_files(files: Iterable[tuple[str, bytes]]) -> str:
    """Compute the SHA-256, in hex, of names and contents with their lengths."""
    whole = hashlib.sha256()
    for name, content in files:
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def locked_versions(folder: Path) -> dict[str, frozenset[str]]:
    """Return the versions of each package in an engine's lock, one per Python and system."""
    lock = folder / LOCK_NAME
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall(lock.read_text(encoding="utf-8")) if lock.is_file() else ():
        found.setdefault(name, set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}
