"""Runs the child process of a pull and ends it when it falls silent."""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

import msgspec

from dalston_cli.catalog.weights.exchange import Failure, Job, Listed, Pulled, PullProgress, Report

_WORKER = "dalston_cli.catalog.weights.worker"
_READ = 65536
_START_TIMEOUT_S = 60.0  # the child has imported its libraries by then, on a loaded machine too
_END_TIMEOUT_S = 5.0
_CHILD_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # the bytes come over plain HTTP, see ``hub``
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


class SilenceError(Exception):
    """No report came for too long; the child process was ended."""


class CrashError(Exception):
    """The child process ended without an answer; the message is its last line."""


def run_watched(
    job: Job,
    *,
    lock: int | None,
    environment: Mapping[str, str],
    timeout_s: float,
    on_progress: Callable[[PullProgress], None],
) -> Pulled | Listed | Failure:
    """Run ``job`` in a child process, which never outlives this call, nor this process.

    The child keeps the descriptor ``lock``, if there is one, open as well, so that the lock on it
    holds until both are gone. Among the variables of ``environment`` is the hub's token, which is
    never on a command line. ``timeout_s`` is the time limit for one report, in seconds.

    Raises:
        SilenceError: Nothing came for ``timeout_s``.
        CrashError: The child ended without an answer.
    """
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            # -P: a file in the current folder must not pass for a module
            [sys.executable, "-P", "-m", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**environment, **_CHILD_ENVIRONMENT},
            pass_fds=() if lock is None else (lock,),
            start_new_session=True,  # Ctrl-C comes to this process, which then ends the child
        )
        try:
            answer = _converse(child, job, timeout_s, on_progress)
            with suppress(subprocess.TimeoutExpired):
                child.wait(_END_TIMEOUT_S)
            return answer  # noqa: TRY300 - the two clauses below belong to the conversation
        except CrashError as error:
            raise CrashError(_last_line(log)) from error
        finally:
            _end(child)


def _converse(
    child: subprocess.Popen[bytes],
    job: Job,
    timeout_s: float,
    on_progress: Callable[[PullProgress], None],
) -> Pulled | Listed | Failure:
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:
        raise CrashError
    try:
        stdin.write(msgspec.json.encode(job) + b"\n")
        stdin.flush()  # and stays open: its end tells the child that this process is gone
    except BrokenPipeError as error:
        raise CrashError from error
    for line in _lines(stdout.fileno(), timeout_s):
        report: Report = msgspec.json.decode(line, type=Report)
        if not isinstance(report, PullProgress):
            return report
        on_progress(report)
    raise CrashError


def _lines(descriptor: int, timeout_s: float) -> Iterator[bytes]:
    """Yield lines until the end.

    Raises:
        SilenceError: Nothing came for ``timeout_s``, or for longer while the child starts.
    """
    rest, wait_s = b"", max(timeout_s, _START_TIMEOUT_S)
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            deadline = time.monotonic() + wait_s
            while not selector.select(max(0.0, deadline - time.monotonic())):
                if time.monotonic() >= deadline:
                    raise SilenceError
            chunk = os.read(descriptor, _READ)
            if not chunk:
                return
            wait_s = timeout_s
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and its own: the next attempt resumes from the bytes that are written."""
    if child.returncode is None:  # it leads a group of its own, pip may be in it
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(_END_TIMEOUT_S)
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue  # the child did not read the last bytes


def _last_line(log: BinaryIO) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
