"""Digests of an engine: of its files, and of what its results depend on.

The command line computes them from the files before an engine runs, and an engine computes them
from its own; the same code with the same lock under the same Python gives the same digests in a
virtual environment, in a container and on another machine.

Code can change and results stay the same. The engine's folder, or this package, then holds
``results.json``, which names the earlier code: its results are still found in the store. A record
holds for exactly the files that it was made for, so an engine that was edited since never passes
for the earlier one.
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

    Arguments and result are those of ``digest_engine``, to which this digest is equal unless a
    record says that an earlier version of the engine's files, or of this SDK, gives the same
    results.
    """
    sources = digest_sources(folder)
    stood_for = Sources(
        code=_stands_for(folder, sources.code), sdk=_stands_for(sdk_folder(), sources.sdk)
    )
    return _digest(stood_for, python, machine, deviations)


class Sources(NamedTuple):
    """Digests, as hex SHA-256, of an engine's own files and of the SDK's."""

    code: str
    sdk: str


def digest_sources(folder: Path) -> Sources:
    """Compute the digests of the files that the engine in ``folder`` consists of."""
    return Sources(
        code=digest_files(_without_record(engine_files(folder))),
        sdk=digest_files(_without_record(source_files(sdk_folder()))),
    )


def results_record(files: str, same_as: str) -> str:
    """Write the record which says that ``files`` give the results of ``same_as``, both digests."""
    return json.dumps({"files": files, "same_results_as": same_as}, indent=2) + "\n"


def _stands_for(folder: Path, files: str) -> str:
    """Read the earlier digest from the record; without one of these files, it is theirs.

    A file of that name that is no record, as a user's engine may have one, counts as none.
    """
    try:
        record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        return str(record["same_results_as"]) if record["files"] == files else files
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return files


def _without_record(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    return (file for file in files if file[0] != RECORD_NAME)


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
