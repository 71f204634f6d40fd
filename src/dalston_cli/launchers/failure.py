"""Errors of engines: they crash, hang, or refuse a request."""

import shlex
import signal
from collections.abc import Sequence

from dalston_cli import errors
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import ExitState
from dalston_sdk.identity import LOCK_NAME
from dalston_sdk.wire import ErrorCode

NUM_LOG_LINES = 20
_MORE_MEMORY = (
    "let engines have more, such as export DALSTON_ENGINE_MEMORY_MB=8000, "
    "or take a smaller model or --batch-size"
)
_LESS_MEMORY = (
    "end other programs that take memory, or take a smaller model, --batch-size or --jobs"
)
_OF_ITS_MACHINE = frozenset(
    {
        *(ErrorCode.MODEL_MISSING, ErrorCode.MODEL_LOAD_FAILED),
        *(ErrorCode.DEVICE_LOST, ErrorCode.INTERNAL),
    }
)
"""Refusals for which the machine is the reason that the engine runs on, and not the request."""
_KILLED_EXITS = frozenset({-signal.SIGKILL, 128 + signal.SIGKILL})


class LockMissingError(errors.EngineUnavailableError):
    """An engine's folder has no lock to build an environment from."""

    code = "lock_missing"

    def __init__(self, engine: EngineEntry) -> None:
        wanted, lock = (
            shlex.quote(f"{engine.folder}/{name}") for name in ("requirements.in", LOCK_NAME)
        )
        super().__init__(
            f"engine {engine.name} has no {LOCK_NAME} in {engine.folder}",
            hint=f"uv pip compile --generate-hashes {wanted} -o {lock}",
        )


class EngineCrashedError(errors.EngineUnavailableError):
    """An engine's process ended unexpectedly.

    Attributes:
        killed: It was killed from outside, which need not happen again.
    """

    code = "engine_crashed"

    def __init__(
        self, engine: str, end: ExitState, lines: Sequence[str], *, when: str, see_log: str
    ) -> None:
        short = _LESS_MEMORY if end.memory_short and end.exit_code in _KILLED_EXITS else see_log
        super().__init__(
            f"engine {engine} {explain_exit(end)} {when}{show_log(lines)}",
            hint=_MORE_MEMORY if end.out_of_memory else short,
        )
        self.killed = end.exit_code in _KILLED_EXITS and not end.out_of_memory


class EngineSilentError(errors.EngineUnavailableError):
    """An engine's process runs and does not respond."""

    code = "engine_silent"

    def __init__(self, engine: str, problem: str, lines: Sequence[str], *, see_log: str) -> None:
        super().__init__(f"engine {engine} {problem}{show_log(lines)}", hint=see_log)


class EngineFailedError(errors.EngineUnavailableError):
    """An engine runs and reports that it cannot work."""

    code = "engine_failed"

    def __init__(self, engine: str, problem: str, lines: Sequence[str], *, see_log: str) -> None:
        problem = f"cannot work: {problem}"
        super().__init__(f"engine {engine} {problem}{show_log(lines)}", hint=see_log)


class EngineProtocolError(errors.EngineUnavailableError):
    """An engine speaks a version of the protocol that this Dalston does not."""

    code = "engine_protocol"

    def __init__(self, engine: str, problem: str, *, elsewhere: str | None = None) -> None:
        where = f" on the machine of {elsewhere}" if elsewhere else ""
        super().__init__(
            f"engine {engine} and this Dalston do not understand each other: {problem}",
            hint=f"bring both to the same version, then{where}: dalston engines restart {engine}",
        )


class LauncherUnavailableError(errors.EngineUnavailableError):
    """A launcher does not work at all, so it can start no engine.

    Attributes:
        launcher: Its name.
    """

    code = "launcher_unavailable"
    launcher: str


class NoLogError(errors.EngineUnavailableError):
    """An engine never wrote a log here, or its logs were removed."""

    code = "no_log"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"engine {engine} has no log on this machine",
            hint=f"start it first: dalston engines start {engine}",
        )


class EngineRefusal(errors.DalstonError):
    """An engine answered that it could not do what it was asked; ``reason`` is the wire's code."""

    def __init__(
        self, engine: str, reason: ErrorCode, message: str, *, retryable: bool, hint: str
    ) -> None:
        super().__init__(f"engine {engine}: {message}", hint=hint)
        self.engine = engine
        self.reason = reason
        self.retryable = retryable


class RequestRefusedError(EngineRefusal, errors.UsageError):
    """The request asks for something that the engine does not do."""

    code = "request_refused"


class AudioRefusedError(EngineRefusal, errors.InputError):
    """The engine cannot use the audio."""

    code = "audio_refused"


class ModelRefusedError(EngineRefusal, errors.ModelUnavailableError):
    """The engine does not find the model or cannot load it."""

    code = "model_refused"


class WorkFailedError(EngineRefusal, errors.EngineUnavailableError):
    """The engine ran out of memory, lost its GPU, or went wrong inside."""

    code = "work_failed"


_REFUSALS: dict[ErrorCode, type[EngineRefusal]] = {
    ErrorCode.INVALID_REQUEST: RequestRefusedError,
    ErrorCode.UNSUPPORTED_OPTION: RequestRefusedError,
    ErrorCode.AUDIO_INVALID: AudioRefusedError,
    ErrorCode.MODEL_MISSING: ModelRefusedError,
    ErrorCode.MODEL_LOAD_FAILED: ModelRefusedError,
}


def explain_refusal(
    engine: str, reason: ErrorCode, message: str, *, retryable: bool, hint: str
) -> EngineRefusal:
    """Return the error for a refusal, of the kind that its reason belongs to."""
    kind = _REFUSALS.get(reason, WorkFailedError)
    return kind(engine, reason, message, retryable=retryable, hint=hint)


def hint_for(
    reason: ErrorCode, hint: str | None, *, see_log: str, elsewhere: str | None = None
) -> str:
    """Return the hint of a refusal.

    Args:
        reason: The engine's reason.
        hint: The engine's own hint.
        see_log: Where its log is, for a refusal without a hint.
        elsewhere: URL of an engine on another machine, of which its hint then speaks.
    """
    if hint is None:
        return see_log
    there = elsewhere is not None and reason in _OF_ITS_MACHINE
    return f"on the machine of {elsewhere}: {hint}" if there else hint


def explain_exit(end: ExitState) -> str:
    """Describe the end of a process as the verb of a sentence."""
    exit_code = end.exit_code
    if end.out_of_memory:
        return "was killed because it took more memory than it may"
    if exit_code is None:
        return "ended"
    if exit_code in _KILLED_EXITS:
        short = ", probably because the machine's memory ran out,"
        return f"was killed (SIGKILL){short if end.memory_short else ' from outside'}"
    if exit_code < 0:
        return f"was ended by {_signal_name(-exit_code)}"
    return f"ended with exit code {exit_code}"


def show_log(lines: Sequence[str]) -> str:
    """Return the last lines of a log as the end of a message."""
    if not lines:
        return ""
    return "; the last lines of its log:" + "".join(f"\n  {line}" for line in lines)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
