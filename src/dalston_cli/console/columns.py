"""Tables that fit a terminal: less important columns are dropped, and no row is ever wrapped."""

from collections.abc import Sequence

from dalston_cli.console.text import render_table, text_width

_CUT = "…"


def fitted_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    optional: Sequence[str],
    width: int,
) -> str:
    """Return a table of at most ``width`` columns of the terminal.

    Args:
        columns: Headings.
        rows: Cells without line breaks, as many per row as there are headings.
        optional: Headings to drop where it is too wide, the first one first. A table that is
            too wide without all of them is cut at its right edge.
        width: Columns of the terminal, at least 1.
    """
    lines: list[str] = []
    for number in range(len(optional) + 1):
        places = [i for i, column in enumerate(columns) if column not in optional[:number]]
        kept = [[row[place] for place in places] for row in (columns, *rows)]
        lines = render_table(kept[0], kept[1:]).split("\n")
        if all(text_width(line) <= width for line in lines):
            break
    return "\n".join(_cut(line, width) for line in lines)


def _cut(line: str, width: int) -> str:
    if text_width(line) <= width:
        return line
    from rich.cells import set_cell_size  # noqa: PLC0415 - keeps `dalston --help` fast

    return set_cell_size(line, width - 1).rstrip() + _CUT
