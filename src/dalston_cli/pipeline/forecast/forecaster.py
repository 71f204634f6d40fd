"""Forecasts what a run would do to each recording, without decoding one.

A recording that was never seen is new, and its length is taken from its header; what is known of
the others comes from the journal and the store. Recordings are looked at one by one, so a list of
any length takes no more memory than one.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from dalston_cli.audio.clip import wanted_part
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.length import declared_length
from dalston_cli.audio.source import content_digest
from dalston_cli.audio.tracks import ALL_TRACKS, MAIN, TrackWish
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import Evidence, Existing, file_of
from dalston_cli.pipeline.forecast.stored import StoredWork, stored_work
from dalston_cli.pipeline.jobs.done import Standing, known_digest, standing_of
from dalston_cli.pipeline.jobs.prepared import stored_audio
from dalston_cli.pipeline.outputs.writer import OutputSpec, OutputWriter
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.history import measured_rtfx, seconds_per_byte
from dalston_cli.pipeline.records.journal import Journal, Outcome
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
        duration_s: Length of the audio that is wanted; None where nothing is known of it.
        guessed: The length is not from the recording itself, but from its size and from others
            of its kind.
        estimated_s: Seconds that engines will work in stages that were measured before; None
            where there are none, or no length is known.
        unmeasured: Stages that are to be done and have no history yet.
    """

    recording: str
    state: ForecastState
    plan: int
    done: tuple[str, ...] = ()
    duration_s: float | None = None
    guessed: bool = False
    estimated_s: float | None = None
    unmeasured: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(kw_only=True)
class _Looked:
    """What is known of one recording so far."""

    request: RecordingRequest
    plan: RecordingPlan
    state: ForecastState = "new"
    problem: str | None = None
    done: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()
    duration_s: float | None = None
    num_channels: int = 1
    guessed: bool = False

    @property
    def to_do(self) -> tuple[StagePlan, ...]:
        """The stages that engines will run."""
        if self.state == "unchanged":
            return ()
        over = {*self.done, *self.dropped}
        return tuple(each for stage, each in self.plan.stages.items() if stage.name not in over)


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
        self._speeds: dict[tuple[str, str, str], float | None] = {}
        self._seconds_per_byte: dict[str, float | None] = {}

    def look(
        self, recordings: Sequence[RecordingRequest], stems: Sequence[str] | None
    ) -> Iterator[RecordingForecast]:
        """Yield the forecast of each recording, in their order.

        Raises:
            UsageError: What is asked for is impossible.
        """
        for index, request in enumerate(recordings):
            yield self._one(request, None if stems is None else Path(stems[index]))

    def _one(self, request: RecordingRequest, stem: Path | None) -> RecordingForecast:
        looked = _Looked(request=request, plan=self._planner.plan(request.overrides))
        digest = known_digest(request.source, request.source.stamp(), self._journal)
        open_sink = partial(OutputWriter, self._outputs, self._journal, stem)
        standing = standing_of(digest, looked.plan, self._journal, open_sink, request.columns)
        path = file_of(request.source)
        found = self._existing(looked, standing)
        if digest is None and path is not None and found[0].are_there:
            with suppress(RecordingError):  # reading its header says what is wrong
                digest = content_digest(path, request.name)
                standing = standing_of(
                    digest, looked.plan, self._journal, open_sink, request.columns
                )
                found = self._existing(looked, standing)
        self._compare(looked, standing, digest, found)
        if looked.duration_s is None and looked.state != "unchanged":
            self._read_header(looked)
        if looked.duration_s is None:
            self._guess(looked)
        estimated_s, unmeasured = self._estimate(looked)
        return RecordingForecast(
            recording=request.name,
            state=looked.state,
            plan=self._number(looked.plan),
            done=looked.done,
            duration_s=looked.duration_s,
            guessed=looked.guessed,
            estimated_s=estimated_s,
            unmeasured=unmeasured,
            outputs=standing.sink.texts,
            problem=looked.problem,
        )

    def _existing(self, looked: _Looked, standing: Standing) -> tuple[Existing, Outcome | None]:
        try:
            return standing.existing()
        except DalstonError as error:
            looked.state, looked.problem = "blocked", error.message
            return Existing(complete=False, are_there=True), None

    def _compare(
        self,
        looked: _Looked,
        standing: Standing,
        digest: str | None,
        found: tuple[Existing, Outcome | None],
    ) -> None:
        """Find out what is there of a recording: its outputs, or else results of stages."""
        existing, outcome = found
        stored = self._stored(looked.plan, standing) if outcome is None else None
        if existing.unknown:
            transcript = None if stored is None else stored.transcript
            try:
                _, outcome = standing.recognized(Evidence(digest=digest or "", stored=transcript))
            except DalstonError as error:
                looked.state, looked.problem = "blocked", error.message
        if outcome is not None and not self._outputs.overwrite:
            looked.state, looked.duration_s = "unchanged", outcome.duration_s
        elif stored is not None:
            self._take(looked, stored)

    def _stored(self, plan: RecordingPlan, standing: Standing) -> StoredWork | None:
        if standing.prepared is None or self._outputs.overwrite:
            return None
        audio = stored_audio(self._store, standing.prepared, plan.track_language)
        return None if audio is None else stored_work(plan, audio, self._store)

    def _take(self, looked: _Looked, stored: StoredWork) -> None:
        """Note which stages need not be done again."""
        audio = stored.audio
        looked.done, looked.dropped = stored.done, stored.dropped
        looked.duration_s = audio.info.duration_s
        looked.num_channels = len(audio.channels)
        if looked.state == "new":
            looked.state = "started"

    def _read_header(self, looked: _Looked) -> None:
        """Learn the length from the file's header; a file that is none cannot be transcribed."""
        path, plan = file_of(looked.request.source), looked.plan
        if path is None:
            return
        split, each_track = plan.channels == "split", plan.track == ALL_TRACKS
        wish = MAIN if each_track else TrackWish(track=plan.track, language=plan.track_language)
        try:
            declared = declared_length(
                path,
                looked.request.name,
                plan.clip,
                wish=wish,
                count_channels=split or each_track,
            )
        except RecordingError as error:
            looked.state, looked.problem = "blocked", looked.problem or error.message
        else:
            looked.duration_s = declared.duration_s
            looked.num_channels = declared.num_channels if split else declared.num_tracks
            looked.num_channels = looked.num_channels if split or each_track else 1

    def _number(self, plan: RecordingPlan) -> int:
        if plan.key not in self._numbers:
            self._numbers[plan.key] = len(self.plans)
            self.plans.append(plan)
        return self._numbers[plan.key]

    def _guess(self, looked: _Looked) -> None:
        """Estimate the length from the file's size and from earlier files with its suffix."""
        suffix, size = looked.request.relative.suffix.lower(), looked.request.size
        if suffix not in self._seconds_per_byte:
            self._seconds_per_byte[suffix] = seconds_per_byte(self._journal, suffix)
        rate = self._seconds_per_byte[suffix]
        if rate is not None and size is not None:
            looked.duration_s = wanted_part(rate * size, looked.plan.clip)
            looked.guessed = True

    def _estimate(self, looked: _Looked) -> tuple[float | None, tuple[str, ...]]:
        """Return the time of what is to be done, and the stages that it lacks."""
        speeds = {each.stage: self._rtfx(each) for each in looked.to_do}
        unmeasured = tuple(stage.name for stage, rtfx in speeds.items() if rtfx is None)
        if not speeds:
            return 0.0, ()
        if looked.duration_s is None or len(unmeasured) == len(speeds):
            return None, unmeasured
        seconds = sum(
            looked.duration_s * (looked.num_channels if stage.wants_audio else 1) / rtfx
            for stage, rtfx in speeds.items()
            if rtfx is not None
        )
        return seconds, unmeasured

    def _rtfx(self, stage: StagePlan) -> float | None:
        key = (stage.kind, stage.model.id, stage.device)
        if key not in self._speeds:
            self._speeds[key] = measured_rtfx(self._journal, *key)
        return self._speeds[key]
