"""Conventions for transcripts of talk: how pauses, sounds and words are written.

Reference:
    G. Jefferson, "Glossary of transcript symbols with an introduction" (2004): ``(.)`` for a pause
    of less than two tenths of a second, else its seconds; what is no talk in double parentheses.
    M. Selting et al., "Gesprächsanalytisches Transkriptionssystem 2 (GAT 2)", Gesprächsforschung
    10 (2009), minimal transcript: small letters without punctuation; ``(.)`` for a pause of up to
    0.2 seconds, ``(-)`` up to 0.5, ``(--)`` up to 0.8, ``(---)`` up to 1.0, else its seconds; what
    is no talk in double parentheses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.settings.choices import VerbatimName

_PUNCTUATION = re.compile(
    r"[;!?…¡¿\"“”„«»‹›()\[\]。、！？，；：]"  # noqa: RUF001 - Chinese and Japanese ones
    r"|(?<!\w)[-–—]+(?!\w)"  # noqa: RUF001 - dashes
    r"|(?<!\d)[.,:]|[.,:](?!\d)"
)
"""Signs in numbers stay: ``3.5``, ``10:30``."""
_GAT2_PAUSES = ((0.2, "(.)"), (0.5, "(-)"), (0.8, "(--)"), (1.0, "(---)"))
_JEFFERSON_SHORT_S = 0.2
_SHORT_PAUSE_S, _PAUSE_S = 0.5, 1.0


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A way to write talk.

    Attributes:
        pause: Returns the mark of a pause of so many seconds; empty for one that is not written.
        event: Returns the mark of a sound with this label.
        spoken: Returns words as they are written.
    """

    pause: Callable[[float], str]
    event: Callable[[str], str]
    spoken: Callable[[str], str] = str


def _layouts_pause(seconds: float) -> str:
    if seconds >= _PAUSE_S:
        return f"({seconds:.1f})"
    return "(.)" if seconds >= _SHORT_PAUSE_S else ""


def _gat2_pause(seconds: float) -> str:
    marks = (mark for up_to_s, mark in _GAT2_PAUSES if seconds <= up_to_s)
    return next(marks, f"({seconds:.1f})")


def _gat2_words(text: str) -> str:
    return _PUNCTUATION.sub("", text).lower()


def _jefferson_pause(seconds: float) -> str:
    return "(.)" if seconds < _JEFFERSON_SHORT_S else f"({seconds:.1f})"


def _apart(label: str) -> str:
    return f"(({clean(label).lower()}))"


LAYOUTS = Convention(pause=_layouts_pause, event=lambda label: f"({clean(label).lower()})")
"""What the layouts of programs for research have where no convention is asked for."""

_CONVENTIONS: Mapping[VerbatimName, Convention] = {
    "gat2": Convention(pause=_gat2_pause, event=_apart, spoken=_gat2_words),
    "jefferson": Convention(pause=_jefferson_pause, event=_apart),
}


def convention_of(options: RenderOptions) -> Convention | None:
    """Return the convention that is asked for, with the shortest pause that is; None without."""
    convention, least_s = _CONVENTIONS.get(options.verbatim), options.pauses
    if convention is None:
        return None
    mark = convention.pause
    return Convention(
        pause=lambda seconds: mark(to) if (to := round(seconds, 2)) >= least_s else "",
        event=convention.event,
        spoken=convention.spoken,
    )
