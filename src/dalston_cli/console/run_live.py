"""A run at a terminal: lines that scroll by, and below them what happens now."""

import threading
import time
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Self

from dalston_cli.amounts import countdown, duration, speed
from dalston_cli.console.bar import fitted, line_with_bar
from dalston_cli.console.confidence import coloured_lines
from dalston_cli.console.look import Line, Span, Style, terminal_size_of
from dalston_cli.console.recording_lines import folder_and_name
from dalston_cli.console.region import Region
from dalston_cli.console.run_progress import ActiveRecording, RunProgress
from dalston_cli.console.run_view import RunLines
from dalston_cli.console.screen import Console
from dalston_cli.console.text import printable
from dalston_cli.pipeline import events
from dalston_sdk.wire import Segment

MOST_ACTIVE = 8
"""So many recordings in work have a line of their own."""

_MOST_BAR = 40
_STAGE_COLUMNS = 10
_PART_COLUMNS = 5
_GAPS = 2 * 2


class RunLive(RunLines):
    """Lines as for a log file; below them each recording in work, and the whole run.

    Args:
        console: A terminal.
        show_text: Show text as it comes, where there is one recording only.
        colour_words: Show that text in the colours of the words' confidences.
    """

    def __init__(
        self, console: Console, *, show_text: bool = True, colour_words: bool = False
    ) -> None:
        super().__init__(console, draws=True)
        self._show_text = show_text
        self._colour_words = colour_words
        self._progress = RunProgress()
        self._clock = WorkClock()
        self._lock = threading.RLock()
        self._region = Region(console.stderr, console.look, self._lines, self._lock)

    def __enter__(self) -> Self:
        self.enter_context(self.console.lines_through(self._region.write))
        self.enter_context(self._region)
        return self

    def take(self, event: events.Event) -> None:
        """Show an event, and the progress of the run."""
        with self._lock:
            self._progress.take(event)
            match event:
                case events.EngineReady():
                    self._clock.begin()
                case events.PartialText() if self._show_text and self._progress.num_recordings == 1:
                    for segment in event.segments:
                        self._show_segment(segment)
                case events.StageProgress() | events.StageFinished() | events.JobFinished():
                    self._clock.expect(self._progress)
                case events.RunFinished():
                    self._region.close()
                case _:
                    pass
            super().take(event)

    def _show_segment(self, segment: Segment) -> None:
        if not self._colour_words:
            self.console.info(f"[{duration(segment.start)}] {segment.text}")
            return
        for line in coloured_lines(segment, terminal_size_of(self.console.stderr).columns):
            self.console.say(*line)

    def print_text(self, text: str) -> None:
        """Write a transcript to stdout, which may be the terminal that is drawn on."""
        self._region.close()
        super().print_text(text)

    def _lines(self, columns: int) -> Sequence[Line]:
        """Return the lines that change, the whole run last; before its work what it waits for."""
        signs = self.console.look.signs
        lines = list(self.steps.lines(columns, signs))
        if not self._progress.num_recordings or (lines and not self._progress.done_s):
            return lines
        if self._clock.remaining_s == 0:
            self._clock.expect(self._progress)  # it takes longer than was thought
        lines += self._active_lines(columns)
        lines.append(
            line_with_bar(
                "",
                self._progress.part or 0.0,
                list(self._figures()),
                columns=columns,
                look=signs,
                most=_MOST_BAR,
            )
        )
        return lines

    def _figures(self) -> Iterator[str]:
        progress = self._progress
        if self._clock.rtfx is not None:
            yield speed(self._clock.rtfx)
        if progress.num_recordings > 1:
            yield f"{progress.finished:,}/{progress.num_recordings:,}"
        if progress.part is not None:
            yield _percent(progress.part)
        left = self._clock.remaining_s
        yield (
            countdown(self._clock.since_start_s)
            if left is None
            else f"{countdown(ceil(left))} left"
        )

    def _active_lines(self, columns: int) -> Iterator[Line]:
        """Yield a line for each recording in work, before those that wait for an engine."""
        active = sorted(self._progress.active.values(), key=lambda each: each.stage_done is None)
        shown = active[:MOST_ACTIVE]
        widest = max((len(printable(each.name)) for each in shown), default=0)
        room = columns - 1 - _STAGE_COLUMNS - _PART_COLUMNS - _GAPS
        for each in shown:
            yield self._active_line(each, max(8, min(widest, room)))
        if more := len(active) - len(shown):
            yield (Span(f"and {more:,} more in work", Style.DIM),)

    def _active_line(self, recording: ActiveRecording, columns: int) -> Line:
        done = recording.stage_done
        part = "" if done is None else _percent(done)
        stage = "loading" if recording.loads else recording.stage
        shown = fitted(printable(recording.name), columns, self.console.look.signs)
        folder, name = folder_and_name(shown)
        return (
            Span(folder, Style.DIM),
            Span(name),
            Span(f"  {stage:{_STAGE_COLUMNS}}", Style.DIM),
            Span(f"  {part:>{_PART_COLUMNS}}"),
        )


class WorkClock:
    """Measures the time of the run's work, and counts down to its end.

    Between two events the time to go falls by a second each second.

    Attributes:
        rtfx: Seconds of audio per second of work; None before the first.
    """

    def __init__(self) -> None:
        self.rtfx: float | None = None
        self._start = time.monotonic()
        self._work_start: float | None = None
        self._end: float | None = None

    def begin(self) -> None:
        """Take note that the first engine is ready."""
        self._work_start = self._work_start or time.monotonic()

    @property
    def since_start_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._start

    @property
    def elapsed_s(self) -> float:
        """Seconds of work so far."""
        return time.monotonic() - (self._work_start or self._start)

    def expect(self, progress: RunProgress) -> None:
        """Take the speed so far, and set the end anew."""
        self.rtfx = progress.rtfx(self.elapsed_s)
        left = progress.remaining_s(self.elapsed_s)
        self._end = None if left is None else time.monotonic() + left

    @property
    def remaining_s(self) -> float | None:
        """Seconds to go; None while nothing is known."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def _percent(part: float) -> str:
    return f"{int(part * 100)} %"
