"""A run for programs: every event is a line of JSON on stdout, the last one is the report."""

from types import TracebackType
from typing import Self

from dalston_cli.console.envelope import Envelope, encode_json
from dalston_cli.console.screen import Console
from dalston_cli.pipeline.events import Event, RunFinished


class RunStream:
    """NDJSON; the last line holds the keys of every command's envelope, too."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to put away."""

    def take(self, event: Event) -> None:
        """Write an event."""
        if isinstance(event, RunFinished):
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
        """Transcripts do not belong between events: write them nowhere."""
        raise AssertionError(f"--json and text on stdout exclude each other: {text[:40]!r}")
