"""Code that another user of this machine runs; the tests run as root where they can."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as another user")


_BECOME_NOBODY = """
import fcntl, os, socket, stat, sys, time
from pathlib import Path
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""
"""The interpreter may lie in a folder that others cannot enter, so that it is loaded before."""


def run_as_nobody(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python code as a user without rights, after the modules above were imported."""
    return subprocess.run(
        _command(code, arguments),
        cwd="/",
        env=_uncovered(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start_as_nobody(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start the same, and return when it has printed a line."""
    process = subprocess.Popen(
        _command(code, arguments), cwd="/", env=_uncovered(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def let_others_enter(folder: Path) -> None:
    """Open a test's folder, which is private as pytest makes it, and those above it."""
    for each in (folder, *folder.parents):
        if each.stat().st_mode & stat.S_ISVTX:
            return  # the one for all users
        each.chmod(0o755)


def _uncovered() -> dict[str, str]:
    """Return the environment without the measuring of coverage, whose files others cannot write."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def _command(code: str, arguments: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-I", "-c", _BECOME_NOBODY + code, *map(str, arguments)]
