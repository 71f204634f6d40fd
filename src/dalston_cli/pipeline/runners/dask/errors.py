"""Reasons why jobs cannot be run by Dask."""

import os
import sys

from dalston_cli import __version__
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import EngineUnavailableError, ExitCode, UnavailableError, UsageError
from dalston_cli.pipeline.jobs.base import RunnerLostError


class DaskMissingError(UnavailableError):
    """Dask's library is not installed."""

    code = "dask_missing"

    def __init__(self, library: str) -> None:
        super().__init__(
            f"--runner dask needs the library {library}, which is not installed",
            hint=f"{sys.executable} -m pip install 'dalston[dask]=={__version__}'",
        )


class DaskOptionError(UsageError):
    """An option cannot be had together with ``--runner dask``."""

    code = "dask_option"

    def __init__(self, option: str, reason: str, hint: str) -> None:
        super().__init__(f"{option} cannot be had with --runner dask: {reason}", hint=hint)


class DaskSettingsError(RunnerLostError):
    """A file of Dask's own settings cannot be read, and nothing of Dask works without."""

    code = "dask_settings"
    exit_code = ExitCode.CONFIGURATION

    def __init__(self, problem: str) -> None:
        super().__init__(
            " ".join(problem.replace("\\n", " ").split()),
            hint="correct the file, or remove it: ls ~/.config/dask /etc/dask $DASK_CONFIG",
        )


class SchedulerUnreachableError(UnavailableError):
    """No scheduler answers at the address."""

    code = "scheduler_unreachable"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"no scheduler of Dask answers at {address}: {reason}",
            hint="start one: dask scheduler --host ADDRESS; see docs/cluster.md",
        )


class NoWorkerError(UnavailableError):
    """A scheduler has no worker."""

    code = "no_worker"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"the scheduler at {address} has no worker",
            hint=f"start one where the engines are to run: dask worker {address} --nthreads 2",
        )


class NoGpuWorkerError(UnavailableError):
    """A model is to run on a GPU, and no worker offers one."""

    code = "no_gpu_worker"

    def __init__(self, address: str, model: str) -> None:
        super().__init__(
            f"{model} is to run on a GPU, and no worker of the scheduler at {address} offers one",
            hint=f"start one for each: CUDA_VISIBLE_DEVICES=0 dask worker {address} --nthreads 2 "
            "--resources GPU=1; or use --device cpu",
        )


class WorkerUnfitError(RunnerLostError):
    """No worker is left that can do the work."""

    code = "worker_unfit"

    def __init__(self, problem: str, hint: str | None) -> None:
        super().__init__(problem, hint=hint)


class SchedulerLostError(RunnerLostError):
    """The scheduler ended, or cannot be reached any more."""

    code = "scheduler_lost"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"the scheduler at {address} is gone",
            hint="start it and its workers again, then run the same command again: what was done "
            "is not done twice",
        )


class WorkersDiedError(EngineUnavailableError):
    """Every worker that worked on a recording died of it."""

    code = "workers_died"

    def __init__(self, name: str, number: int, last: str) -> None:
        super().__init__(
            f"{number} workers died while they worked on {shown_name(name)}; the last one was "
            f"{last}",
            hint="look at the workers' logs; where memory was short, use fewer or larger workers",
        )


class WorkCancelledError(UnavailableError):
    """The scheduler was told by another program to drop the work."""

    code = "work_cancelled"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the work on {shown_name(name)} was cancelled at the scheduler: {reason}",
            hint="run the same command again",
        )


def work_error(error: Exception, name: str, address: str, *, is_lost: bool) -> UnavailableError:
    """Return what an error of Dask means for the work on a recording.

    Args:
        error: ``FutureCancelledError``, ``KilledWorker``, or ``CommClosedError``, which comes
            where the scheduler ends while it is asked for a result.
        name: The recording.
        address: The scheduler.
        is_lost: The connection to the scheduler has ended.
    """
    from distributed import KilledWorker  # noqa: PLC0415 - asked for Dask only
    from distributed.client import FutureCancelledError  # noqa: PLC0415 - likewise

    if isinstance(error, KilledWorker):
        return WorkersDiedError(name, error.allowed_failures + 1, error.last_worker.address)
    reason = error.reason if isinstance(error, FutureCancelledError) else ""
    if reason and reason != "scheduler-connection-lost" and not is_lost:
        return WorkCancelledError(name, reason)
    return SchedulerLostError(address)


class Unfit(Exception):  # noqa: N818 - it is no failure of the work, which another worker can do
    """A worker cannot do what others may.

    Args:
        problem: Why, with ``{worker}`` for its name.
        hint: What to do about it, likewise.
    """

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def host() -> str:
    """Return the name of this machine."""
    return os.uname().nodename
