"""``Console``: the only way to print. Data goes to stdout, everything else to stderr."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol, TextIO

from dalston_cli import streams
from dalston_cli.console.columns import fitted_table
from dalston_cli.console.envelope import Envelope, error_data
from dalston_cli.console.look import Look, Span, Style, terminal_size_of, wrapped
from dalston_cli.console.text import encodable, printable, printable_message, render_table
from dalston_cli.errors import DalstonError

STREAMING = frozenset({"transcribe", "watch"})
"""Commands that, with ``--json``, write many lines, told apart by ``event``."""


_HINT = "hint:"


class Mode(StrEnum):
    """The reader: a person, a program, or a person who wants warnings and errors only."""

    HUMAN = "human"
    JSON = "json"
    QUIET = "quiet"


class Meter(Protocol):
    """The display of a transfer's progress."""

    def update(self, done: float, total: float | None = None) -> None:
        """Show that ``done`` of ``total`` is there; None keeps the total known before."""


class Console:
    """The output of a command.

    Args:
        command: Words of the command, such as ``models list``, for ``--json``.
        json: Print one JSON envelope instead of text.
        quiet: Print nothing on stderr but warnings and errors.
        verbose: The number of ``-v``.
        stdout, stderr: The process's own by default.
    """

    def __init__(
        self,
        command: str = "",
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: int = 0,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.command = command
        self.mode = Mode.JSON if json else Mode.QUIET if quiet else Mode.HUMAN
        self.quiet = quiet
        self.verbose = verbose
        self._stdout = stdout
        self._stderr = stderr
        self._write_line: Callable[[str], object] | None = None

    @property
    def stdout(self) -> TextIO:
        """The stream for data; looked up late, so that a redirected ``sys.stdout`` counts."""
        return self._stdout or sys.stdout

    @property
    def stderr(self) -> TextIO:
        """The stream for everything else."""
        return self._stderr or sys.stderr

    @property
    def look(self) -> Look:
        """The colours and signs of stderr."""
        return Look.of(self.stderr)

    @property
    def draws(self) -> bool:
        """True if bars may appear: stderr is a terminal that can change its lines."""
        return self.mode is Mode.HUMAN and self.look.redraws

    @property
    def asks(self) -> bool:
        """True if a person can answer a question."""
        people = self.mode is Mode.HUMAN and self.stderr.isatty()
        return people and sys.stdin is not None and sys.stdin.isatty()

    def transcript(self, text: str) -> None:
        """Write a transcript to stdout, which the caller must not have closed."""
        streams.check_stdout()
        self.data(text)

    def data(self, *texts: str) -> None:
        """Write what was asked for to stdout, as it is, with a line end."""
        end = "" if texts[-1].endswith("\n") else "\n"
        streams.print_data(self.stdout, *map(encodable, texts), end)

    def result(
        self,
        data: object,
        *,
        text: str | None = None,
        exit_code: int = 0,
        errors: Sequence[object] = (),
    ) -> None:
        """End a command: with ``--json`` the envelope around ``data``, else ``text`` if any."""
        if self.mode is Mode.JSON:
            envelope = Envelope(command=self.command, exit_code=exit_code, data=data, errors=errors)
            self.data(*envelope.parts())
        elif text is not None:
            self.data("\n".join(map(printable, text.split("\n"))))

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        data: object,
        empty: str = "",
        optional: Sequence[str] = (),
    ) -> None:
        """End a listing: with ``--json`` the envelope around ``data``, else a table.

        Args:
            columns: Headings, in lower case.
            rows: Cells in the order of ``columns``; None is shown as ``-``.
            data: The same for programs.
            empty: Message on stderr where there are no rows.
            optional: Columns to drop, the first one first, where the terminal is too narrow.
        """
        if self.mode is Mode.JSON:
            self.result(data)
            return
        cells = [[printable("-" if cell is None else cell) for cell in row] for row in rows]
        if cells:
            self.data(self.laid_out(columns, cells, optional=optional))
        elif empty:
            self.info(empty)

    def laid_out(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], *, optional: Sequence[str]
    ) -> str:
        """Return a table for stdout; ``optional`` as for ``table``."""
        if not (optional and self.stdout.isatty()):
            return render_table(columns, cells)
        width = shutil.get_terminal_size().columns
        return fitted_table(columns, cells, optional=optional, width=width)

    def info(self, message: str, *, whole: bool = False) -> None:
        """Print a message for a person who waits; ``whole`` keeps what is to be copied."""
        if self.mode is Mode.HUMAN:
            self._write((Span(message),), whole=whole)

    def detail(self, message: str) -> None:
        """Print a message with ``--verbose`` only."""
        if self.mode is Mode.HUMAN and self.verbose:
            self._write((Span(message),))

    def say(self, *spans: Span) -> None:
        """Print a message in colours for a person who waits."""
        if self.mode is Mode.HUMAN:
            self._write(spans)

    def alert(self, *spans: Span) -> None:
        """Print a message with ``--quiet``, too."""
        self._write(spans)

    def hint(self, message: str, *, always: bool = False) -> None:
        """Print a next step; ``always`` with ``--json``, too."""
        if always or self.mode is not Mode.JSON:
            self._marked(_HINT, Style.PROGRESS, message)

    def warning(self, message: str, *, hint: str | None = None) -> None:
        """Print a warning, and a hint if there is one."""
        self._marked("warning:", Style.CAUTION, message)
        if hint:
            self._marked(_HINT, Style.PROGRESS, hint)

    def error(self, error: DalstonError) -> None:
        """Print an error on stderr, or as an envelope with ``--json``."""
        if self.mode is Mode.JSON:
            envelope = Envelope(
                command=self.command,
                exit_code=error.exit_code,
                errors=[error_data(error)],
                event="error" if self.command in STREAMING else None,
            )
            self.data(envelope.encode())
            return
        self._marked("error:", Style.BAD, error.message)
        if error.hint:
            self._marked(_HINT, Style.PROGRESS, error.hint)

    def confirm(self, question: str, *, default: bool, assume_yes: bool = False) -> bool:
        """Ask a person; without one the answer is ``default``.

        Args:
            question: Without the marks for yes and no.
            default: The answer of the Enter key, and of a script.
            assume_yes: ``-y`` was given: answer yes without asking.
        """
        if assume_yes:
            return True
        if not self.asks:
            return default
        streams.tell(self.stderr, f"{printable(question)} [{'Y/n' if default else 'y/N'}] ")
        answer = sys.stdin.readline().strip().lower()
        return answer in {"y", "yes"} if answer else default

    @contextmanager
    def meter(self, description: str, *, total: float | None = None) -> Iterator[Meter]:
        """Show progress: a bar in a terminal, else only that the work began.

        Args:
            description: The work in progress.
            total: Bytes in all; None where it is not known yet.
        """
        if not self.draws:
            self.info(description)
            yield _SilentMeter()
            return
        from dalston_cli.console.meter import drawn_meter  # noqa: PLC0415 - loads rich

        with drawn_meter(self.stderr, printable(description), total) as meter:
            yield meter

    @contextmanager
    def lines_through(self, write: Callable[[str], object]) -> Iterator[None]:
        """Hand every line for stderr to ``write`` while the block lasts, such as to a bar."""
        self._write_line = write
        try:
            yield
        finally:
            self._write_line = None

    def _marked(self, mark: str, style: Style, message: str) -> None:
        self._write((Span(mark, style), Span(f" {message}")), whole=mark == _HINT)

    def _write(self, spans: Sequence[Span], *, whole: bool = False) -> None:
        """Write a line, in a terminal wrapped between words unless it is to stay whole."""
        safe = [Span(printable_message(span.text), span.style) for span in spans]
        look = self.look
        if look.redraws and not whole:
            safe = wrapped(safe, terminal_size_of(self.stderr).columns)
        line = look.paint(safe)
        if self._write_line is not None:
            self._write_line(line)
            return
        streams.tell(self.stderr, f"{line}\n")


class _SilentMeter:
    """A meter that shows nothing."""

    def update(self, done: float, total: float | None = None) -> None:
        """Show nothing."""
