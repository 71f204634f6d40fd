"""``dalston`` in a process of its own, with the fake engine; and in a terminal of its own."""

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.in_process import run_dalston
from tests.support.launching import FAKE
from tests.support.pipeline_home import write_model

COMMAND = (sys.executable, "-m", "dalston_cli")


@dataclass(frozen=True)
class Done:
    """The end of a command."""

    code: int
    out: str
    err: str


class Shell:
    """Runs ``dalston`` with the fake engine's model ``speech`` as the best one there is."""

    def __init__(self, folder: Path, work: Path) -> None:
        models = folder / "catalog"
        write_model(models, "speech", "transcribe", rank=2)
        write_model(models, "speech-raises", "transcribe", runtime_id="raises")
        self.work = work
        self.environ: dict[str, str] = {
            **os.environ,
            "DALSTON_ENGINES_PATH": str(FAKE),
            "DALSTON_CATALOG_PATH": str(models),
            "DALSTON_KEEP_ALIVE": "20",
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }

    def call(
        self, *words: str | Path, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> Done:
        """Run to the end in the process of the tests, which takes less time."""
        variables = self.environ | dict(environ or {})
        done = run_dalston(*words, environ=variables, cwd=self.work, stdin=stdin)
        return Done(done.returncode, done.stdout, done.stderr)

    def run(
        self, *words: str | Path, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> Done:
        """Run to the end as a process, without a terminal."""
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=self.work,
            env=self.environ | dict(environ or {}),
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str | Path, pass_fds: Sequence[int] = ()) -> subprocess.Popen[str]:
        """Start without waiting; stdout is a pipe."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.work,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=pass_fds,
            text=True,
        )

    def watch(self, *words: str | Path, answer: str = "") -> Done:
        """Run with a terminal on stdin and stderr; ``err`` is what the terminal showed."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.work,
            env=self.environ | {"TERM": "xterm"},
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave,
        )
        os.close(slave)
        os.write(master, answer.encode())
        # A watchdog: a question without an answer would wait for ever.
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        shown = bytearray()
        try:
            while block := os.read(master, 4096):
                shown += block
        except OSError:  # Linux's way to say that the other end is closed
            pass
        finally:
            os.close(master)
            watchdog.cancel()
        out, _ = process.communicate(timeout=180)
        return Done(process.returncode, out.decode(), shown.decode(errors="replace"))
