"""The view of a run: lines, a bar, or JSON."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from dalston_cli.console.screen import Console, Mode
from dalston_cli.pipeline.events import Event


class RunView(ABC):
    """Shows the events of a run while a ``with`` block lasts."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stack = ExitStack()
        """Closed with the view."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clean up the screen."""
        self._stack.close()

    @abstractmethod
    def take(self, event: Event) -> None:
        """Show an event."""

    @abstractmethod
    def print_text(self, text: str) -> None:
        """Write a transcript to stdout."""


def run_view(console: Console, *, show_text: bool = True) -> RunView:
    """Return the view that fits the console.

    Args:
        console: A terminal, a file, or JSON.
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
