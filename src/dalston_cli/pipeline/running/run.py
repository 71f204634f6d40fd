"""Many recordings, each a job for the runner. One job's failure is never another's.

Recordings are begun longest first, or as the user wants; a few more are in work than the engine
has slots, so that the next ones are decoded while it works, as long as there is room for their
audio. A staged run goes over all of them in each of its turns, and stops engines between them. An
engine that cannot be had at all ends the run: it is not tried again for every recording.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from dalston_cli.errors import DalstonError, ExitCode, NoRoomError, UnavailableError
from dalston_cli.pipeline import events
from dalston_cli.pipeline.jobs.base import EngineStates, Job, Runner, RunnerLostError
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.history import measured_rtfx, seconds_per_byte
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalError
from dalston_cli.pipeline.running.current_plans import CurrentPlans
from dalston_cli.pipeline.running.decoded_room import DecodedRoom
from dalston_cli.pipeline.running.engine_failures import EngineFailures
from dalston_cli.pipeline.running.failures import explained, is_of_its_bytes
from dalston_cli.pipeline.running.interrupts import handled_interrupts
from dalston_cli.pipeline.running.lengths import Lengths
from dalston_cli.pipeline.running.life import RunLife, errors_of
from dalston_cli.pipeline.running.queue import KeptChangingError, RunQueue
from dalston_cli.pipeline.running.run_spec import Item, RunSpec
from dalston_cli.pipeline.running.summary import NOT_STARTED

MOST_EXTRA = 16
"""Recordings in work at most besides ``jobs``, for those that wait for another run."""

PASSED_AT_ONCE = 50
"""Finished recordings that are passed over before others have their turn."""


@dataclass
class _Begun:
    """A job that was begun, and how it ended."""

    item: Item
    number: int
    clock: float
    plan: RecordingPlan | None = None
    outcome: events.JobFinished | events.JobWaiting | None = None

    @property
    def name(self) -> str:
        return self.item.recording.name


class Run(RunLife):
    """Work on many recordings."""

    def __init__(
        self,
        spec: RunSpec,
        runner: Runner,
        journal: Journal,
        engines: EngineStates,
        emit: Callable[[events.Event], None],
    ) -> None:
        super().__init__(journal, emit, spec.shard)
        self._spec = spec
        self._runner = runner
        self._engines = engines
        self._plans = CurrentPlans(spec, engines, emit)
        self._lengths = Lengths(partial(seconds_per_byte, journal), spec.options.clip)
        self._room = DecodedRoom(spec.decoded_bytes)
        self._queue = RunQueue(spec, self._lengths)
        self._num_extra = 0
        self._engine_failures = EngineFailures(engines)
        self._num_passed = 0

    async def run(self) -> events.RunFinished:
        """Work on every recording; return how it ended."""
        clock = time.monotonic()
        number = len(self._spec.recordings)
        self.begin(number, lambda run: self._started(run, number))
        errors: list[BaseException] = []
        with handled_interrupts(self.interrupt):
            for turn in self._queue.turns():
                if turn.idle:
                    await self._engines.stop(turn.idle)
                if self.stopped or errors:
                    break
                workers = min(self._spec.jobs, number)
                self.workers = [asyncio.create_task(self._work()) for _ in range(workers)]
                while not all(worker.done() for worker in self.workers):  # there may be more
                    await asyncio.gather(*self.workers, return_exceptions=True)
                errors += errors_of(self.workers)
        return await self._ended(clock, errors)

    async def _ended(self, clock: float, errors: list[BaseException]) -> events.RunFinished:
        """Note how the run ended, and return it."""
        complete = not (self.stopped or errors)
        for item in self._queue.left() if complete else ():
            with self._begun(item):
                raise KeptChangingError(item.recording.name)
        self.summary.counts["cancelled"] += self._queue.num_waiting
        self.summary.counts[NOT_STARTED] += self._queue.num_untouched
        taken = await self._engines.taken() if complete else ()
        elapsed_s = time.monotonic() - clock
        return self.end(errors, lambda: self._reported(elapsed_s, errors, taken))

    def _started(self, run: str, number: int) -> events.RunStarted:
        """Return the first event, with what was measured of the first recording's stages."""
        rtfx = partial(measured_rtfx, self._journal)
        costs = [self._plans.costs(recording, rtfx) for recording in self._spec.recordings[:1]]
        return events.RunStarted(
            run=run,
            num_recordings=number,
            stages=costs[0] if costs else {},
            shard=self._spec.shard,
            schedule=self._spec.schedule.info,
        )

    def begin_one_more(self) -> None:
        """Take another recording into work, because one waits for what another run does."""
        if not self.stopped and self._num_extra < MOST_EXTRA:
            self._num_extra += 1
            extra = asyncio.create_task(self._work(most=1))
            extra.add_done_callback(self._extra_ended)
            self.workers.append(extra)

    def _extra_ended(self, _: asyncio.Task[None]) -> None:
        self._num_extra -= 1

    async def _work(self, most: int | None = None) -> None:
        """Take one recording after the other, until there is none or the run stops.

        Args:
            most: Number of recordings; None for no limit.
        """
        for item in itertools.islice(self._taken(), most):
            with self.ended_by_what_ends_all():
                if self._was_finished_before(item):
                    await self._let_others_run()
                else:
                    with self._begun(item) as begun:
                        async with self._room.held(self._lengths.of(item.recording)):
                            while begun.outcome is None:  # again where a launcher was lost
                                with self._plans.renewed():
                                    begun.outcome = await self._runner.run(self._job(begun))

    def _taken(self) -> Iterator[Item]:
        """Yield the next recording, until there is none or the run stops."""
        while not self.stopped and (item := self._queue.take()) is not None:
            yield item

    def _was_finished_before(self, item: Item) -> bool:
        """Report a recording of which the journal says that nothing has to be done."""
        if self._spec.options.overwrite or item.number:
            return False
        try:
            plan = self._plans.of(item.recording)
        except DalstonError:
            return False  # its job says so
        finished = self._runner.finished_before(self._spec.job(item, plan))
        if finished is None:
            return False
        self._plans.note(plan)
        self._engine_failures.reset()
        self._journal.note_unchanged(self._id, item.recording, finished)
        self.summary.add(finished)
        self._emit(finished)
        return True

    async def _let_others_run(self) -> None:
        """Let Ctrl-C and other recordings have their turn, now and then."""
        self._num_passed += 1
        if self._num_passed % PASSED_AT_ONCE == 0:
            await asyncio.sleep(0)

    def _job(self, begun: _Begun) -> Job:
        """Return the job of a recording under the plan of now."""
        begun.plan = self._plans.of(begun.item.recording)
        return self._spec.job(begun.item, begun.plan, begun.number)

    @contextmanager
    def _begun(self, item: Item) -> Iterator[_Begun]:
        """Note a job's beginning and end; its error is its own, and never another's."""
        clock, recording = time.monotonic(), item.recording
        suffix = recording.relative.suffix.lower()
        try:
            number = item.number or self._journal.begin_job(
                self._id, recording.name, suffix=suffix, size=recording.size
            )
        except JournalError:
            self.summary.counts[NOT_STARTED] += 1
            raise
        begun = _Begun(item=item, number=number, clock=clock)
        cancelled = events.JobFinished(recording=recording.name, status="cancelled")
        try:
            yield begun
        except asyncio.CancelledError:
            self._end(begun, cancelled)
            raise
        except BrokenPipeError:
            # Nothing reads what this run prints: no recording's failure, but the end of all.
            self._journal.end_job(number, cancelled)
            raise
        except Exception as error:  # noqa: BLE001 - a bug that one recording meets costs only it
            self._failed(begun, explained(error, recording.name))
        else:
            self._engine_failures.reset()
            self._plans.note(begun.plan)
            if isinstance(begun.outcome, events.JobWaiting):
                self._queue.wait(item, number, begun.outcome)
                self._emit(begun.outcome)
            else:
                self._end(begun, begun.outcome or cancelled)

    def _failed(self, begun: _Begun, error: DalstonError) -> None:
        name, recording = begun.name, begun.item.recording
        info = events.ErrorInfo(
            code=error.code, message=error.message, hint=error.hint, recording=name
        )
        finished = events.JobFinished(
            recording=name,
            status="failed",
            elapsed_s=time.monotonic() - begun.clock,
            error=info,
            acceptable=is_of_its_bytes(error) and recording.source.reference is not None,
        )
        self._end(begun, finished, error.exit_code)
        if isinstance(error, JournalError | NoRoomError | RunnerLostError):
            self.end_all(error)
        elif self._spec.options.fail_fast:
            self.stop("fail_fast", "--fail-fast: no further recording is begun")
        elif isinstance(error, UnavailableError):
            found = self._engine_failures.reason_to_stop(error, self._plans.planner, recording)
            if found is not None:
                self.summary.given_up = True
                reason, hint = found
                self.stop("engine_given_up", f"{reason}: no further recording is begun", hint)

    def _end(
        self, begun: _Begun, finished: events.JobFinished, exit_code: ExitCode | None = None
    ) -> None:
        self.end_job(begun.number, begun.item.summed(finished), exit_code)

    def _reported(
        self,
        elapsed_s: float,
        errors: Sequence[BaseException],
        taken: tuple[events.EngineTaken, ...],
    ) -> events.RunFinished:
        return msgspec.structs.replace(
            self.report(elapsed_s, errors),
            pipeline=self._spec.options.pipeline,
            models=self._plans.models,
            engines=self._engines.fingerprints,
            schedule=self._spec.schedule.info,
            engine_use=taken,
        )
