"""Every error that Dalston explains to a person.

The tree, with the exit code each branch ends in:

    DalstonError                     1
    ├── UsageError                   2   the command line asks for something impossible
    ├── InputError                   3   a recording cannot be used
    ├── ConfigurationError           4   a catalog or a settings file is wrong
    ├── UnavailableError             5   an engine, a model or a machine's part is not there
    │   ├── EngineUnavailableError       it does not start, died, or does not answer
    │   ├── ModelUnavailableError        it is not installed, gated, or cannot be pulled
    │   └── NoRoomError                  a disk is full, or takes no writing any more
    └── InterruptedRunError        130   Ctrl-C

A run whose recordings failed ends with exit code 6 or 7 and raises nothing.
Leaves live beside the code that raises them and build their own message from typed arguments.
Errors are raised anywhere and caught in two places only: ``app.main`` and, per recording,
``pipeline.running.run``.
"""

import shlex
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, ClassVar


def installing(extra: str) -> str:
    """Return the command that installs an extra where this Dalston is installed."""
    return f"{shlex.quote(sys.executable)} -m pip install 'dalston[{extra}]'"


class ExitCode(IntEnum):
    """Codes that the process returns to the shell."""

    OK = 0
    BUG = 1
    USAGE = 2
    INPUT = 3
    CONFIGURATION = 4
    UNAVAILABLE = 5
    ALL_FAILED = 6
    SOME_FAILED = 7
    INTERRUPTED = 130
    CLOSED_PIPE = 141

    @classmethod
    def of_failures(cls, num_failed: int, num_all: int) -> "ExitCode":
        """Return the code of a command that did its work on one file after the other."""
        if not num_failed:
            return cls.OK
        return cls.ALL_FAILED if num_failed == num_all else cls.SOME_FAILED


class DalstonError(Exception):
    """Something went wrong that a person can understand and act on.

    Args:
        message: What happened, and where, in one sentence without a full stop.
        hint: What to do next, with a command to copy where there is one.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Callable[..., "DalstonError"], tuple[Any, ...]]:
        """Pickle what a leaf has built, whatever its own arguments are."""
        return _restored, (type(self), self.args, vars(self))


class UsageError(DalstonError):
    """The command line asks for something impossible or contradictory."""

    code = "usage"
    exit_code = ExitCode.USAGE


class InputError(DalstonError):
    """A recording cannot be used; other recordings are not affected."""

    code = "input"
    exit_code = ExitCode.INPUT


class ConfigurationError(DalstonError):
    """A catalog or a settings file is wrong."""

    code = "configuration"
    exit_code = ExitCode.CONFIGURATION


class UnavailableError(DalstonError):
    """An engine, a model or a part of this machine is not available."""

    code = "unavailable"
    exit_code = ExitCode.UNAVAILABLE


class EngineUnavailableError(UnavailableError):
    """An engine does not start, died, or does not answer."""

    code = "engine_unavailable"


class ModelUnavailableError(UnavailableError):
    """A model is not installed, gated, or cannot be pulled."""

    code = "model_unavailable"


class NoRoomError(UnavailableError):
    """A disk that every recording needs is full, or takes no writing any more."""

    code = "no_room"


class InterruptedRunError(DalstonError):
    """The user pressed Ctrl-C."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


def _restored(
    kind: type[DalstonError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> DalstonError:
    """Return an error that was made in another process."""
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(attributes)
    return error
