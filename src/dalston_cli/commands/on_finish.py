"""``--on-finish``: a command of the user's own, run once after a run, whatever came of it."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping

from dalston_cli.console import Console
from dalston_cli.console.envelope import Envelope
from dalston_cli.pipeline.events import RunFinished

_SECRET = re.compile(
    r"(^|_)(AUTH|CREDENTIALS?|KEYS?|PASSPHRASE|PASSWD|PASSWORDS?|SECRETS?|TOKENS?)(_|$)",
    re.IGNORECASE,
)
_NO_SECRET = frozenset({"SSH_AUTH_SOCK"})


def run_on_finish(
    command: str,
    report: RunFinished,
    console: Console,
    *,
    secrets: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run the command; its failure is a warning, and never changes what the run came to.

    What it prints goes to stderr: stdout is for the run's own data.

    Args:
        command: As typed; split into words as a shell does, and read by none.
        report: The run's summary, which the command gets as JSON and, in part, as variables.
        console: Prints the warning.
        secrets: Names of variables that hold secrets, whatever they are called.
        environ: The variables of this process.
    """
    summary = Envelope(
        command="transcribe", exit_code=report.exit_code, data=report, errors=report.errors
    )
    passed = {
        name: value
        for name, value in environ.items()
        if name in _NO_SECRET or not (name in secrets or _SECRET.search(name))
    }
    try:
        done = subprocess.run(
            shlex.split(command),
            input=summary.encode().encode(),
            stdout=_stderr(),
            env=passed | facts(report, summary.status),
            check=False,
        )
    except OSError as error:
        console.warning(f"--on-finish: {command}: {error.strerror or error}")
    except KeyboardInterrupt:
        console.warning(f"--on-finish: {command} was interrupted")
    else:
        if done.returncode:
            console.warning(f"--on-finish: {command}: ended with exit code {done.returncode}")


def facts(report: RunFinished, status: str) -> dict[str, str]:
    """Return the outcome as variables, none of which is a setting."""
    counts = report.counts
    return {
        "DALSTON_RUN_ID": report.run,
        "DALSTON_RUN_STATUS": status,
        "DALSTON_RUN_EXIT_CODE": str(report.exit_code),
        "DALSTON_RUN_DONE": str(counts.get("done", 0)),
        "DALSTON_RUN_UNCHANGED": str(counts.get("unchanged", 0)),
        "DALSTON_RUN_PARTIAL": str(counts.get("partial", 0)),
        "DALSTON_RUN_FAILED": str(counts.get("failed", 0)),
        "DALSTON_RUN_CANCELLED": str(counts.get("cancelled", 0)),
        "DALSTON_RUN_NOT_STARTED": str(counts.get("not_started", 0)),
        "DALSTON_RUN_AUDIO_S": f"{report.audio_s:.3f}",
        "DALSTON_RUN_ELAPSED_S": f"{report.elapsed_s:.3f}",
    }


def _stderr() -> int:
    """Return where the command may print."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return subprocess.DEVNULL
