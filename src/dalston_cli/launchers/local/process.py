"""Detached processes: starting, recognizing and ending them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dalston_cli.launchers.base import Usage
from dalston_cli.private_file import open_own

_POLL_S = 0.02
_CLOCK_TOLERANCE_S = 0.05
_COLLECT_S = 2.0
_KERNEL_COUNTERS = Path("/proc/vmstat")


@dataclass(frozen=True, kw_only=True)
class ProcessIdentity:
    """A process, told apart from a later one that got the same pid.

    Attributes:
        started: When it was created: on Linux in clock ticks since boot, which no change of the
            clock moves, elsewhere in seconds since the epoch.
    """

    pid: int
    started: float


def identify(pid: int) -> ProcessIdentity | None:
    """Return the process that has ``pid`` now; None if there is none, or only a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid=pid, started=_creation(process))
    except (psutil.Error, OSError):
        return None


def is_running(identity: ProcessIdentity) -> bool:
    """Return True if exactly this process still runs."""
    now = identify(identity.pid)
    return now is not None and abs(now.started - identity.started) < _CLOCK_TOLERANCE_S


def _creation(process: psutil.Process) -> float:
    if sys.platform != "linux":
        return process.create_time()
    text = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
    after_name = text.rpartition(")")[2].split()
    return float(after_name[19])  # starttime, field 22 of proc(5); the name may hold anything


def spawn_detached(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path
) -> int:
    """Start a process in a session of its own, out of reach of Ctrl-C; return its pid."""
    kills_before = memory_kills()
    with os.fdopen(open_own(log, mode=0o600), "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.add(process.pid, kills_before)
    process.returncode = 0  # we wait by pid; the object must not complain that it was left
    return process.pid


def exit_code(pid: int) -> int | None:
    """Return the exit code of an ended process, negative for a signal; None if it was not ours.

    A process whose first thread is over can still have others that are ending; until they are,
    the system does not say how it ended.
    """
    deadline = time.monotonic() + _COLLECT_S
    while (code := _children.poll(pid)) is None:
        if not _children.knows(pid) or time.monotonic() > deadline:
            return None
        time.sleep(_POLL_S)
    return code


def memory_was_short(pid: int) -> bool:
    """Return True if the kernel ended any process for want of memory since ``pid`` was started.

    False where it keeps no count, as on macOS, and for a process that was not ours.
    """
    before, now = _children.kills_before(pid), memory_kills()
    return before is not None and now is not None and now > before


def memory_kills(counters: Path = _KERNEL_COUNTERS) -> int | None:
    """Return how many processes the kernel has ended for want of memory since it started.

    Reference: https://docs.kernel.org/admin-guide/sysctl/vm.html, ``oom_kill`` in ``/proc/vmstat``
    """
    try:
        lines = counters.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    counted = (line.split() for line in lines)
    return next((int(number) for name, number in counted if name == "oom_kill"), None)


def end_process(identity: ProcessIdentity, *, timeout_s: float) -> None:
    """Ask a process and its group to end, and end them when ``timeout_s`` is over."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(identity):
            return
        _signal_group(identity.pid, number)
        wait_until_ended(identity, timeout_s=timeout_s)


def wait_until_ended(identity: ProcessIdentity, *, timeout_s: float) -> bool:
    """Wait for the end of the process; return False if it takes longer than ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while is_running(identity):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    exit_code(identity.pid)
    return True


def process_usage(identity: ProcessIdentity, *, interval_s: float = 0.2) -> Usage:
    """Measure a process and its descendants for ``interval_s``."""
    try:
        family = [psutil.Process(identity.pid)]
        family += family[0].children(recursive=True)
    except psutil.Error:
        return Usage()
    before = sum(_cpu_seconds(process) for process in family)
    time.sleep(interval_s)
    spent = sum(_cpu_seconds(process) for process in family) - before
    return Usage(
        cpu_percent=round(100 * max(0.0, spent) / interval_s, 1),
        memory_mb=round(sum(_resident_bytes(process) for process in family) / 1_000_000, 1),
        processes=len(family),
    )


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process and its group, if it leads one, so that its helpers get it too."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


class _Children:
    """Exit codes of our children, each collected once and then known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[int, int | None] = {}
        self._kills_before: dict[int, int | None] = {}

    def add(self, pid: int, kills_before: int | None) -> None:
        with self._lock:
            self._codes[pid] = None
            self._kills_before[pid] = kills_before

    def kills_before(self, pid: int) -> int | None:
        """Return the kernel's count of kills for want of memory when a process was started."""
        with self._lock:
            return self._kills_before.get(pid)

    def knows(self, pid: int) -> bool:
        with self._lock:
            return pid in self._codes

    def poll(self, pid: int) -> int | None:
        with self._lock:
            if self._codes.get(pid, 0) is None:
                self._codes[pid] = _collect(pid)
            return self._codes.get(pid)


def _collect(pid: int) -> int | None:
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if ended else None


_children = _Children()
