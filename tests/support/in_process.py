"""``dalston`` in the process of the tests, where it is not the process that is tested.

The start of a command takes half a second of a processor, and a suite has hundreds of them.
"""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dalston_cli.app import main


def run_dalston(
    *words: str | Path, environ: Mapping[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with these variables alone, without a terminal; how it ended.

    Args:
        words: What stands behind ``dalston``.
        environ: Every variable that it finds.
        cwd: The folder that it runs in; by default the one of the tests.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    arguments = [str(word) for word in words]
    with pytest.MonkeyPatch.context() as patch, Path(os.devnull).open(encoding="utf-8") as empty:
        for name in set(os.environ) - set(environ):
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        for name, stream in (("stdin", empty), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, stream)
        if cwd is not None:
            patch.chdir(cwd)
        code = main(arguments)
    return subprocess.CompletedProcess(arguments, code, *(_text(each) for each in (out, err)))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
