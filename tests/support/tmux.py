"""A real terminal of any size: a tmux server of its own, whose screen can be read."""

import shlex
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_POLL_S = 0.03


class Tmux:
    """Runs one command in a terminal and shows its screen, also after its end.

    Args:
        command: Words of the command.
        columns, rows: Size of the terminal.
        environ: The command's whole environment; ``TERM`` is tmux's own unless it is given.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int,
        rows: int,
        work: Path,
        environ: Mapping[str, str],
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tmux-")
        folder = Path(self._folder.name)
        self._socket, self._ended = folder / "socket", folder / "ended"
        given = " ".join(shlex.quote(f"{name}={value}") for name, value in environ.items())
        term = "" if "TERM" in environ else 'TERM="$TERM"'
        script = (
            f"cd {shlex.quote(str(work))}; env -i {term} {given} {shlex.join(command)};"
            f" echo $? > {self._ended}.new; mv {self._ended}.new {self._ended}; exec sleep 600"
        )
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "test", *size, "sh", "-c", script)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")
        self._folder.cleanup()

    def screen(self) -> str:
        """Return the screen with its colours as control sequences, without empty last lines."""
        return self._tmux("capture-pane", "-p", "-e", "-N", "-t", "test").rstrip() + "\n"

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size."""
        self._tmux("resize-window", "-t", "test", "-x", str(columns), "-y", str(rows))

    def wait_for(self, *texts: str, timeout_s: float = 180.0) -> str:
        """Return the first screen that has every one of ``texts``."""
        deadline = time.monotonic() + timeout_s
        while True:
            shown = self.screen()
            if all(text in shown for text in texts):
                return shown
            if time.monotonic() > deadline:
                raise AssertionError(f"{texts} did not come up; the screen was:\n{shown}")
            time.sleep(_POLL_S)

    def wait_for_end(self, timeout_s: float = 180.0) -> int:
        """Wait for the command's end; return its exit code."""
        deadline = time.monotonic() + timeout_s
        while not self._ended.exists():
            if time.monotonic() > deadline:
                raise AssertionError(f"the command goes on; the screen is:\n{self.screen()}")
            time.sleep(_POLL_S)
        return int(self._ended.read_text(encoding="ascii"))

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout
