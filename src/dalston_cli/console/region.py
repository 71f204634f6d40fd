"""The last lines of a terminal, drawn anew in place while other lines scroll by above them.

rich's ``Live`` is not used: it writes all its lines at every tick, whether they changed or not,
and leaves rests behind where a terminal that becomes narrower wraps what was drawn before.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from os import terminal_size
from types import TracebackType
from typing import Self, TextIO

from rich.cells import cell_len, set_cell_size

from dalston_cli.console.look import Line, Look, Span, terminal_size_of
from dalston_cli.streams import tell

TICK_S = 0.2
_UP, _ERASE_LINE, _ERASE_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"

Render = Callable[[int], Sequence[Line]]


class Region:
    """Lines that ``render`` gives, drawn when they have changed; looked at every ``TICK_S``.

    Args:
        stream: A terminal.
        look: Colours and signs.
        render: Called with the number of columns, under ``lock``; the last lines matter most.
        lock: Held by each thread that changes what ``render`` reads.
    """

    def __init__(
        self, stream: TextIO, look: Look, render: Render, lock: "threading.RLock | None" = None
    ) -> None:
        self._stream = stream
        self._look = look
        self._render = render
        self._lock = lock or threading.RLock()
        self._size = terminal_size((80, 24))
        self._drawn: list[str] = []
        self._widths: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Erase the lines and draw no more; may be called twice."""
        self._ended.set()
        with self._lock:
            self._put(self._erasure(), [], [])

    def write(self, line: str) -> None:
        """Write a line that stays, above the others, and draw these."""
        with self._lock:
            self._measure()
            erasure, lines = self._erasure(), self._fitting()
            drawn = [self._look.paint(each) for each in lines]
            self._put(f"{erasure}{line}\n" + "\n".join(drawn), drawn, lines)

    def draw(self) -> None:
        """Draw the lines, if they or the terminal changed."""
        with self._lock:
            changed = self._measure()
            lines = self._fitting()
            drawn = [self._look.paint(line) for line in lines]
            if drawn == self._drawn and not (changed and drawn):
                return
            start = self._erasure() if changed else self._start()
            text = "\n".join(f"{line}{_ERASE_LINE}" for line in drawn)
            self._put(f"{start}{text}{_ERASE_BELOW}", drawn, lines)

    def _tick(self) -> None:
        with suppress(OSError, ValueError):  # the terminal is gone
            while not self._ended.wait(TICK_S):
                with self._lock:
                    if not self._ended.is_set():
                        self.draw()

    def _fitting(self) -> Sequence[Line]:
        """Return what of the lines fits the terminal; none after the end."""
        if self._ended.is_set():
            return ()
        columns, rows = self._size.columns, self._size.lines
        lines = [_cut(line, columns - 1) for line in self._render(columns)]
        return lines[-max(1, rows - 1) :]

    def _measure(self) -> bool:
        """Look at the terminal's size; return True if it changed."""
        size = terminal_size_of(self._stream)
        changed, self._size = size != self._size, size
        return changed

    def _start(self) -> str:
        """Return what moves the cursor to the first of the drawn lines.

        A line that is wider than the terminal now takes several of its rows.
        """
        rows = sum(max(1, -(-width // self._size.columns)) for width in self._widths)
        return "\r" + (_UP.format(rows - 1) if rows > 1 else "")

    def _erasure(self) -> str:
        return f"{self._start()}{_ERASE_BELOW}" if self._drawn else ""

    def _put(self, text: str, drawn: list[str], lines: Sequence[Line]) -> None:
        self._drawn, self._widths = drawn, [_width(line) for line in lines]
        if text:
            tell(self._stream, text)


def _width(line: Line) -> int:
    return sum(cell_len(span.text) for span in line)


def _cut(line: Line, columns: int) -> Line:
    """Return the part of a line that fits."""
    if _width(line) <= columns:
        return line
    cut: list[Span] = []
    for span in line:
        width = min(cell_len(span.text), columns)
        cut.append(Span(set_cell_size(span.text, width), span.style))
        columns -= width
    return cut
