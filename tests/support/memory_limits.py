"""Limits the memory of a running process, so that its next large allocation really fails."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dalston_sdk.wire import Result


def virtual_bytes(pid: int) -> int:
    """Return the size of a process's address space."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


@contextmanager
def memory_limited(pid: int, *, more_mb: int) -> Iterator[None]:
    """Let a process take so many MB more than it has, for as long as the context lasts.

    Reference: prlimit(2), ``RLIMIT_AS``.
    """
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    limit = virtual_bytes(pid) + more_mb * 1_000_000
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)


def reason_of_smaller_batches(result: Result) -> str:
    """Return what a result says of batches that did not fit."""
    [message] = [each.message for each in result.warnings if each.code == "batch_reduced"]
    return message
