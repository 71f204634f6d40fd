"""One user's home: settings, models, state and runtime folders, and the installed command."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from tests.support.places import folder_variables

DALSTON = Path(sys.executable).with_name("dalston")


class Home:
    """Runs the installed ``dalston`` as a user would, with folders that belong to one test.

    Args:
        folder: Where everything of this user lies; short, for the sockets' sake.
        cache: Where engines' environments are built; below ``folder`` by default.
    """

    def __init__(self, folder: Path, *, cache: Path | None = None) -> None:
        self.folder = folder
        self.bin = DALSTON.parent
        self.runtime = folder / "run"
        self.state = folder / "state"
        self.models = folder / "models"
        self.environ = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("DALSTON_")
            },
            **folder_variables(folder, cache=cache or folder / "cache"),
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
        """Every process that runs with this home's runtime folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("DALSTON_RUNTIME_DIR") == str(self.runtime) or any(
                    str(self.runtime) in word for word in process.cmdline()
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def engines(self) -> list[psutil.Process]:
        """The engine processes among them."""
        return [
            process for process in self.processes() if "dalston_sdk" in " ".join(process.cmdline())
        ]

    def end_engines(self) -> list[str]:
        """Stop engines politely; return what had to be killed."""
        self.run("engines", "stop", "--all")
        left_over = []
        for process in self.processes():
            left_over.append(" ".join(process.cmdline()))
            process.kill()
        return left_over


def events_of(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The NDJSON lines of a ``--json`` run."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def counts_of(result: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Recordings per status, from the run's own report."""
    [report] = [event for event in events_of(result) if event.get("event") == "run_finished"]
    counts: dict[str, int] = report["data"]["counts"]
    return counts
