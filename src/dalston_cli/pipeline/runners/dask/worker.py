"""What runs in a worker of Dask: it introduces itself, and works on one recording after the other.

Both functions are named by the command and found here by the worker, so that the version is
compared before anything else is understood.
"""

import asyncio
import pickle
import secrets
from weakref import WeakKeyDictionary

import msgspec
from distributed import Worker, get_worker

from dalston_cli import __version__
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import Event
from dalston_cli.pipeline.jobs.base import Work
from dalston_cli.pipeline.runners.dask.bench import Bench
from dalston_cli.pipeline.runners.dask.errors import Unfit, host
from dalston_cli.pipeline.runners.dask.messages import (
    Answer,
    Introduction,
    Notes,
    Report,
    Setup,
    Site,
    Task,
    answer,
    refusal,
    topic_of,
)
from dalston_cli.pipeline.runners.dask.site import check_site
from dalston_cli.pipeline.running.failures import explained

_LOOK_S = 0.25
"""Between two looks whether the work is still wanted."""

_benches: WeakKeyDictionary[Worker, Bench] = WeakKeyDictionary()


def introduce(version: str, site: bytes) -> Answer:
    """Say what this worker has, or why it cannot work for a command of this version."""
    if version != __version__:
        return _other_version(version)
    wanted: Site = pickle.loads(site)  # noqa: S301 - all that Dask sends is pickled
    try:
        check_site(wanted)
    except Unfit as unfit:
        return refusal(unfit.problem, unfit.hint)
    return answer(Introduction(host=host(), machine=probe_machine()))


async def work(version: str, setup: bytes, task: bytes, key: str) -> Answer:
    """Do the engines' part of one job, until it is done or Dask does not want it any more."""
    if version != __version__:
        return _other_version(version)
    worker = get_worker()
    doing = asyncio.ensure_future(
        _work(worker, pickle.loads(setup), pickle.loads(task))  # noqa: S301 - all that Dask sends is pickled
    )
    try:
        while not doing.done():
            await asyncio.wait({doing}, timeout=_LOOK_S)
            if not _is_wanted(worker, key):
                return refusal("cancelled", "")  # Dask drops it
        return doing.result()
    except Unfit as unfit:
        return refusal(unfit.problem, unfit.hint)
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)


async def _work(worker: Worker, setup: Setup, task: Task) -> Answer:
    await asyncio.to_thread(check_site, setup.site)
    teller = _Teller(worker, setup.site.run, task.job.number)
    teller.began()
    bench = _bench(worker, setup)
    notes = Notes(attempt=teller.attempt)
    done: Work | None = None
    error: DalstonError | None = None
    try:
        done = await bench.work(task, notes, teller.tell)
    except Unfit:
        raise
    except Exception as failure:  # noqa: BLE001 - the command tells of it, as of its own
        error = explained(failure, task.job.recording.name)
    return answer(
        Report(
            work=done,
            error=error,
            notes=notes,
            num_events=teller.num_events,
            fingerprints=bench.fingerprints,
        )
    )


class _Teller:
    """Sends events to the command.

    Attributes:
        attempt: A name for this try, which other workers' tries of the same job do not have.
        num_events: Those that were sent.
    """

    def __init__(self, worker: Worker, run: str, job: int) -> None:
        self.attempt = secrets.token_hex(8)
        self.num_events = 0
        self._worker = worker
        self._topic = topic_of(run)
        self._job = job

    def began(self) -> None:
        """Tell where the work is done."""
        self._send(host=host())

    def tell(self, event: Event) -> None:
        """Send an event."""
        self.num_events += 1
        self._send(event=msgspec.json.encode(event).decode())

    def _send(self, **more: str) -> None:
        message = {"job": self._job, "attempt": self.attempt} | more
        self._worker.log_event(self._topic, message)


def _bench(worker: Worker, setup: Setup) -> Bench:
    """Return what this worker works with for a run; that of an earlier run closes by itself."""
    bench = _benches.get(worker)
    if bench is None or bench.run != setup.site.run:
        of_engines = _Teller(worker, setup.site.run, job=0)
        bench = _benches[worker] = Bench(setup, worker.address, of_engines.tell)
    return bench


def _is_wanted(worker: Worker, key: str) -> bool:
    """Return False where the task was cancelled, or the command or the scheduler is gone."""
    state = worker.state.tasks.get(key)
    return state is not None and state.state not in {"cancelled", "released", "forgotten"}


def _other_version(version: str) -> Answer:
    return refusal(
        f"worker {{worker}} has Dalston {__version__}, and this is {version}",
        f"run this there, and start it again: pip install 'dalston[dask]=={version}'",
    )
