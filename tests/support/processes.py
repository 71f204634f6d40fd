"""Finds the processes that a test started, by the folders that they were told of."""

import re
from pathlib import Path

import psutil


def processes_of(*folders: Path, by_variables: bool = True) -> list[psutil.Process]:
    """Every running process whose command line or variables name one of ``folders``.

    Args:
        folders: Or files below them; ``pytest-1`` is not found in ``pytest-10``.
        by_variables: Look at the variables with which a process was started, too.
    """
    named = re.compile(rf"(?:{'|'.join(re.escape(str(each)) for each in folders)})(?![\w.-])")
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if by_variables:
                words = [*words, *process.environ().values()]
            if any(map(named.search, words)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def line_of(process: psutil.Process) -> str:
    """Its command line; empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
