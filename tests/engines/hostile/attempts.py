"""Attempts and their outcomes, and the conditions under which an attempt is made."""

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

MARKER = "DALSTON_HOSTILE_ENGINE"
"""The variable that has to be set; only a test does so."""

LET_IT = "let it try"

NOTHING = "nothing"

_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt and its outcome.

    Attributes:
        outcome: ``done`` is what a sandbox has to prevent; ``saw`` only tells what there is.
        what: Without a colon at its end.
        why: The system's answer: an error's name, or what was found.
    """

    outcome: Literal["done", "refused", "saw"]
    what: str
    why: str

    def __str__(self) -> str:
        """Format the attempt for the transcript."""
        return f"{self.outcome} | {self.what} | {self.why}"


def attempt(what: str, act: Callable[[], object]) -> Attempt:
    """Try ``act``; any error of the system counts as refused."""
    try:
        found = act()
    except OSError as error:
        return Attempt(outcome="refused", what=what, why=error_name(error))
    return Attempt(outcome="done", what=what, why=str(found))


def saw(what: str, names: Iterable[str]) -> Attempt:
    """Return an attempt that saw ``names``, sorted."""
    return Attempt(outcome="saw", what=what, why=" ".join(sorted(set(names))) or NOTHING)


def error_name(error: OSError) -> str:
    """Return an error's symbol, such as ``EROFS``; its class if it has no number."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


def check_allowed() -> None:
    """Refuse to run unless a test asked for it and the container is read-only.

    Raises:
        EngineError: No test asked for it, or this is not a container with a read-only root.
    """
    if os.environ.get(MARKER) != LET_IT:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            "the hostile engine does nothing unasked",
            hint="only the tests of the sandbox run it",
        )
    contained = any(mark.exists() for mark in _CONTAINER_MARKS)
    if not contained or not os.statvfs("/").f_flag & os.ST_RDONLY:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            "the hostile engine runs only in a container whose root is read-only",
            hint="only the tests of the sandbox run it",
        )
