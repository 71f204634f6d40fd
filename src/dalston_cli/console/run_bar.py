"""A run at a terminal: one bar over all audio, lines scrolling above it."""

import time
from typing import Self

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from dalston_cli.amounts import duration, readable_size, speed
from dalston_cli.console.run_progress import RunProgress
from dalston_cli.console.run_view import RunLines
from dalston_cli.console.screen import Console
from dalston_cli.console.text import printable
from dalston_cli.pipeline import events


class RunBar(RunLines):
    """Lines as for a log file, and below them a bar with speed and time to go.

    Args:
        console: Prints the lines.
        show_text: Show text as it comes, where there is one recording only.
    """

    def __init__(self, console: Console, *, show_text: bool = True) -> None:
        super().__init__(console)
        self._show_text = show_text
        self._progress = RunProgress()
        self._clock = time.monotonic()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            console=RichConsole(file=console.stderr),
            transient=True,
            # stdout is for data: rich would redirect it to the bar's own stream.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("preparing", total=None, figures="")

    def __enter__(self) -> Self:
        self.enter_context(self.console.lines_through(self._print))
        self.enter_context(self._bar)
        return self

    def take(self, event: events.Event) -> None:
        """Show an event, and the progress of the run."""
        self._progress.take(event)
        match event:
            case events.EngineStarting():
                self._describe(f"starting {event.engine}: {event.message or event.step}")
            case events.EngineReady():
                self._describe("transcribing")
            case events.ModelPulling():
                of = f" of {readable_size(event.total_bytes)}" if event.total_bytes else ""
                self._describe(f"{event.step} {event.model} {readable_size(event.done_bytes)}{of}")
            case events.JobStarted():
                self._describe(printable(event.recording))
            case events.PartialText() if self._show_text and self._progress.num_recordings == 1:
                for segment in event.segments:
                    self.say(f"[{duration(segment.start)}] {segment.text}")
            case events.RunFinished():
                self._bar.stop()
            case _:
                pass
        super().take(event)
        self._draw()

    def print_text(self, text: str) -> None:
        """Write a transcript to stdout, which may be the terminal that the bar is on."""
        self._bar.stop()
        super().print_text(text)

    def _describe(self, text: str) -> None:
        self._bar.update(self._task, description=text if len(text) <= 40 else f"…{text[-39:]}")  # noqa: PLR2004 - leaves room for the bar

    def _print(self, line: str) -> None:
        """Write a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        elapsed = time.monotonic() - self._clock
        progress = self._progress
        figures = [f"{progress.finished}/{progress.num_recordings}"]
        if (rtfx := progress.rtfx(elapsed)) is not None:
            figures.append(speed(rtfx))
        if (left := progress.remaining_s(elapsed)) is not None:
            figures.append(f"{duration(left)} left")
        self._bar.update(
            self._task,
            completed=progress.done_s,
            total=progress.total_s or None,
            figures="  ".join(figures),
        )
