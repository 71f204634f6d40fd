"""One user's home: settings, models, state and runtime folders, and the installed command."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import yaml
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables
from tests.support.processes import line_of, processes_of

DALSTON = Path(sys.executable).with_name("dalston")


class Home:
    """Runs the installed ``dalston`` as a user would, with folders that belong to one test.

    Args:
        folder: Where everything of this user lies; short, for the sockets' sake.
        elsewhere: Those folders that lie elsewhere, such as ``cache`` or ``state``.

    Attributes:
        engines_are_containers: Then no process here tells whether any is running.
    """

    engines_are_containers = False

    def __init__(self, folder: Path, **elsewhere: Path) -> None:
        self.folder = folder
        self.bin = DALSTON.parent
        self.runtime = folder / "run"
        self.state = elsewhere.get("state", folder / "state")
        self.models = elsewhere.get("models", folder / "models")
        self.environ = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("DALSTON_")
            },
            **folder_variables(folder, **elsewhere),
            "NO_COLOR": "1",
        }

    def command(self, *arguments: str | Path) -> list[str | Path]:
        return [DALSTON, *arguments]

    def run(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        before: Sequence[str] = (),
        timeout_s: float = 240,
        **environ: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; ``before`` are words in front of the command, such as ``unshare -n``."""
        return subprocess.run(
            [*before, *self.command(*arguments)],
            cwd=cwd or self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run_here(
        self, *arguments: str | Path, cwd: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run in the process of the tests, which saves a second of a processor.

        The commands of a file share what Python has imported and nothing else; tests of processes,
        of odd bytes on the standard streams and of a newcomer's first command use ``run``.
        """
        variables = {**self.environ, **environ}
        return run_dalston(*arguments, environ=variables, cwd=cwd or self.folder)

    def use_catalog(self, entry: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        """Have a catalog of one model, and the variables that lead to where it is."""
        catalog = self.folder / "catalog"
        catalog.mkdir()
        text = yaml.safe_dump(dict(entry))
        (catalog / f"{entry['id']}.yaml").write_text(text, encoding="utf-8")
        self.environ |= {**environ, "DALSTON_CATALOG_PATH": str(catalog)}

    def pull(self, model: str) -> None:
        """Get a model's weights."""
        pulled = self.run_here("models", "pull", model)
        assert pulled.returncode == 0, pulled.stderr

    def start(
        self, *arguments: str | Path, cwd: Path | None = None, **environ: str
    ) -> subprocess.Popen[str]:
        """Start without waiting, in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=cwd or self.folder,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def processes(self) -> list[psutil.Process]:
        """Every process that was told of this home's runtime folder."""
        return processes_of(self.runtime)

    def engines(self) -> list[psutil.Process]:
        """The engine processes among them."""
        return [process for process in self.processes() if "dalston_sdk" in line_of(process)]

    def end_engines(self) -> list[str]:
        """Stop engines politely; return what had to be killed."""
        if self.engines_are_containers:
            self.run("engines", "stop", "--all")
        elif self.engines():
            self.run_here("engines", "stop", "--all")
        left_over = []
        for process in self.processes():
            left_over.append(line_of(process))
            process.kill()
        return left_over


User = TypeVar("User", bound=Home)


@contextmanager
def leaving(user: User) -> Iterator[User]:
    """The user, whose folder is gone afterwards; fails if anything of theirs still runs."""
    try:
        yield user
    finally:
        left_over = user.end_engines()
        shutil.rmtree(user.folder, ignore_errors=True)
    assert not left_over, f"still running after the test: {left_over}"


def short_folder(parent: Path | None = None) -> Path:
    """A new folder for a user; short, because a Unix socket's path may have 107 bytes only."""
    return Path(tempfile.mkdtemp(prefix="dal-", dir=parent))


def events_of(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The NDJSON lines of a ``--json`` run."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def counts_of(result: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Recordings per status, from the run's own report."""
    [report] = [event for event in events_of(result) if event.get("event") == "run_finished"]
    counts: dict[str, int] = report["data"]["counts"]
    return counts
