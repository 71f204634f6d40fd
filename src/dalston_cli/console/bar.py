"""Bars, and lines whose parts give way where the terminal is narrow."""

from collections.abc import Sequence

from dalston_cli.console.look import Line, Signs, Span, Style

GAP = "  "
_LEAST_BAR = 8


def bar(part: float | None, width: int, signs: Signs) -> Line:
    """Return a bar of ``width`` columns; without a part of the whole, one that is empty."""
    halves = round((part or 0.0) * width * 2)
    full, half = divmod(min(halves, width * 2), 2)
    done = signs.full * full + signs.half * half
    return (Span(done, Style.PROGRESS), Span(signs.rest * (width - full - half), Style.DIM))


def line_with_bar(
    head: str, part: float | None, figures: Sequence[str], *, columns: int, look: Signs, most: int
) -> Line:
    """Return ``head``, a bar and figures; what does not fit goes: the bar, then the first figures.

    Args:
        head: Words before the bar; may be empty.
        part: Of the bar, from 0 to 1; None for no bar.
        figures: The last one matters most.
        columns: Of the terminal; its last one stays free.
        look: The characters of the bar.
        most: Columns of the bar at most.
    """
    from rich.cells import cell_len  # noqa: PLC0415 - loads rich, where a terminal is drawn on

    figures = [figure for figure in figures if figure]
    words = [head] if head else []
    free = columns - 1 - cell_len(GAP.join([*words, *figures])) - len(GAP)
    while figures[1:] and free + len(GAP) < 0:
        free += cell_len(figures.pop(0)) + len(GAP)
    spans: list[Span] = [Span(head)] if head else []
    if part is not None and free >= _LEAST_BAR:
        spans += [Span(GAP)] if head else []
        spans += bar(part, min(free, most), look)
    text = GAP.join(figures)
    return (*spans, Span(f"{GAP if spans else ''}{text}"))


def fitted(text: str, columns: int, signs: Signs) -> str:
    """Return a name in exactly so many columns; of a long one its end, which tells most."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - likewise

    if cell_len(text) <= columns:
        return set_cell_size(text, columns)
    while text and cell_len(text) > columns - 1:
        text = text[1:]
    return set_cell_size(f"{signs.more}{text}", columns)
