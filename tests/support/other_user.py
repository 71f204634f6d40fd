"""Code that another user of this machine runs; the tests run as root where they can."""

import os
import subprocess
import sys

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
        [sys.executable, "-I", "-c", _BECOME_NOBODY + code, *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
