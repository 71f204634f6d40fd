"""``dalston`` in the process of the tests, where it is not the process that is tested.

The start of a command takes half a second of a processor, and a suite has hundreds of them.
"""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from dalston_cli.app import main

TIMEOUT_S = 120


def run_dalston(
    *words: str | Path, environ: Mapping[str, str], cwd: Path | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Run a command with these variables alone, without a terminal; how it ended.

    What its child processes print is not seen.

    Args:
        words: What stands behind ``dalston``.
        environ: Every variable that it finds; those that it sets are gone afterwards.
        cwd: The folder that it runs in; by default the one of the tests.
        stdin: What it can read.
    """
    given, out, err = (
        io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (stdin, b"", b"")
    )
    arguments = [str(word) for word in words]
    with pytest.MonkeyPatch.context() as patch, _variables(environ), _ending_in_time(arguments):
        for name, stream in (("stdin", given), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, stream)
        if cwd is not None:
            patch.chdir(cwd)
        code = main(arguments)
    return subprocess.CompletedProcess(arguments, code, *(_text(each) for each in (out, err)))


@contextmanager
def _variables(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(environ)
    try:
        yield
    finally:
        _become(before)


def _become(environ: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(environ):
        del os.environ[name]
    os.environ.update(environ)


@contextmanager
def _ending_in_time(arguments: list[str]) -> Iterator[None]:
    """Raise in a command that waits for ever, as ``subprocess.run`` would."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise subprocess.TimeoutExpired(arguments, TIMEOUT_S)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TIMEOUT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
