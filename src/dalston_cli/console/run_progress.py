"""The progress of a run, counted from its events in seconds of audio."""

from dataclasses import dataclass, field

from dalston_cli.pipeline import events

_PREPARE = "prepare"


@dataclass(kw_only=True)
class _StageCount:
    """A stage of one recording, which runs once for each of its channels."""

    num_started: int = 0
    num_finished: int = 0
    num_kept: int = 0
    running: float = 0.0

    @property
    def is_running(self) -> bool:
        """True if it has begun for a channel and not ended."""
        return self.num_finished < self.num_started

    @property
    def done(self) -> float:
        """The part of the stage that is done, from 0 to 1."""
        running = self.running if self.is_running else 0.0
        return min(1.0, (self.num_finished + running) / max(1, self.num_started))

    @property
    def kept(self) -> float:
        """The part that was done in earlier runs."""
        return self.num_kept / max(1, self.num_started)


@dataclass(kw_only=True)
class ActiveRecording:
    """A recording in work.

    Attributes:
        begun: The stage that began last; empty before the first.
        done: The part of its whole work that is done, from 0 to 1; never falls.
        kept: The part that was done in earlier runs.
        before: The part that was done in earlier turns of this run.
        loads: An engine loads a model for it.
    """

    name: str
    begun: str = ""
    done: float = 0.0
    kept: float = 0.0
    before: float = 0.0
    loads: bool = False
    stages: dict[str, _StageCount] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The stage in work that most is known of; between two of them the one that began last."""
        running = {name: each.done for name, each in self.stages.items() if each.is_running}
        return max(running, key=lambda name: running[name]) if running else self.begun

    @property
    def stage_done(self) -> float | None:
        """The part of that stage that is done; None while nothing is known of it."""
        count = self.stages.get(self.stage)
        return count.done or None if count else None


@dataclass(kw_only=True)
class RunProgress:
    """Counts recordings, and seconds of audio of those whose length is known.

    The length of the others is taken to be the mean of the known ones, so that the whole becomes
    more exact as the run goes on. A second of audio is done when every stage has had it; stages
    count by the work that each took for a second of audio in earlier runs.

    Attributes:
        num_recordings: Of the run.
        finished: Recordings whose job is over.
        active: Recordings in work, by name, in the order of their beginning.
    """

    num_recordings: int = 0
    finished: int = 0
    active: dict[str, ActiveRecording] = field(default_factory=dict)
    _weights: dict[str, float] = field(default_factory=dict)
    _expected: float | None = None
    _known_s: dict[str, float] = field(default_factory=dict)
    _finished_s: float = 0.0
    _length_s: float = 0.0
    _num_known: int = 0
    _fresh_s: float = 0.0
    _waiting: dict[str, float] = field(default_factory=dict)
    _waiting_s: float = 0.0

    def take(self, event: events.Event) -> None:
        """Count an event."""
        match event:
            case events.RunStarted():
                self.num_recordings = event.num_recordings
                self._weigh(event.stages)
            case events.JobStarted():
                self._begin(event.recording)
                self._learn(event.recording, event.duration_s)
            case events.ModelLoading():
                if recording := self.active.get(event.recording):
                    recording.loads = True
            case events.StageStarted() | events.StageProgress() | events.StageFinished():
                self._advance(event)
            case events.JobWaiting():
                self._wait(event)
            case events.JobFinished():
                self._finish(event)
            case _:
                pass

    @property
    def done_s(self) -> float:
        """Seconds of audio that are done."""
        return (
            self._finished_s
            + self._waiting_s
            + sum(
                self._known_s.get(name, 0.0) * recording.done
                for name, recording in self.active.items()
            )
        )

    @property
    def total_s(self) -> float:
        """Seconds of audio of the run; 0 while no length is known."""
        if not self._num_known:
            return 0.0
        # A recording that failed before its length was known adds nothing that is still to do.
        unknown = max(0, self.num_recordings - self.finished - len(self._known_s))
        return self._length_s + unknown * self._length_s / self._num_known

    @property
    def part(self) -> float | None:
        """The part of the run that is done, from 0 to 1; None while no length is known."""
        return min(1.0, self.done_s / self.total_s) if self.total_s else None

    def rtfx(self, elapsed_s: float) -> float | None:
        """Return seconds of audio per wall second, without what was done before this run."""
        done = self._fresh_s + sum(
            self._known_s.get(name, 0.0)
            * max(0.0, recording.done - recording.kept - recording.before)
            for name, recording in self.active.items()
        )
        return done / elapsed_s if elapsed_s > 0 and done > 0 else None

    def remaining_s(self, elapsed_s: float) -> float | None:
        """Return wall seconds to go: at the speed so far, or before that at that of earlier runs.

        None while nothing is known.
        """
        if not self.total_s:
            return None
        left = max(0.0, self.total_s - self.done_s)
        if rate := self.rtfx(elapsed_s):
            return left / rate
        return None if self._expected is None else left * self._expected

    def _weigh(self, costs: dict[str, float | None]) -> None:
        known = [cost for cost in costs.values() if cost]
        usual = sum(known) / len(known) if known else 1.0
        self._weights = {stage: cost or usual for stage, cost in costs.items()}
        if known and len(known) == len(costs):
            self._expected = sum(known)

    def _advance(
        self, event: events.StageStarted | events.StageProgress | events.StageFinished
    ) -> None:
        recording = self.active.setdefault(event.recording, ActiveRecording(name=event.recording))
        if event.stage == _PREPARE:
            recording.begun = _PREPARE
            if isinstance(event, events.StageFinished):
                self._learn(event.recording, event.duration_s)
            return
        recording.loads = False
        count = recording.stages.setdefault(event.stage, _StageCount())
        match event:
            case events.StageStarted():
                count.num_started += 1
                recording.begun = event.stage
            case events.StageProgress():
                if event.stage == "transcribe":
                    self._learn(event.recording, event.total_s)
                count.num_started = max(count.num_started, count.num_finished + 1)
                count.running = event.done_s / event.total_s if event.total_s else 0.0
            case events.StageFinished():
                count.num_finished += 1
                count.num_kept += event.reused
                count.num_started = max(count.num_started, count.num_finished)
                count.running = 0.0
        self._weigh_up(recording)

    def _weigh_up(self, recording: ActiveRecording) -> None:
        """Set the parts of a recording's work from those of its stages."""
        weights = self._weights or dict.fromkeys(recording.stages, 1.0)
        whole = sum(weights.values()) or 1.0
        begun = [
            (weights[name] / whole, count)
            for name, count in recording.stages.items()
            if name in weights
        ]
        done = sum(part * count.done for part, count in begun)
        recording.done = max(recording.done, min(1.0, recording.before + done))
        recording.kept = sum(part * count.kept for part, count in begun)

    def _learn(self, recording: str, duration_s: float | None) -> None:
        if duration_s is None or recording in self._known_s:
            return
        self._known_s[recording] = duration_s
        self._length_s += duration_s
        self._num_known += 1

    def _begin(self, name: str) -> None:
        """Take a recording into work, perhaps again, after it waited."""
        before = self._waiting.pop(name, 0.0)
        self._waiting_s -= self._known_s.get(name, 0.0) * before
        self.active[name] = ActiveRecording(name=name, before=before, done=before)

    def _wait(self, event: events.JobWaiting) -> None:
        """Keep the part that is done of a recording that waits for its next turn."""
        recording = self.active.pop(event.recording, None)
        if recording is not None:
            known = self._known_s.get(event.recording, 0.0)
            self._waiting[event.recording] = recording.done
            self._waiting_s += known * recording.done
            if event.worked:
                fresh = max(0.0, recording.done - recording.before - recording.kept)
                self._fresh_s += known * fresh

    def _finish(self, event: events.JobFinished) -> None:
        self._learn(event.recording, event.duration_s)
        known = self._known_s.pop(event.recording, 0.0)
        recording = self.active.pop(event.recording, None)
        self.finished += 1
        self._finished_s += known
        if event.rtfx is not None:  # an engine worked on it
            old = recording.kept + recording.before if recording else 0.0
            self._fresh_s += known * max(0.0, 1.0 - old)
