"""Keeps tests away from the user's own folders, and fails the run that leaves something behind.

Every folder of Dalston and the folder for temporary files lie in one place during a run of tests.
What still lies there at the end, and every process that has to do with it, was left behind. The
user's folders lie there too, so that a process that has lost Dalston's variables is noticed.
Nothing else is looked at: another run of tests or another Dalston of the same user does not count.
Docker's clients are led there too, where no daemon listens; tests of Docker name another one.
Engines' environments are kept for the next run where ``DALSTON_TEST_CACHE_DIR`` says where.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from tests.support.places import folder_variables
from tests.support.processes import line_of, processes_of

PLACES = ("CONFIG", "CACHE", "STATE", "CATALOG", "MODELS", "RUNTIME")
USERS_DOCKER = ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""More of what says which daemon is asked; without them ``DOCKER_HOST`` alone does."""
END_S = 60.0
"""How long processes that are ending already may take."""
USERS_FOLDERS = ("CONFIG_HOME", "CACHE_HOME", "STATE_HOME", "DATA_HOME", "RUNTIME_DIR")
"""Where programs of the user keep their files, as XDG names them."""

_UV_LOCK = re.compile(r"uv-\w+-[0-9a-f]{16}\.lock")
"""uv leaves the locks of what it builds in the folder for temporary files, on purpose."""


class Isolation:
    """One run's place for everything temporary.

    Attributes:
        root: Short, because a Unix socket's path may have 107 bytes only.
        user: What takes the place of the user's own folders; tests leave it empty.
        environ: The variables that lead everything here.
        places: Each folder of Dalston, by its name in the variables.
        others: More folders of this run, where its processes may have been started.
    """

    def __init__(self, others: tuple[Path, ...] = ()) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="dt-"))
        self.others = others
        self.temporary = self.root / "tmp"
        self.temporary.mkdir()
        self.user = self.root / "user"
        kept = os.environ.get("DALSTON_TEST_CACHE_DIR")
        elsewhere = {"cache": Path(kept).expanduser().absolute()} if kept else {}
        variables = folder_variables(self.root, **elsewhere)
        self.environ = variables | {
            **{f"XDG_{name}": str(self.user / name.lower()) for name in USERS_FOLDERS},
            **_kept_download_caches(os.environ),
            "TMPDIR": str(self.temporary),
            "DOCKER_HOST": f"unix://{self.root}/no-docker.sock",
            "DOCKER_CONFIG": str(self.root / "docker"),
            "OLLAMA_HOST": "127.0.0.1:9",  # nothing answers there
        }
        self.places = {name: Path(variables[f"DALSTON_{name}_DIR"]) for name in PLACES}

    def left_over(self, end_s: float = END_S) -> list[str]:
        """Processes, temporary files and whatever lies in the runtime folder, in words."""
        processes = self.processes()
        psutil.wait_procs(processes, timeout=end_s)
        left = [f"process {one.pid}: {line_of(one)}" for one in processes if one.is_running()]
        places = {"temporary": self.temporary, "runtime": self.places["RUNTIME"]}
        for kind, folder in places.items():
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            found = [path for path in found if not _UV_LOCK.fullmatch(path.name)]
            left += [f"{kind} {path}" for path in found]
        left += [f"in the user's folders {path}" for path in sorted(self.user.rglob("dalston*"))]
        return left

    def processes(self) -> list[psutil.Process]:
        """Every process but this one and its parents that knows of this run's folders."""
        this = psutil.Process()
        mine = {this.pid, *(parent.pid for parent in this.parents())}
        found = processes_of(self.root, *self.others)
        return [one for one in found if one.pid not in mine and not _belongs_to_python(one)]

    def close(self) -> None:
        """Kill what is left, and remove the folder."""
        for process in self.processes():
            process.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def _kept_download_caches(environ: Mapping[str, str]) -> dict[str, str]:
    """Return uv's and pip's download caches as variables: the user's own folders."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    names = {"UV_CACHE_DIR": cache / "uv", "PIP_CACHE_DIR": cache / "pip"}
    return {name: environ.get(name) or str(place) for name, place in names.items()}


def _belongs_to_python(process: psutil.Process) -> bool:
    """Return True for Python's own helper, which ends with the process that it serves."""
    return "multiprocessing.resource_tracker" in line_of(process)


@pytest.fixture(scope="session", autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isolation]:
    """Folders of its own for the run of tests; an error at its end where anything is left."""
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
    assert not left, "the tests left behind:\n" + "\n".join(left)
