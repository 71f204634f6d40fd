"""What shows a run: lines, a bar, or JSON."""

from types import TracebackType
from typing import Protocol, Self

from dalston_cli.console.screen import Console, Mode
from dalston_cli.pipeline.events import Event


class RunView(Protocol):
    """Shows the events of a run while the block lasts."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the screen in order."""

    def take(self, event: Event) -> None:
        """Show an event."""

    def print_text(self, text: str) -> None:
        """Write a transcript to stdout."""


def run_view(console: Console, *, show_text: bool = True) -> RunView:
    """The view that fits who reads.

    Args:
        console: Knows who that is.
        show_text: Whether text may be shown as it comes.
    """
    if console.mode is Mode.JSON:
        from dalston_cli.console.run_stream import RunStream  # noqa: PLC0415 - not for --help

        return RunStream(console)
    if console.draws:
        from dalston_cli.console.run_bar import RunBar  # noqa: PLC0415 - loads rich

        return RunBar(console, show_text=show_text)
    from dalston_cli.console.run_lines import RunLines  # noqa: PLC0415 - not for --help

    return RunLines(console)
