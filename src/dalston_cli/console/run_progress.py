"""The progress of a run, counted from its events in seconds of audio."""

from dataclasses import dataclass, field

from dalston_cli.pipeline.events import Event, JobFinished, JobStarted, RunStarted, StageProgress


@dataclass(kw_only=True)
class RunProgress:
    """Counts recordings, and seconds of audio of those whose length is known.

    The length of the others is taken to be the mean of the known ones, so that the whole becomes
    more exact as the run goes on.

    Attributes:
        num_recordings: Of the run.
        finished: Recordings whose job is over.
    """

    num_recordings: int = 0
    finished: int = 0
    _known_s: dict[str, float] = field(default_factory=dict)
    _running_s: dict[str, float] = field(default_factory=dict)
    _finished_s: float = 0.0
    _length_s: float = 0.0
    _num_known: int = 0
    _fresh_s: float = 0.0

    def take(self, event: Event) -> None:
        """Count an event."""
        match event:
            case RunStarted():
                self.num_recordings = event.num_recordings
            case JobStarted():
                self._running_s[event.recording] = 0.0
                self._learn(event.recording, event.duration_s)
            case StageProgress(stage="transcribe"):
                self._learn(event.recording, event.total_s)
                before = self._running_s.get(event.recording, 0.0)
                self._running_s[event.recording] = max(before, event.done_s)
            case JobFinished():
                self._finish(event)
            case _:
                pass

    @property
    def done_s(self) -> float:
        """Seconds of audio that are transcribed."""
        return self._finished_s + sum(self._running_s.values())

    @property
    def total_s(self) -> float:
        """Seconds of audio of the run; 0 while no length is known."""
        if not self._num_known:
            return 0.0
        # A recording that failed before its length was known adds nothing that is still to do.
        unknown = max(0, self.num_recordings - self.finished - len(self._known_s))
        return self._length_s + unknown * self._length_s / self._num_known

    def rtfx(self, elapsed_s: float) -> float | None:
        """Return seconds of audio per wall second, without what was done before this run."""
        done = self._fresh_s + sum(self._running_s.values())
        return done / elapsed_s if elapsed_s > 0 and done > 0 else None

    def remaining_s(self, elapsed_s: float) -> float | None:
        """Return wall seconds to go at the speed so far; None while nothing is known."""
        rate = self.rtfx(elapsed_s)
        return max(0.0, self.total_s - self.done_s) / rate if rate and self.total_s else None

    def _learn(self, recording: str, duration_s: float | None) -> None:
        if duration_s is None or recording in self._known_s:
            return
        self._known_s[recording] = duration_s
        self._length_s += duration_s
        self._num_known += 1

    def _finish(self, event: JobFinished) -> None:
        self._learn(event.recording, event.duration_s)
        known = self._known_s.pop(event.recording, 0.0)
        self._running_s.pop(event.recording, None)
        self.finished += 1
        self._finished_s += known
        if event.rtfx is not None:  # an engine worked on it
            self._fresh_s += known
