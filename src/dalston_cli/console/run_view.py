"""The view of a run: plain lines on stderr, a bar in a terminal, or JSON for programs."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack

from dalston_cli.amounts import count, duration, readable_size, speed
from dalston_cli.console.envelope import Envelope, encode_json
from dalston_cli.console.screen import Console, Mode
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline import events


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
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._hints: set[str] = set()
        self._pulled: set[str] = set()
        self._warned: set[tuple[str, str]] = set()

    def take(self, event: events.Event) -> None:
        """Show an event, if it is worth a line."""
        if shown := self._handlers.get(type(event)):
            shown(self, event)

    def print_text(self, text: str) -> None:
        """Write a transcript to stdout."""
        self.console.data(text)

    def say(self, line: str) -> None:
        """Write a line to stderr."""
        self.console.info(line)

    def alert(self, line: str, hint: str | None = None) -> None:
        """Write a line with ``--quiet``, too; a hint is given once."""
        self.console.alert(line)
        if hint and hint not in self._hints:
            self._hints.add(hint)
            self.console.alert(f"hint: {hint}")

    def job_finished(self, event: events.JobFinished) -> None:
        """Report the end of a recording."""
        match event.status:
            case "failed":
                problem = event.error.message if event.error else "no reason is known"
                hint = event.error.hint if event.error else None
                self.alert(_about(event.recording, problem, "failed"), hint)
            case "partial":
                self.alert(f"partial: {event.recording}{_outcome(event)}")
            case "done":
                self.say(f"done: {event.recording}{_outcome(event)}")
            case "unchanged" | "cancelled":
                self.console.detail(f"{event.status}: {event.recording}")

    def warning(self, event: events.WarningRaised) -> None:
        """Report a problem; the same one of many recordings only once."""
        if (event.code, event.message) not in self._warned:
            self._warned.add((event.code, event.message))
            self.alert(_about(event.recording, event.message, "warning"), event.hint)

    def engine_starting(self, event: events.EngineStarting) -> None:
        """Report the start of an engine; building its environment or image takes minutes."""
        told = f": {event.message}" if event.message else ""
        from dalston_cli.launchers.registry import launcher_class  # noqa: PLC0415 - loads pydantic

        built = launcher_class(event.launcher).builds if event.step == "environment" else None
        step = built or event.step
        line = f"starting engine {event.engine} ({event.launcher}, {step}){told}"
        (self.say if event.step == "environment" else self.console.detail)(line)

    def engine_ready(self, event: events.EngineReady) -> None:
        """Report that an engine is ready."""
        how = "reused" if event.reused else f"started in {duration(event.elapsed_s)}"
        why = f"; launcher {event.launcher}: {event.reason}" if event.reason else ""
        self.console.detail(f"engine {event.engine} is ready on {event.device} ({how}{why})")

    def model_pulling(self, event: events.ModelPulling) -> None:
        """Report once that a model is being downloaded."""
        if event.step == "downloading" and event.model not in self._pulled:
            self._pulled.add(event.model)
            amount = f", {readable_size(event.total_bytes)}" if event.total_bytes else ""
            self.say(f"downloading {event.model}{amount}")

    def stage_finished(self, event: events.StageFinished) -> None:
        """Report the end of a stage, with ``--verbose``."""
        how = "taken from the store" if event.reused else f"{event.status}"
        reason = f": {event.reason}" if event.reason else ""
        self.console.detail(f"{event.recording}: {event.stage} {how}{reason}")

    def run_finished(self, event: events.RunFinished) -> None:
        """Sum the run up, with a hint to go on where it was stopped."""
        self.say(summary(event))
        if event.exit_code == ExitCode.INTERRUPTED:
            self.alert("hint: run the same command again to go on: finished stages are kept")

    _handlers: dict[type[events.Event], Callable[..., None]] = {  # noqa: RUF012 - read only
        events.JobFinished: job_finished,
        events.WarningRaised: warning,
        events.EngineStarting: engine_starting,
        events.EngineReady: engine_ready,
        events.ModelPulling: model_pulling,
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


def run_view(console: Console, *, show_text: bool = True) -> RunView:
    """Return the view that fits the console.

    Args:
        console: A terminal, a file, or JSON.
        show_text: Whether text may be shown as it comes.
    """
    if console.mode is Mode.JSON:
        return RunStream(console)
    if console.draws:
        from dalston_cli.console.run_bar import RunBar  # noqa: PLC0415 - loads rich

        return RunBar(console, show_text=show_text)
    return RunLines(console)


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
        line += f", {speed(event.audio_s / event.elapsed_s)} as fast as it plays"
    return line


def _outcome(event: events.JobFinished) -> str:
    details = []
    if event.duration_s is not None:
        details.append(f"{duration(event.duration_s)} of audio")
    if event.rtfx is not None:
        details.append(speed(event.rtfx))
    outputs = f" -> {', '.join(event.outputs)}" if event.outputs else ""
    return (f" ({', '.join(details)})" if details else "") + outputs


def _about(recording: str | None, message: str, kind: str) -> str:
    """Return a line that names its recording once."""
    if recording is None or recording in message:
        return f"{kind}: {message}"
    return f"{kind}: {recording}: {message}"
