"""Text for a terminal: made safe, as names of files can hold anything, and put into tables."""

import re
from collections.abc import Sequence

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_QUOTED = re.compile(r"\n(?=  )")
_SURROGATES = re.compile("[\ud800-\udfff]")


def printable(text: object) -> str:
    r"""Return one line of ``text`` that no terminal interprets.

    Control characters, line breaks and marks that change the reading direction are written as
    ``\n``, ``\x1b`` or ``\u202e``, so that a file's name can neither forge a line of our output
    nor move the cursor; bytes that are not UTF-8 become U+FFFD.
    """
    return _SURROGATES.sub("\ufffd", _CONTROL.sub(_escape, str(text)))


def printable_message(text: str) -> str:
    """Do as ``printable``, but keep lines that are indented by two spaces.

    Messages quote the last lines of a log that way. Indented, a line cannot pass for an ``error:``
    or a ``hint:`` of ours.
    """
    return "\n".join(printable(line) for line in _QUOTED.split(text))


def encodable(text: str) -> str:
    """Return ``text`` as any UTF-8 stream takes it: undecodable bytes replaced, lines kept."""
    return _SURROGATES.sub("\ufffd", text)


def render_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: columns two spaces apart, headings in capitals, for people and for awk.

    Args:
        columns: Headings.
        rows: Cells without line breaks, as many per row as there are headings.
    """
    lines = [[column.upper() for column in columns], *rows]
    widths = [max(text_width(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(_row(line, widths) for line in lines)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + " " * (width - text_width(cell)) for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()


def text_width(text: str) -> int:
    """Return the columns that a terminal takes: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - keeps `dalston --help` fast

    return cell_len(text)
