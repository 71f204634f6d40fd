"""How lines on stderr look: colours where they are wanted, signs where the terminal has them."""

import os
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TextIO


class Style(StrEnum):
    """A colour, as the parameter of the control sequence that sets it."""

    PLAIN = ""
    STRONG = "1"
    DIM = "2"
    BAD = "31"
    GOOD = "32"
    CAUTION = "33"
    PROGRESS = "36"


class Span(NamedTuple):
    """A part of a line, without control characters."""

    text: str
    style: Style = Style.PLAIN


Line = Sequence[Span]


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Characters beyond ASCII, or what stands in for them."""

    done: str
    failed: str
    arrow: str
    full: str
    half: str
    rest: str
    more: str


_UNICODE = Signs(done="✓", failed="✗", arrow="→", full="━", half="╸", rest="─", more="…")
_ASCII = Signs(done="done:", failed="failed:", arrow="->", full="#", half="#", rest="-", more="~")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a stream can show.

    Attributes:
        colour: Colours are wanted.
        redraws: Lines can be drawn anew in place.
    """

    colour: bool
    redraws: bool
    signs: Signs

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] = os.environ) -> "Look":
        """Look at a stream and at what the user's environment asks for.

        ``NO_COLOR`` forbids colours, ``FORCE_COLOR`` wants them in a pipe, too; a terminal whose
        ``TERM`` is ``dumb`` gets neither colours nor lines that change.

        Reference:
            https://no-color.org, https://force-color.org
        """
        able = stream.isatty() and environ.get("TERM", "").lower() not in {"dumb", "unknown"}
        forced = environ.get("FORCE_COLOR", "") not in {"", "0"}
        return cls(
            colour=(able or forced) and not environ.get("NO_COLOR"),
            redraws=able,
            signs=_UNICODE if _has_signs(stream) else _ASCII,
        )

    def paint(self, line: Line) -> str:
        """Return a line as it is written."""
        return "".join(
            f"\x1b[{span.style}m{span.text}\x1b[0m" if self.colour and span.style else span.text
            for span in line
            if span.text
        )


def wrapped(spans: list[Span], columns: int) -> list[Span]:
    """Return a line whose last span is broken between words, where the line is too long.

    A word that is longer than a line stays whole, for it may be a path that is to be copied.
    """
    *heads, last = spans
    used = sum(len(head.text) for head in heads)
    if "\n" in last.text or used + len(last.text) <= columns:
        return spans
    text = textwrap.fill(
        last.text,
        columns,
        initial_indent="x" * used,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [*heads, Span(text[used:], last.style)]


def terminal_size_of(stream: TextIO) -> os.terminal_size:
    """Return the size of the terminal behind a stream; where there is none, a usual one."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        size = shutil.get_terminal_size()
    return os.terminal_size((size.columns or 80, size.lines or 24))


def _has_signs(stream: TextIO) -> bool:
    try:
        "✓━─→…".encode(stream.encoding or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
