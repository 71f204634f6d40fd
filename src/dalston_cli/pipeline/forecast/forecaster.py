"""Forecasts what a run would do to each recording, without reading one.

A recording that was never seen is new; what is known of the others comes from the journal and the
store. Recordings are looked at one by one, so a list of any length takes no more memory than one.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from dalston_cli.audio.request import AudioInfo
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.jobs.done import known_digest, standing_of
from dalston_cli.pipeline.jobs.keys import stage_key
from dalston_cli.pipeline.outputs.writer import OutputSpec, OutputWriter
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.history import measured_rtfx, seconds_per_byte
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.pipeline.request import RecordingRequest

ForecastState = Literal["new", "started", "unchanged", "blocked"]


class RecordingForecast(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The forecast for one recording.

    Attributes:
        state: ``started`` has stage results that will be used again; ``unchanged`` is finished;
            ``blocked`` would fail for the reason that ``problem`` gives.
        plan: Number of its plan in the report.
        done: Stages whose results are stored.
        duration_s: Length of the audio; estimated from the file's size where it was never
            decoded, None where nothing is known of such files.
        estimated_s: Seconds that engines will work; None where nothing was measured yet.
    """

    recording: str
    state: ForecastState
    plan: int
    done: tuple[str, ...] = ()
    duration_s: float | None = None
    estimated_s: float | None = None
    outputs: tuple[str, ...] = ()
    problem: str | None = None


class Forecaster:
    """Looks at recordings one by one."""

    def __init__(
        self, planner: Planner, outputs: OutputSpec, journal: Journal, store: ResultStore
    ) -> None:
        self.plans: list[RecordingPlan] = []
        self._planner = planner
        self._outputs = outputs
        self._journal = journal
        self._store = store
        self._numbers: dict[str, int] = {}
        self._speeds: dict[tuple[str, str], float | None] = {}
        self._seconds_per_byte: dict[str, float | None] = {}

    def look(
        self, recordings: Sequence[RecordingRequest], stems: Sequence[Path] | None
    ) -> Iterator[RecordingForecast]:
        """Yield the forecast of each recording, in their order.

        Raises:
            UsageError: What is asked for is impossible.
        """
        for index, request in enumerate(recordings):
            yield self._one(request, None if stems is None else stems[index])

    def _one(self, request: RecordingRequest, stem: Path | None) -> RecordingForecast:
        plan = self._planner.plan(request.overrides)
        digest = known_digest(request.source, request.source.stamp(), self._journal)
        standing = standing_of(
            digest, plan, self._journal, partial(OutputWriter, self._outputs, self._journal, stem)
        )
        state: ForecastState = "new"
        problem, duration_s, outcome = None, None, None
        done: tuple[str, ...] = ()
        try:
            _, outcome = standing.existing()
        except DalstonError as error:
            state, problem = "blocked", error.message
        if standing.prepared is not None and not self._outputs.overwrite:
            if outcome is not None:
                state, duration_s = "unchanged", outcome.duration_s
            else:
                done, duration_s = self._stored(standing.prepared, plan)
                state = "started" if done and state == "new" else state
        if duration_s is None:
            duration_s = self._guessed_duration(request)
        return RecordingForecast(
            recording=request.name,
            state=state,
            plan=self._number(plan),
            done=done,
            duration_s=duration_s,
            estimated_s=self._estimate(plan, state, done, duration_s),
            outputs=standing.sink.texts,
            problem=problem,
        )

    def _stored(self, prepared: str, plan: RecordingPlan) -> tuple[tuple[str, ...], float | None]:
        """Return the stages that are done for every channel, and the length of the audio.

        Of those that need others' results, the keys are not known before these are there.
        """
        audio = self._store.get(prepared, AudioInfo)
        if audio is None:
            return (), None
        digests = [channel.audio_digest for channel in audio.channels]
        first = [
            planned
            for stage, planned in plan.stages.items()
            if stage.wants_audio and not stage.needs
        ]
        stored = (
            each.kind
            for each in first
            if all(stage_key(each, digest) in self._store for digest in digests)
        )
        return ("prepare", *stored), audio.info.duration_s

    def _number(self, plan: RecordingPlan) -> int:
        if plan.key not in self._numbers:
            self._numbers[plan.key] = len(self.plans)
            self.plans.append(plan)
        return self._numbers[plan.key]

    def _guessed_duration(self, request: RecordingRequest) -> float | None:
        suffix = request.relative.suffix.lower()
        if suffix not in self._seconds_per_byte:
            self._seconds_per_byte[suffix] = seconds_per_byte(self._journal, suffix)
        rate = self._seconds_per_byte[suffix]
        return None if rate is None or request.size is None else rate * request.size

    def _estimate(
        self,
        plan: RecordingPlan,
        state: ForecastState,
        done: tuple[str, ...],
        duration_s: float | None,
    ) -> float | None:
        if state == "unchanged":
            return 0.0
        if duration_s is None:
            return None
        total_s = 0.0
        for stage in plan.stages.values():
            if stage.kind in done:
                continue
            rtfx = self._rtfx(stage)
            if rtfx is None:
                return None
            total_s += duration_s / rtfx
        return total_s

    def _rtfx(self, stage: StagePlan) -> float | None:
        key = (stage.model.id, stage.device)
        if key not in self._speeds:
            self._speeds[key] = measured_rtfx(self._journal, *key)
        return self._speeds[key]
