"""``--on-finish``: a command of the user's own, run once after a run, whatever came of it."""

import io
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

import msgspec

from dalston_cli.console import Console
from dalston_cli.console.envelope import Envelope, encode_json
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.events import RunFinished
from dalston_cli.watching.watcher import Arrived

_SECRET = re.compile(
    r"(^|_)(AUTH|KEYS?)(_|$)|CREDENTIAL|PASSPHRASE|PASSWD|PASSWORD|SECRET|APIKEY|_PWD$"
    r"|TOKENS?(_|$)",
    re.IGNORECASE,
)
_NO_SECRET = frozenset({"SSH_AUTH_SOCK"})
_END_S = 2.0
"""A command that is interrupted may take so long before it is killed."""


def run_on_finish(
    command: str,
    report: RunFinished,
    console: Console,
    *,
    secrets: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run the command; its failure is a warning, and never changes what the run came to.

    What it prints goes to stderr: stdout is for the run's own data. It has a session of its own;
    Ctrl-C, SIGTERM or SIGHUP, once, ends it with every process that it started there.

    Args:
        command: As typed; split into words as a shell does, and read by none.
        report: The run's summary, which the command gets as JSON and, in part, as variables.
        console: Prints that the command runs, and the warning.
        secrets: Names of variables that hold secrets, whatever they are called.
        environ: The variables of this process.
    """
    summary = Envelope(
        command="transcribe", exit_code=report.exit_code, data=report, errors=report.errors
    )
    given = facts(report, summary.status)
    _run_command(
        command, summary.encode(), _without_secrets(environ, secrets) | given, console=console
    )


def run_on_arrival(
    command: str,
    arrived: Arrived,
    console: Console,
    *,
    secrets: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> bool:
    """Run the command for one recording of a watched folder, as ``run_on_finish`` does for a run.

    Returns:
        False if it was interrupted.
    """
    data = encode_json({"path": arrived.path, **msgspec.to_builtins(arrived.finished)})
    passed = _without_secrets(environ, secrets) | recording_facts(arrived)
    return _run_command(command, f"{data}\n", passed, console=console)


def _without_secrets(environ: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in _NO_SECRET or not (name in secrets or _SECRET.search(name))
    }


def _run_command(command: str, data: str, environ: dict[str, str], *, console: Console) -> bool:
    """Run the command, and warn of its failure; return False if it was interrupted."""
    console.info(f"running {command} (Ctrl-C ends it)")
    try:
        with _signals_as_interrupts():
            code = _run(shlex.split(command), data.encode(), environ)
    except OSError as error:
        console.warning(f"--on-finish: {command}: {error.strerror or error}")
    except ValueError as error:  # a null character, which a settings file can hold
        console.warning(f"--on-finish: {command}: {error}")
    except KeyboardInterrupt:
        console.warning(f"--on-finish: {command} was interrupted")
        return False
    else:
        if code:
            console.warning(f"--on-finish: {command}: ended with exit code {code}")
    return True


def _run(words: list[str], data: bytes, environ: dict[str, str]) -> int:
    """Run to the end and return the exit code; an interrupt ends the whole session."""
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=_stderr(), env=environ, start_new_session=True
    )
    try:
        process.communicate(data)
    except KeyboardInterrupt:
        _end(process)
        raise
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started: politely, then by force."""
    try:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does, or the command would be left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def facts(report: RunFinished, status: str) -> dict[str, str]:
    """Return the outcome as variables, none of which is a setting."""
    counts, shard = report.counts, report.shard
    return {
        **({"DALSTON_RUN_SHARD": f"{shard.number}/{shard.of}"} if shard else {}),
        "DALSTON_RUN_ID": report.run,
        "DALSTON_RUN_STATUS": status,
        "DALSTON_RUN_EXIT_CODE": str(report.exit_code),
        "DALSTON_RUN_DONE": str(counts.get("done", 0)),
        "DALSTON_RUN_UNCHANGED": str(counts.get("unchanged", 0)),
        "DALSTON_RUN_PARTIAL": str(counts.get("partial", 0)),
        "DALSTON_RUN_FAILED": str(counts.get("failed", 0)),
        "DALSTON_RUN_KNOWN_BAD": str(counts.get("known_bad", 0)),
        "DALSTON_RUN_CANCELLED": str(counts.get("cancelled", 0)),
        "DALSTON_RUN_NOT_STARTED": str(counts.get("not_started", 0)),
        "DALSTON_RUN_AUDIO_S": f"{report.audio_s:.3f}",
        "DALSTON_RUN_ELAPSED_S": f"{report.elapsed_s:.3f}",
    }


def recording_facts(arrived: Arrived) -> dict[str, str]:
    """Return one recording's outcome as variables: its path, and one for each of its outputs."""
    outputs: dict[str, str] = {}
    for output in arrived.finished.outputs:
        endings = {one.extension for one in WRITERS.values() if output.endswith(one.extension)}
        ending = max(endings, key=len, default="")
        names = [name for name, one in WRITERS.items() if one.extension == ending]
        outputs |= {f"DALSTON_RECORDING_{name.upper().replace('-', '_')}": output for name in names}
    return {
        **outputs,
        "DALSTON_RECORDING_PATH": arrived.path,
        "DALSTON_RECORDING_STATUS": arrived.finished.status,
    }


def _stderr() -> int:
    """Return where the command may print."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return subprocess.DEVNULL
