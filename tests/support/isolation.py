"""Keeps tests away from the user's own folders, and fails the run that leaves something behind.

Every folder of Dalston and the folder for temporary files lie in one place during a run of tests.
What still lies there at the end, and every process that has to do with it, was left behind.
Docker's clients are led there too, where no daemon listens; tests of Docker name another one.
Engines' environments are kept for the next run where ``DALSTON_TEST_CACHE_DIR`` says where.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from tests.support.places import folder_variables

PLACES = ("CONFIG", "CACHE", "STATE", "MODELS", "RUNTIME")
USERS_DOCKER = ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""More of what says which daemon is asked; without them ``DOCKER_HOST`` alone does."""
END_S = 10.0
"""How long processes that are ending already may take."""
_DEPTH = 3


class Isolation:
    """One run's place for everything temporary.

    Attributes:
        root: Short, because a Unix socket's path may have 107 bytes only.
        environ: The variables that lead everything here.
        places: Each folder of Dalston, by its name in the variables.
        others: More folders of this run, where its processes may have been started.
    """

    def __init__(self, others: tuple[Path, ...] = ()) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="dt-"))
        self.others = others
        self.temporary = self.root / "tmp"
        self.temporary.mkdir()
        kept = os.environ.get("DALSTON_TEST_CACHE_DIR")
        elsewhere = {"cache": Path(kept).expanduser().absolute()} if kept else {}
        variables = folder_variables(self.root, **elsewhere)
        self.environ = variables | {
            "TMPDIR": str(self.temporary),
            "DOCKER_HOST": f"unix://{self.root}/no-docker.sock",
            "DOCKER_CONFIG": str(self.root / "docker"),
        }
        self.places = {name: Path(variables[f"DALSTON_{name}_DIR"]) for name in PLACES}

    def left_over(self, end_s: float = END_S) -> list[str]:
        """Processes, temporary files and whatever lies in the runtime folder, in words."""
        processes = self.processes()
        psutil.wait_procs(processes, timeout=end_s)
        left = [f"process {named(one)}" for one in processes if one.is_running()]
        runtime = self.places["RUNTIME"]
        for folder in (self.temporary, runtime):
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            left += [f"{'runtime' if folder == runtime else 'temporary'} {path}" for path in found]
        return left

    def processes(self) -> list[psutil.Process]:
        """Every process but this one and its parents that knows of this run's folders."""
        this = psutil.Process()
        mine = {this.pid, *(parent.pid for parent in this.parents())}
        marks = tuple(str(folder) for folder in (self.root, *self.others))
        found = []
        for process in psutil.process_iter():
            try:
                words = [*process.cmdline(), *process.environ().values()]
            except psutil.Error:
                continue
            if process.pid not in mine and any(mark in word for word in words for mark in marks):
                found.append(process)
        return [process for process in found if not _belongs_to_python(process)]

    def close(self) -> None:
        """Kill what is left, and remove the folder."""
        for process in self.processes():
            process.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def named(process: psutil.Process) -> str:
    """Its number and command line."""
    try:
        return f"{process.pid}: {' '.join(process.cmdline())}"
    except psutil.Error:
        return str(process.pid)


def own_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders of Dalston that belong to the user who runs the tests."""
    from dalston_cli.settings.locations import (  # noqa: PLC0415 - after coverage has begun
        Locations,
    )

    others = {name: value for name, value in environ.items() if not name.startswith("DALSTON_")}
    places = Locations.from_environment(others)
    return (places.config, places.cache, places.state, places.models, places.runtime)


def snapshot(folders: tuple[Path, ...]) -> dict[Path, int]:
    """Every path in the upper levels of ``folders``, with the time of its last change."""
    found: dict[Path, int] = {}
    for folder in folders:
        _look_into(folder, _DEPTH, found)
    return found


def _look_into(folder: Path, depth: int, found: dict[Path, int]) -> None:
    if depth == 0 or not folder.is_dir():
        return
    for entry in os.scandir(folder):
        found[Path(entry.path)] = entry.stat(follow_symlinks=False).st_mtime_ns
        if entry.is_dir(follow_symlinks=False):
            _look_into(Path(entry.path), depth - 1, found)


def _belongs_to_python(process: psutil.Process) -> bool:
    """Whether it is Python's own helper, which ends with the process that it serves."""
    try:
        return "multiprocessing.resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return True


@pytest.fixture(scope="session", autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isolation]:
    """Folders of its own for the run of tests; an error at its end where anything is left."""
    users = own_folders(os.environ)
    before = snapshot(users)
    place = Isolation((tmp_path_factory.getbasetemp(),))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.environ.items():
            patch.setenv(name, value)
        for name in USERS_DOCKER:
            patch.delenv(name, raising=False)
        patch.setattr(tempfile, "tempdir", None)
        try:
            yield place
            left = place.left_over()
        finally:
            place.close()
    after = snapshot(users)
    left += [
        f"{path}, unless you used Dalston meanwhile"
        for path, changed in after.items()
        if before.get(path) != changed
    ]
    assert not left, "the tests left behind:\n" + "\n".join(left)
