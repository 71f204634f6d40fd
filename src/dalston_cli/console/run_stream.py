"""A run for programs: every event is a line of JSON on stdout, the last one is the report."""

from dalston_cli.console.envelope import Envelope, encode_json
from dalston_cli.console.run_view import RunView
from dalston_cli.pipeline.events import Event, RunFinished


class RunStream(RunView):
    """NDJSON; the last line holds the keys of every command's envelope, too."""

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
        """Refuse: a transcript must not stand between events."""
        raise AssertionError(f"--json and text on stdout exclude each other: {text[:40]!r}")
