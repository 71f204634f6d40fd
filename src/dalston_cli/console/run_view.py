"""The view of a run: plain lines on stderr, changing ones in a terminal, or JSON for programs."""

import shlex
from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack

from dalston_cli.amounts import count, duration, speed
from dalston_cli.audio.request import ASKED_FOR, CUT_OFF
from dalston_cli.console.envelope import Envelope, encode_json
from dalston_cli.console.look import Span, Style, terminal_size_of
from dalston_cli.console.recording_lines import (
    about,
    folder_and_name,
    folder_of_all,
    outputs_text,
)
from dalston_cli.console.screen import Console, Mode
from dalston_cli.console.steps import Steps, passed_over
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline import events
from dalston_cli.pipeline.intake.folder_scan import passed_over_text

MOST_REPEATED = 10
"""So many recordings that failed are named again at the end."""

_MAKES_PARTIAL = frozenset({"stage_failed", CUT_OFF})


class RunView(ExitStack):
    """Shows the events of a run while a ``with`` block lasts; closes what it opened to do so."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    @abstractmethod
    def take(self, event: events.Event) -> None:
        """Show an event."""

    @abstractmethod
    def print_text(self, text: str) -> None:
        """Write a transcript to stdout."""


class RunLines(RunView):
    """One line per recording that ends, one per warning, and a summary.

    Args:
        console: Drops lines that the user did not ask for.
        draws: Signs stand for words, and what is waited for is shown elsewhere.
    """

    def __init__(self, console: Console, *, draws: bool = False) -> None:
        super().__init__(console)
        self.steps = Steps(console, draws=draws)
        self._signs = console.look.signs
        self._draws = draws
        self._hints: set[str] = set()
        self._warned: set[tuple[str, str, str | None]] = set()
        self._reasons: dict[str, str] = {}
        self._failures: list[tuple[Span, ...]] = []
        self._acceptable: list[str] = []
        self._lines_since = 0

    def take(self, event: events.Event) -> None:
        """Show an event, if it is worth a line."""
        if shown := self._handlers.get(type(event)):
            shown(self, event)

    def print_text(self, text: str) -> None:
        """Write a transcript to stdout."""
        self.console.transcript(text)

    def hint(self, hint: str | None) -> None:
        """Give a hint once, with ``--quiet``, too."""
        if hint and hint not in self._hints:
            self._hints.add(hint)
            self.console.hint(hint, always=True)

    def run_started(self, event: events.RunStarted) -> None:
        """Say which part of all recordings these are, and how stages follow each other."""
        self.steps.models_are_here()
        if event.shard is not None:
            self.console.info(shard_text(event.shard, event.num_recordings))
        if event.schedule is not None:
            tell = self.console.info if event.schedule.phases else self.console.detail
            tell(schedule_text(event.schedule))

    def job_finished(self, event: events.JobFinished) -> None:
        """Report the end of a recording."""
        match event.status:
            case "failed":
                error = event.error
                problem = error.message if error else "no reason is known"
                self._trouble(self._failed(about(event.recording, problem)))
                self.hint(error.hint if error else None)
                if event.acceptable:
                    self._acceptable.append(event.recording)
            case "partial":
                self._partial(event)
            case "done":
                if not self.console.quiet:
                    mark = self._signs.done if self._draws else "done:"
                    self.console.say(Span(mark, Style.GOOD), *self._outcome(event))
                self._lines_since += 1
            case "known_bad":
                problem = event.error.message if event.error else "it is not whole"
                self.console.detail(f"known bad: {about(event.recording, problem)}")
            case "unchanged" | "cancelled":
                self.console.detail(f"{event.status}: {event.recording}")

    def warning(self, event: events.WarningRaised) -> None:
        """Report a problem; the same one of many recordings once, unless each lacks its end."""
        if event.code in _MAKES_PARTIAL and event.recording:
            self._reasons.setdefault(event.recording, event.message)
        one = event.recording if event.code == CUT_OFF else None
        if (event.code, event.message, one) not in self._warned:
            self._warned.add((event.code, event.message, one))
            told = about(event.recording, event.message)
            if event.code in ASKED_FOR:
                self.console.detail(told)
                return
            self.console.alert(Span("warning:", Style.CAUTION), Span(f" {told}"))
            self.hint(event.hint)

    def engine_ready(self, event: events.EngineReady) -> None:
        """Report that an engine is ready, with ``--verbose``."""
        self.steps.engine_ready(event)
        how = "reused" if event.reused else f"started in {duration(event.elapsed_s)}"
        why = f"; launcher {event.launcher}: {event.reason}" if event.reason else ""
        self.console.detail(f"engine {event.engine} is ready on {event.device} ({how}{why})")

    def engine_passed_over(self, event: events.EnginePassedOver) -> None:
        """Report that a running engine is not used, with ``--verbose``."""
        self.console.detail(passed_over(event))

    def stage_finished(self, event: events.StageFinished) -> None:
        """Report the end of a stage, with ``--verbose``."""
        how = "taken from the store" if event.reused else f"{event.status}"
        reason = f": {event.reason}" if event.reason else ""
        self.console.detail(f"{event.recording}: {event.stage} {how}{reason}")

    def run_finished(self, event: events.RunFinished) -> None:
        """Sum the run up, name again what failed, and say how to go on."""
        self.console.info(summary(event))
        if event.passed_over:
            self.console.info(f"passed over: {passed_over_text(event.passed_over)}")
        if len(self._failures) > 1 or self._lines_since:  # else it stands right above
            for spans in self._failures[:MOST_REPEATED]:
                self.console.say(Span("  "), *spans)
            if more := self._failures[MOST_REPEATED:]:
                self.console.info(f"  and {len(more):,} more")
        if self._failures:
            self.console.info(f"details: dalston runs show {event.run}", whole=True)
        if self._acceptable:
            self.hint(f"to accept it until it changes: {_accepting(self._acceptable)}")
        if event.exit_code == ExitCode.INTERRUPTED:
            self.hint("run the same command again to go on: finished stages are kept")

    def _failed(self, text: str) -> tuple[Span, ...]:
        return Span(self._signs.failed if self._draws else "failed:", Style.BAD), Span(f" {text}")

    def _partial(self, event: events.JobFinished) -> None:
        mark = Span("partial:", Style.CAUTION)
        self.console.alert(mark, *self._outcome(event))
        if event.acceptable:
            self._acceptable.append(event.recording)
        reason = self._reasons.pop(event.recording, None) or "see its warnings"
        self._failures.append((mark, Span(f" {about(event.recording, reason)}")))
        self._lines_since = 0

    def _trouble(self, spans: tuple[Span, ...]) -> None:
        self.console.alert(*spans)
        self._failures.append(spans)
        self._lines_since = 0

    def _outcome(self, event: events.JobFinished) -> tuple[Span, ...]:
        """Return the name of a recording, its length and where its transcripts are.

        Where a terminal is too narrow for all of it, the transcripts have a line of their own.
        """
        folder, name = folder_and_name(event.recording)
        length = "" if event.duration_s is None else f"  {duration(event.duration_s)}"
        spans = [Span(" "), Span(folder, Style.DIM), Span(name), Span(length)]
        if event.outputs:
            outputs = f"{self._signs.arrow} {outputs_text(event.recording, event.outputs)}"
            columns = terminal_size_of(self.console.stderr).columns
            wide = self._draws and len(f"x {event.recording}{length}  {outputs}") > columns
            spans.append(Span(f"\n  {outputs}" if wide else f"  {outputs}", Style.DIM))
        return tuple(spans)

    _handlers: dict[type[events.Event], Callable[..., None]] = {  # noqa: RUF012 - read only
        events.RunStarted: run_started,
        events.JobFinished: job_finished,
        events.WarningRaised: warning,
        events.EngineStarting: lambda self, event: self.steps.engine_starting(event),
        events.EngineReady: engine_ready,
        events.EnginePassedOver: engine_passed_over,
        events.ModelPulling: lambda self, event: self.steps.model_pulling(event),
        events.StageFinished: stage_finished,
        events.RunFinished: run_finished,
    }


class RunStream(RunView):
    """NDJSON; the last line holds the keys of every command's envelope, too."""

    def take(self, event: events.Event) -> None:
        """Write an event."""
        if isinstance(event, events.RunFinished):
            envelope = Envelope(
                command=self.console.command,
                exit_code=event.exit_code,
                data=event,
                errors=event.errors,
                event="run_finished",
            )
            self.console.data(envelope.encode())
        else:
            self.console.data(encode_json(event))

    def print_text(self, text: str) -> None:
        """Refuse: a transcript must not stand between events."""
        raise AssertionError(f"--json and text on stdout exclude each other: {text[:40]!r}")


def _accepting(recordings: list[str]) -> str:
    """Return the command that accepts recordings which cannot be used, or their folder."""
    folder = folder_of_all(recordings) if len(recordings) > MOST_REPEATED else None
    names = sorted(recordings) if folder is None else [folder or "."]
    return shlex.join(["dalston", "runs", "accept", *names])


def run_view(console: Console, *, show_text: bool = True, colour_words: bool = False) -> RunView:
    """Return the view that fits the console.

    Args:
        console: A terminal, a file, or JSON.
        show_text: Whether text may be shown as it comes.
        colour_words: Whether it is to show how sure each word is.
    """
    if console.mode is Mode.JSON:
        return RunStream(console)
    if console.draws:
        from dalston_cli.console.run_live import RunLive  # noqa: PLC0415 - loads what draws

        return RunLive(console, show_text=show_text, colour_words=colour_words)
    return RunLines(console)


def shard_text(shard: events.ShardInfo, number: int) -> str:
    """Return which part of all recordings ``number`` of them are."""
    found = count(shard.found, "recording")
    return f"shard {shard.number:,} of {shard.of:,}: {number:,} of {found}"


def schedule_text(schedule: events.ScheduleInfo) -> str:
    """Return whether stages run side by side, and why."""
    if not schedule.phases:
        return f"stages run side by side: {schedule.reason}"
    phases = ", then ".join(" and ".join(stages) for stages in schedule.phases)
    return f"stage by stage over all recordings ({phases}): {schedule.reason}"


def summary(event: events.RunFinished) -> str:
    """Return a run in one line: recordings by outcome, and speed."""
    number = sum(event.counts.values())
    counted = [(amount, status) for status, amount in event.counts.items() if amount]
    parts = ", ".join(f"{amount:,} {status.replace('_', ' ')}" for amount, status in counted)
    pipeline = f" through the pipeline {event.pipeline}" if event.pipeline else ""
    line = f"{count(number, 'recording')}{pipeline}: {parts or 'none'}"
    if not (event.counts.get("done") or event.counts.get("partial")):
        return line
    if event.audio_s <= 0:
        return f"{line}, from results of earlier runs, in {duration(event.elapsed_s)}"
    line += f"; {duration(event.audio_s)} of audio in {duration(event.elapsed_s)}"
    if event.elapsed_s > 0:
        line += f", {speed(event.audio_s / event.elapsed_s)} real time"
    return line
