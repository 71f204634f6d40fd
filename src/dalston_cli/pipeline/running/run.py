"""Many recordings, each a job for the runner. One job's failure is never another's.

Recordings are begun longest first, or as the user wants; a few more are in work than the engine
has slots, so that the next ones are decoded while it works, as long as there is room for their
audio. An engine that cannot be had at all ends the run: it is not tried again for every recording.
"""

import asyncio
import itertools
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dalston_cli.errors import DalstonError, ExitCode, NoRoomError, UnavailableError
from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline import events
from dalston_cli.pipeline.jobs.base import EngineStates, Job, Runner, RunnerLostError
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.history import measured_rtfx, seconds_per_byte
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalError
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.decoded_room import DecodedRoom
from dalston_cli.pipeline.running.engine_failures import EngineFailures
from dalston_cli.pipeline.running.failures import explained, is_of_its_bytes
from dalston_cli.pipeline.running.interrupts import expect_late_wakeups, handled_interrupts
from dalston_cli.pipeline.running.lengths import Lengths
from dalston_cli.pipeline.running.order import in_order
from dalston_cli.pipeline.running.run_spec import RunSpec
from dalston_cli.pipeline.running.summary import NOT_STARTED, RunSummary

MOST_EXTRA = 16
"""Recordings in work at most besides ``jobs``, for those that wait for another run."""

PASSED_AT_ONCE = 50
"""Finished recordings that are passed over before others have their turn."""


@dataclass
class _Begun:
    """A job that was begun."""

    recording: RecordingRequest
    number: int
    clock: float
    plan: RecordingPlan | None = None
    finished: events.JobFinished | None = None


class Run:
    """Work on many recordings."""

    def __init__(
        self,
        spec: RunSpec,
        runner: Runner,
        journal: Journal,
        engines: EngineStates,
        emit: Callable[[events.Event], None],
    ) -> None:
        self._spec = spec
        self._planner = spec.planner
        self._runner = runner
        self._journal = journal
        self._engines = engines
        self._emit = emit
        self._summary = RunSummary()
        self._models: dict[str, str] = {}
        self._lengths = Lengths(partial(seconds_per_byte, journal), spec.options.clip)
        self._room = DecodedRoom(spec.decoded_bytes)
        self._queue = self._items()
        self._workers: list[asyncio.Task[None]] = []
        self._stopped = False
        self._interrupted = False
        self._num_extra = 0
        self._ended_by: DalstonError | None = None
        self._engine_failures = EngineFailures(engines)
        self._last_plan: RecordingPlan | None = None
        self._num_passed = 0
        self._id = ""

    async def run(self) -> events.RunFinished:
        """Work on every recording; return how it ended."""
        clock = time.monotonic()
        number = len(self._spec.recordings)
        self._id = self._journal.begin_run(number)
        try:
            self._emit(self._started(number))
        except BrokenPipeError as closed:
            self._summary.counts[NOT_STARTED] = number
            self._journal.end_run(self._report(0.0, [closed]))
            raise
        self._workers = [
            asyncio.create_task(self._work()) for _ in range(min(self._spec.jobs, number))
        ]
        with handled_interrupts(self._interrupt):
            while not all(worker.done() for worker in self._workers):  # there may be more
                await asyncio.gather(*self._workers, return_exceptions=True)
        self._summary.counts[NOT_STARTED] += sum(1 for _ in self._queue)
        errors = [
            error
            for worker in self._workers
            if not worker.cancelled() and (error := worker.exception()) is not None
        ]
        report = self._report(time.monotonic() - clock, errors)
        try:
            self._journal.end_run(report)
        except JournalError as error:
            self._end_all(error)
            report = self._report(report.elapsed_s, errors)
        if errors:
            raise errors[0]  # nothing reads the output, or a bug outside of any job
        self._emit(report)
        return report

    def _started(self, number: int) -> events.RunStarted:
        """Return the first event, with what was measured of the first recording's stages."""
        stages: dict[str, float | None] = {}
        for recording in self._spec.recordings[:1]:
            for stage in self._planner.plan(recording.overrides).stages.values():
                rtfx = measured_rtfx(self._journal, stage.kind, stage.model.id, stage.device)
                stages[stage.kind] = 1 / rtfx if rtfx else None
        return events.RunStarted(
            run=self._id, num_recordings=number, stages=stages, shard=self._spec.shard
        )

    def _items(self) -> Iterator[tuple[RecordingRequest, Path | None]]:
        recordings, stems = self._spec.recordings, self._spec.stems
        lengths = array("d", map(self._lengths.of, recordings))
        for place in in_order(lengths, self._spec.options.order):
            yield recordings[place], None if stems is None else stems[place]

    def begin_one_more(self) -> None:
        """Take another recording into work, because one waits for what another run does."""
        if not self._stopped and self._num_extra < MOST_EXTRA:
            self._num_extra += 1
            extra = asyncio.create_task(self._work(most=1))
            extra.add_done_callback(self._extra_ended)
            self._workers.append(extra)

    def _extra_ended(self, _: asyncio.Task[None]) -> None:
        self._num_extra -= 1

    async def _work(self, most: int | None = None) -> None:
        """Take one recording after the other, until there is none or the run stops.

        Args:
            most: Number of recordings; None for no limit.
        """
        for recording, stem in itertools.islice(self._taken(), most):
            try:
                if self._was_finished_before(recording, stem):
                    await self._let_others_run()
                else:
                    with self._begun(recording) as begun:
                        async with self._room.held(self._lengths.of(recording)):
                            while begun.finished is None:  # again where a launcher was lost
                                with self._moving():
                                    begun.finished = await self._runner.run(self._job(begun, stem))
            except JournalError as error:
                self._end_all(error)
            except BrokenPipeError:
                self._cancel_all()
                raise

    def _taken(self) -> Iterator[tuple[RecordingRequest, Path | None]]:
        """Yield the next recording, until there is none or the run stops."""
        while not self._stopped and (item := next(self._queue, None)) is not None:
            yield item

    def _was_finished_before(self, recording: RecordingRequest, stem: Path | None) -> bool:
        """Report a recording of which the journal says that nothing has to be done."""
        if self._spec.options.overwrite:
            return False
        try:
            plan = self._planner.plan(recording.overrides)
        except DalstonError:
            return False  # its job says so
        finished = self._runner.finished_before(self._spec.job(recording, plan, stem))
        if finished is None:
            return False
        if plan is not self._last_plan:
            self._last_plan = plan
            self._models |= _digests(plan)
        self._engine_failures.reset()
        self._journal.note_unchanged(self._id, recording, finished)
        self._summary.add(finished)
        self._emit(finished)
        return True

    async def _let_others_run(self) -> None:
        """Let Ctrl-C and other recordings have their turn, now and then."""
        self._num_passed += 1
        if self._num_passed % PASSED_AT_ONCE == 0:
            await asyncio.sleep(0)

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """Let a recording be tried with another launcher, where one stops working."""
        planner, replan = self._planner, self._spec.replan
        try:
            yield
        except LauncherUnavailableError as error:
            if replan is None:
                raise
            if self._planner is not planner:
                return  # another recording was first to find out
            self._planner = replan(error)
            self._engines.forget()
            message = f"{error.message}; going on without it"
            self._emit(events.WarningRaised(code="launcher_lost", message=message, hint=error.hint))

    def _job(self, begun: _Begun, stem: Path | None) -> Job:
        """Return the job of a recording under the plan of now."""
        begun.plan = self._planner.plan(begun.recording.overrides)
        return replace(self._spec.job(begun.recording, begun.plan, stem), number=begun.number)

    @contextmanager
    def _begun(self, recording: RecordingRequest) -> Iterator[_Begun]:
        """Note a job's beginning and end; its error is its own, and never another's."""
        clock = time.monotonic()
        suffix = recording.relative.suffix.lower()
        try:
            number = self._journal.begin_job(
                self._id, recording.name, suffix=suffix, size=recording.size
            )
        except JournalError:
            self._summary.counts[NOT_STARTED] += 1
            raise
        begun = _Begun(recording=recording, number=number, clock=clock)
        cancelled = events.JobFinished(recording=recording.name, status="cancelled")
        try:
            yield begun
        except asyncio.CancelledError:
            self._end(number, cancelled)
            raise
        except BrokenPipeError:
            # Nothing reads what this run prints: no recording's failure, but the end of all.
            self._journal.end_job(number, cancelled)
            raise
        except Exception as error:  # noqa: BLE001 - a bug that one recording meets costs only it
            self._failed(begun, explained(error, recording.name))
        else:
            self._engine_failures.reset()
            self._models |= _digests(begun.plan)
            self._end(number, begun.finished or cancelled)

    def _failed(self, begun: _Begun, error: DalstonError) -> None:
        name = begun.recording.name
        info = events.ErrorInfo(
            code=error.code, message=error.message, hint=error.hint, recording=name
        )
        finished = events.JobFinished(
            recording=name,
            status="failed",
            elapsed_s=time.monotonic() - begun.clock,
            error=info,
            acceptable=is_of_its_bytes(error) and begun.recording.source.reference is not None,
        )
        self._end(begun.number, finished, error.exit_code)
        if isinstance(error, JournalError | NoRoomError | RunnerLostError):
            self._end_all(error)
        elif self._spec.options.fail_fast:
            self._stop("fail_fast", "--fail-fast: no further recording is begun")
        elif isinstance(error, UnavailableError):
            found = self._engine_failures.reason_to_stop(error, self._planner, begun.recording)
            if found is not None:
                self._summary.given_up = True
                reason, hint = found
                self._stop("engine_given_up", f"{reason}: no further recording is begun", hint)

    def _stop(self, code: str, message: str, hint: str | None = None) -> None:
        if not self._stopped:
            self._stopped = True
            self._emit(events.WarningRaised(code=code, message=message, hint=hint))

    def _end(
        self, number: int, finished: events.JobFinished, exit_code: ExitCode | None = None
    ) -> None:
        try:
            self._journal.end_job(number, finished)
        except JournalError as error:
            self._end_all(error)
        self._summary.add(finished, exit_code)
        self._emit(finished)

    def _report(self, elapsed_s: float, errors: Sequence[BaseException]) -> events.RunFinished:
        counts = self._summary.counts
        code = self._summary.exit_code(interrupted=self._interrupted)
        if self._ended_by is not None:
            code = self._ended_by.exit_code
        if errors:
            closed = isinstance(errors[0], BrokenPipeError)
            code = ExitCode.CLOSED_PIPE if closed else ExitCode.BUG
        return events.RunFinished(
            run=self._id,
            counts={status: count for status, count in sorted(counts.items()) if count},
            audio_s=self._summary.audio_s,
            elapsed_s=elapsed_s,
            exit_code=int(code),
            pipeline=self._spec.options.pipeline,
            errors=tuple(self._summary.errors),
            models=self._models,
            engines=self._engines.fingerprints,
            shard=self._spec.shard,
        )

    def _end_all(self, error: DalstonError) -> None:
        """End the run: whatever else it did could not be kept."""
        if self._ended_by is None:
            self._ended_by = error
            message = f"{error.message}: the run ends here"
            self._stop(error.code, message, error.hint)
            self._cancel_all()

    def _interrupt(self) -> None:
        self._interrupted = True
        self._stop("interrupted", "stopping; press Ctrl-C again to end at once")
        self._cancel_all()

    def _cancel_all(self) -> None:
        self._stopped = True
        expect_late_wakeups()
        for worker in self._workers:
            if worker is not asyncio.current_task() and not worker.cancelling():
                worker.cancel()


def _digests(plan: RecordingPlan | None) -> dict[str, str]:
    stages = (*plan.stages.values(), *plan.alternatives) if plan else ()
    return {stage.model.id: stage.weights.digest for stage in stages if stage.weights}
