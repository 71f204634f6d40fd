"""An engine's own virtual environment, built by uv from its hashed lock, once per lock.

``<cache>/environments/<engine>-<hash>/`` is locked while it is being worked on. In it, a
``building-…`` folder becomes ``environment`` when everything is installed, and ``complete.json``
is written last: an environment without it is incomplete. uv takes indexes, mirrors and proxies
from the user's own settings.

Environments share the files of equal packages, above all PyTorch's, by hard links into uv's cache.
That needs one disk: where uv's cache is on another one, a cache beside the environments is used.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.atomic_file import write_whole
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.failure import LockMissingError
from dalston_cli.launchers.folder import remove_folder
from dalston_cli.launchers.local.download_sizes import download_size
from dalston_cli.launchers.local.installer import problem_of_lock, run_uv
from dalston_cli.launchers.local.uv_program import find_uv
from dalston_cli.launchers.requirements_lock import choose_lock, fitting_locks, uv_variables
from dalston_sdk.identity import digest_files, python_tag, sdk_folder, source_files

_PACKAGE = "dalston_sdk"


class EnvironmentBuildError(EngineUnavailableError):
    """uv could not build an engine's environment."""

    code = "environment_build"

    def __init__(self, engine: str, problem: str, lines: Sequence[str]) -> None:
        output = "".join(f"\n  {line}" for line in lines)
        super().__init__(
            f"the environment of engine {engine} cannot be built: {problem}{output}",
            hint=f"check the network and the disk, then build it again: "
            f"dalston engines start {engine}",
        )


class EnvironmentMissingError(EngineUnavailableError):
    """An engine's environment is not built, and building is not allowed."""

    code = "environment_missing"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"the environment of engine {engine} is not built, and --offline forbids building it",
            hint=f"once, with a network: dalston engines start {engine}",
        )


class EnvironmentStore:
    """Environments under one cache folder."""

    def __init__(self, cache: Path, *, offline: bool = False) -> None:
        self._folder = cache / "environments"
        self._offline = offline

    def place(self, engine: EngineEntry, device: str = "cpu") -> Path:
        """Return where the environment of ``engine`` for a device is or will be.

        Raises:
            LockMissingError: The engine has no lock.
        """
        return self._place(engine, self._lock(engine, device))

    def _lock(self, engine: EngineEntry, device: str) -> Path:
        machine = platform.machine()
        return choose_lock(engine.folder, device=device, python=python_tag(), machine=machine)

    def _place(self, engine: EngineEntry, lock: Path) -> Path:
        try:
            content = lock.read_bytes()
        except FileNotFoundError:
            raise LockMissingError(engine) from None
        marks = f"{python_tag()} {platform.system()} {platform.machine()}\n".encode()
        return self._folder / f"{engine.name}-{hashlib.sha256(marks + content).hexdigest()[:12]}"

    def places(self, engine: EngineEntry) -> frozenset[Path]:
        """Return where environments of ``engine`` as it is now are, on any device."""
        machine = platform.machine()
        locks = {
            lock
            for device in ("cpu", "cuda")
            for lock in fitting_locks(engine.folder, device=device, machine=machine)
        }
        return frozenset(self._place(engine, lock) for lock in locks if lock.is_file())

    def every_place(self) -> tuple[Path, ...]:
        """Return every environment, also of earlier locks and of engines that are gone."""
        return tuple(sorted(self._folder.glob("*-????????????")))

    def remove_place(self, place: Path) -> None:
        """Remove one environment; half of it is none."""
        with lock_folder(place):
            (place / "complete.json").unlink(missing_ok=True)
            remove_folder(place)

    def python(self, engine: EngineEntry, device: str = "cpu") -> Path | None:
        """Return the interpreter of the environment; None where it is not built or is broken.

        An environment that fits is taken as it is, whatever would be built now: which lock that
        is depends on a variable that the shell before this one may have had.
        """
        locks = fitting_locks(engine.folder, device=device, machine=platform.machine())
        for place in (self._place(engine, lock) for lock in locks):
            python = place / "environment" / "bin" / "python"
            if (place / "complete.json").is_file() and python.exists():
                return python
        return None

    def ensure(self, engine: EngineEntry, preparation: Preparation, device: str = "cpu") -> Path:
        """Return the interpreter of the environment, built first if need be; may take minutes.

        Raises:
            EnvironmentBuildError: uv failed; the message has its last lines.
            EnvironmentMissingError: It is not built, and ``offline`` was asked for.
        """
        if python := self.python(engine, device):
            return python
        if self._offline:
            raise EnvironmentMissingError(engine.name)
        lock = self._lock(engine, device)
        place = self._place(engine, lock)
        with lock_folder(place, lambda: preparation.tell("waiting for another process's build")):
            if self.python(engine, device) is None:  # else another process built it meanwhile
                _build(engine.name, lock, place, preparation)
        return place / "environment" / "bin" / "python"

    def build_problem(self, engine: EngineEntry, device: str = "cpu") -> str | None:
        """Return why a build would fail now; None if uv finds every package for this Python.

        Raises:
            LockMissingError: The engine has no lock.
        """
        if self._offline:
            return "its environment is not built, and --offline forbids building it"
        lock = self._lock(engine, device)
        self._place(engine, lock)
        needed, free = self.download_bytes(engine, device) or 0, _free_bytes(self._folder)
        if needed > free:
            return f"{readable_size(needed)} are downloaded for it, and {readable_size(free)} free"
        return problem_of_lock(lock, uv_variables(lock))

    def download_bytes(self, engine: EngineEntry, device: str = "cpu") -> int | None:
        """Return how much a build would download; None where that is not known."""
        lock = self._lock(engine, device)
        if self.python(engine, device) is not None:
            return 0
        return download_size(lock, uv_variables(lock)) if lock.is_file() else None

    def remove(self, engine: str) -> tuple[Path, ...]:
        """Remove every environment of an engine, also of earlier locks."""
        removed = []
        for place in sorted(self._folder.glob(f"{engine}-????????????")):
            self.remove_place(place)
            removed.append(place)
        return tuple(removed)


def _build(engine: str, lock: Path, place: Path, preparation: Preparation) -> None:
    final, marker = place / "environment", place / "complete.json"
    marker.unlink(missing_ok=True)
    for old in (final, *place.glob("building-*")):
        shutil.rmtree(old, ignore_errors=True)
    # A new name each time: a uv whose Dalston was killed may still be writing to the last one.
    building = Path(tempfile.mkdtemp(prefix="building-", dir=place))
    try:
        _fill(engine, lock, building, preparation)
        building.rename(final)
    except BaseException:  # Ctrl-C, too: half an environment is of no use
        shutil.rmtree(building, ignore_errors=True)
        raise
    facts = {"engine": engine, "lock": lock.name, "built_at": datetime.now(UTC).isoformat()}
    write_whole(marker, json.dumps(facts).encode() + b"\n")


def _fill(engine: str, lock: Path, building: Path, preparation: Preparation) -> None:
    """Make the environment and install the packages of the lock."""
    make = [
        *("venv", "--quiet", "--python", sys.executable),
        *("--relocatable", "--allow-existing", str(building)),
    ]
    environ = uv_variables(lock) | _cache_variables(building, preparation)
    sync = [
        *("pip", "sync", "--python", str(building / "bin" / "python")),
        *("--require-hashes", "--allow-empty-requirements", str(lock)),
    ]
    for arguments in (make, sync):
        code, lines = run_uv(arguments, environ, building.parent, preparation)
        if code != 0:
            raise EnvironmentBuildError(engine, f"uv ended with code {code}", lines)


def _cache_variables(building: Path, preparation: Preparation) -> dict[str, str]:
    """Have uv's cache on the disk of the environments, unless the user chose its place."""
    told = subprocess.run(
        [find_uv(), "cache", "dir", "--color", "never"],
        cwd=building,
        capture_output=True,
        text=True,
        check=False,
    )
    cache = Path(told.stdout.strip())
    if told.returncode != 0 or _disk(cache) == _disk(building):
        return {}
    if os.environ.get("UV_CACHE_DIR"):
        preparation.tell(f"uv's cache {cache} is on another disk: environments cannot share files")
        return {}
    beside = building.parents[2] / "uv"
    preparation.tell(
        f"uv's cache {cache} is on another disk; {beside} is used, to share files by hard links"
    )
    return {"UV_CACHE_DIR": str(beside)}


def _free_bytes(folder: Path) -> int:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free


def _disk(path: Path) -> int:
    """Return the device number of the disk that a folder is or will be on."""
    return next(each for each in (path, *path.parents) if each.exists()).stat().st_dev


def snapshot_folder(cache_folder: Path) -> Path:
    """Return where the copy of the SDK as it is now is or will be."""
    return cache_folder / "sdk" / digest_files(source_files(sdk_folder()))[:12]


def snapshot_sdk(cache_folder: Path) -> Path:
    """Return the folder for ``PYTHONPATH``; create it on first use."""
    source, folder = sdk_folder(), snapshot_folder(cache_folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        shutil.copytree(
            source, beside / _PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
        _rename_unless_there(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _rename_unless_there(beside: Path, folder: Path) -> None:
    """Rename, unless another process has made the same copy meanwhile."""
    try:
        beside.chmod(0o755)
        os.rename(beside, folder)  # noqa: PTH104 - Path.rename says nothing more
    except OSError:
        if not folder.is_dir():
            raise
