"""What makes two engines the same: a running one is reused only if its fingerprint is equal.

Computed anew each time from the files themselves, so that an edited engine is never mistaken
for the one that runs; a few milliseconds.
"""

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.sdk import digest_files, sdk_folder, source_files

LOCK_NAME = "requirements.lock"
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)
_WITHOUT_EFFECT = frozenset({"tests", "__pycache__"})


def python_tag() -> str:
    """The interpreter that engines run with, such as ``cpython-3.11``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def engine_digest(engine: EngineEntry) -> str:
    """What determines an engine's results: its code, its lock, the SDK and the interpreter.

    Tests, pages and hidden files of the engine's folder do not count, nor does where it lies.
    """
    parts = {
        "code": digest_files(_engine_files(engine.folder)),
        "sdk": digest_files(source_files(sdk_folder())),
        "python": python_tag(),
        "machine": platform.machine(),
        "installed": _installed_versions(engine) if engine.embedded else None,
    }
    return _digest(parts)


def fingerprint_engine(spec: EngineSpec) -> str:
    """What must be equal for a running engine to serve ``spec``, as hex SHA-256.

    Beyond ``engine_digest`` these are the device and the variables. What does not change a result
    does not count: where weights lie, how long it stays alive, how many replicas there are, the
    value of a secret.
    """
    parts = {
        "engine": engine_digest(spec.engine),
        "device": spec.device,
        "environment": sorted(spec.environment.items()),
    }
    return _digest(parts)


def _engine_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name, content in source_files(folder):
        path = Path(name)
        hidden = any(part.startswith(".") or part in _WITHOUT_EFFECT for part in path.parts)
        if not hidden and path.suffix not in {".md", ".in", ".pyc"}:
            yield name, content


def _installed_versions(engine: EngineEntry) -> dict[str, str | None]:
    """An embedded engine runs with what the CLI has installed, whatever its lock says."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import

    lock = engine.folder / LOCK_NAME
    found: dict[str, str | None] = {}
    for name in _LOCKED.findall(lock.read_text(encoding="utf-8")) if lock.is_file() else ():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _digest(parts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
