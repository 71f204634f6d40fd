"""uv as a child process: its lines, and how many bytes of the packages it has downloaded.

Into a pipe uv writes no bytes, so it gets a pseudo-terminal and draws its bars there. A uv that
draws them otherwise, or is told not to, only takes the bytes away.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.uv_program import find_uv

NUM_EXPLAINED_LINES = 20

_ASK_S = 30.0
_CAUSE = re.compile(r"^\s*(?:error|cause): (.+?)\s*$", re.MULTILINE)
_ROWS, _COLUMNS = 200, 400
_ERASED = "\x1b[2K"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_COUNTER = re.compile(r"Preparing packages\.\.\. \((\d+)/(\d+)\)")
_BAR = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*) +-+ +"
    r"(\d+(?:\.\d+)?) (B|KiB|MiB|GiB)/(\d+(?:\.\d+)?) (B|KiB|MiB|GiB)"
)
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class Downloads:
    """The bytes that uv's bars tell of.

    Attributes:
        done: Downloaded bytes of all packages.
        total: Their bytes in all; 0 until every package has begun.
    """

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._sizes: dict[str, int] = {}
        self._all_begun = False

    def read(self, frame: str) -> None:
        """Take one drawing of the bars; one without any says nothing."""
        frame = _CONTROL.sub("", frame)
        drawn = {name: (_amount(*done), _amount(*size)) for name, done, size in _bars(frame)}
        counter = _COUNTER.search(frame)
        if counter is None:
            return
        self._sizes |= {name: size for name, (_, size) in drawn.items()}
        missing = sum(size - done for done, size in drawn.values())
        known = sum(self._sizes.values())
        self.done = max(self.done, known - missing)
        finished, number = int(counter[1]), int(counter[2])
        # What was over between two drawings was never drawn: it is small.
        self._all_begun |= 0 < number == finished + len(drawn)
        self.total = known if self._all_begun else 0


def run_uv(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, preparation: Preparation
) -> tuple[int, Sequence[str]]:
    """Run uv in ``folder``, away from any project whose settings it would apply.

    Returns:
        Its exit code and its last lines, of which ``preparation`` was told every one.
    """
    last: deque[str] = deque(maxlen=NUM_EXPLAINED_LINES)
    reading, writing = _terminal()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="dalston-") as scratch,  # uv leaves locks in it
            subprocess.Popen(
                [find_uv(), "--color", "never", *arguments],
                cwd=folder,
                env={**environ, "TERM": "xterm", "NO_COLOR": "1", "TMPDIR": scratch},
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
            ) as process,
        ):
            os.close(writing)
            for line in _lines(reading, preparation):
                last.append(line)
                preparation.tell(line)
            return process.wait(), tuple(last)
    finally:
        os.close(reading)


def problem_of_lock(lock: Path, environ: Mapping[str, str]) -> str | None:
    """Ask uv if every package of a lock can be had for this Python; installs nothing.

    Returns:
        What uv says is wrong; None if nothing is.
    """
    with tempfile.TemporaryDirectory(prefix="dalston-") as scratch:
        asked = [
            *(find_uv(), "--color", "never", "pip", "sync", "--dry-run"),
            *("--target", f"{scratch}/environment", "--python", sys.executable),
            *("--require-hashes", "--allow-empty-requirements", str(lock)),
        ]
        try:
            done = subprocess.run(
                asked,
                cwd=scratch,
                env={**environ, "NO_COLOR": "1", "TMPDIR": scratch},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_ASK_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"the package index does not answer within {_ASK_S:g} s"
    if done.returncode == 0:
        return None
    causes = _CAUSE.findall(done.stderr) or [f"it ended with code {done.returncode}"]
    return f"uv says: {': '.join(causes)}"


def _terminal() -> tuple[int, int]:
    """Return the ends of a wide pseudo-terminal; of a pipe where the system has none to give."""
    try:
        reading, writing = pty.openpty()
    except OSError:
        return os.pipe()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    return reading, writing


def _lines(reading: int, preparation: Preparation) -> Iterator[str]:
    """Yield each line that stays, and count the bytes in the drawings that do not."""
    downloads, rest, counted = Downloads(), "", (0, 0)
    for text in _texts(reading):
        *frames, rest = (rest + text).split(_ERASED)
        for frame in frames:
            yield from _staying(frame)
            downloads.read(frame)
        if counted != (downloads.done, downloads.total):
            counted = downloads.done, downloads.total
            preparation.count(*counted)
        *staying, rest = rest.split("\n")
        yield from _staying("".join(f"{line}\n" for line in staying))
    yield from _staying(f"{rest}\n")


def _texts(reading: int) -> Iterator[str]:
    """Yield what comes until the other end is closed, which Linux reports as an error."""
    while True:
        try:
            block = os.read(reading, 65536)
        except OSError:
            return
        if not block:
            return
        yield block.decode(errors="replace")


def _staying(text: str) -> Iterator[str]:
    """Yield the lines of ``text`` that end, without control sequences."""
    for line in text.split("\n")[:-1]:
        if plain := _CONTROL.sub("", line).rstrip():
            yield plain


def _bars(frame: str) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    for name, done, done_unit, size, size_unit in _BAR.findall(frame):
        yield name, (done, done_unit), (size, size_unit)


def _amount(number: str, unit: str) -> int:
    return round(float(number) * _UNITS[unit])
