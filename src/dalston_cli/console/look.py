"""How lines on stderr look: colours where they are wanted, signs where the terminal has them."""

import os
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


_UNICODE = Signs(done="✓", failed="✗", arrow="→", full="━", half="╸", rest="━", more="…")
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


def _has_signs(stream: TextIO) -> bool:
    try:
        "✓━→…".encode(stream.encoding or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
