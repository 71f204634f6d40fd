"""Messages about failures of engines."""

import pytest

from dalston_cli.errors import ExitCode
from dalston_cli.launchers.base import ExitState
from dalston_cli.launchers.failure import (
    AudioRefusedError,
    EngineCrashedError,
    EngineFailedError,
    EngineProtocolError,
    EngineRefusal,
    EngineSilentError,
    ModelRefusedError,
    RequestRefusedError,
    WorkFailedError,
    explain_exit,
    explain_refusal,
    hint_for,
)
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_sdk.wire import ErrorCode

LOG = "see the whole log: dalston engines logs fake"
URL = "http://gpu:8400"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, "ended"),
        (0, "ended with exit code 0"),
        (70, "ended with exit code 70"),
        (-9, "was killed (SIGKILL) from outside"),
        (137, "was killed (SIGKILL) from outside"),
        (-11, "was ended by SIGSEGV"),
        (-120, "was ended by signal 120"),
    ],
)
def test_how_a_process_ended(code: int | None, expected: str) -> None:
    assert explain_exit(ExitState(state="exited", exit_code=code)) == expected


def test_a_kill_is_blamed_on_memory_only_where_memory_ran_out() -> None:
    end = ExitState(state="exited", exit_code=-9, memory_short=True)
    error = EngineCrashedError("fake", end, [], when="while it worked", see_log=LOG)
    assert error.message == (
        "engine fake was killed (SIGKILL), probably because the machine's memory ran out, "
        "while it worked"
    )
    assert error.hint == (
        "end other programs that take memory, or take a smaller model, --batch-size or --jobs"
    )
    crash = ExitState(state="exited", exit_code=-11, memory_short=True)
    error = EngineCrashedError("fake", crash, [], when="while it worked", see_log=LOG)
    assert (error.message, error.hint) == ("engine fake was ended by SIGSEGV while it worked", LOG)


def test_memory_beyond_the_limit_is_named() -> None:
    end = ExitState(state="exited", exit_code=137, out_of_memory=True)
    error = EngineCrashedError("fake", end, [], when="while it worked", see_log=LOG)
    assert error.message == (
        "engine fake was killed because it took more memory than it may while it worked"
    )
    assert error.hint is not None
    assert "DALSTON_ENGINE_MEMORY_MB" in error.hint


def test_a_crash_shows_the_log_and_the_command_for_more() -> None:
    end = ExitState(state="exited", exit_code=3)
    error = EngineCrashedError(
        "fake", end, ["first", "second"], when="before it was ready", see_log=LOG
    )
    assert error.message == (
        "engine fake ended with exit code 3 before it was ready; "
        "the last lines of its log:\n  first\n  second"
    )
    assert error.hint == LOG
    assert error.exit_code is ExitCode.UNAVAILABLE


def test_without_a_log_nothing_is_shown() -> None:
    silent = EngineSilentError("fake", "hangs", [], see_log=LOG)
    assert (silent.message, silent.hint) == ("engine fake hangs", LOG)
    failed = EngineFailedError("fake", "no GPU", [], see_log=LOG)
    assert (failed.message, failed.hint) == ("engine fake cannot work: no GPU", LOG)


def test_another_protocol_says_how_to_get_the_same() -> None:
    error = EngineProtocolError("fake", "it speaks 9")
    assert error.message.endswith("do not understand each other: it speaks 9")
    assert error.hint == "bring both to the same version, then: dalston engines restart fake"
    error = EngineProtocolError("fake", "it speaks 9", elsewhere="http://gpu:8400")
    assert error.hint == (
        "bring both to the same version, then on the machine of http://gpu:8400: "
        "dalston engines restart fake"
    )


@pytest.mark.parametrize(
    ("reason", "kind", "exit_code"),
    [
        (ErrorCode.INVALID_REQUEST, RequestRefusedError, ExitCode.USAGE),
        (ErrorCode.UNSUPPORTED_OPTION, RequestRefusedError, ExitCode.USAGE),
        (ErrorCode.AUDIO_INVALID, AudioRefusedError, ExitCode.INPUT),
        (ErrorCode.MODEL_MISSING, ModelRefusedError, ExitCode.UNAVAILABLE),
        (ErrorCode.MODEL_LOAD_FAILED, ModelRefusedError, ExitCode.UNAVAILABLE),
        (ErrorCode.OUT_OF_MEMORY, WorkFailedError, ExitCode.UNAVAILABLE),
        (ErrorCode.DEVICE_LOST, WorkFailedError, ExitCode.UNAVAILABLE),
        (ErrorCode.BUSY, WorkFailedError, ExitCode.UNAVAILABLE),
        (ErrorCode.INTERNAL, WorkFailedError, ExitCode.UNAVAILABLE),
    ],
)
def test_what_a_refusal_means(
    reason: ErrorCode, kind: type[EngineRefusal], exit_code: ExitCode
) -> None:
    error = explain_refusal("fake", reason, "no", retryable=True, hint=LOG)
    assert type(error) is kind
    assert (error.reason, error.retryable, error.exit_code) == (reason, True, exit_code)
    assert error.message == "engine fake: no"
    assert error.hint == LOG


@pytest.mark.parametrize(
    ("reason", "hint", "expected"),
    [
        pytest.param(ErrorCode.MODEL_MISSING, "pull it", f"on the machine of {URL}: pull it"),
        pytest.param(ErrorCode.DEVICE_LOST, "nvidia-smi", f"on the machine of {URL}: nvidia-smi"),
        pytest.param(ErrorCode.OUT_OF_MEMORY, "a smaller batch", "a smaller batch"),
        pytest.param(ErrorCode.UNSUPPORTED_OPTION, "leave it out", "leave it out"),
        pytest.param(ErrorCode.INTERNAL, None, LOG),
    ],
)
def test_hints_about_another_machine_name_it(
    reason: ErrorCode, hint: str | None, expected: str
) -> None:
    assert hint_for(reason, hint, see_log=LOG, elsewhere=URL) == expected
    assert hint_for(reason, hint, see_log=LOG) == (hint or LOG)


def test_every_reason_is_explained() -> None:
    for reason in ErrorCode:
        error = explain_refusal("fake", reason, "no", retryable=False, hint="do this")
        assert error.hint == "do this"


def test_pauses_grow_up_to_a_limit() -> None:
    limits = PoolLimits(pause_s=1, longest_pause_s=5)
    assert [limits.pause(attempt) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 5]
