"""Plots as SVG that stands in a page: no script, colours from the page's style.

Each has a text for screen readers, and its values as a table below it.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from dalston_cli.formats.timestamp import clock
from dalston_cli.statistics.batch import Histogram
from dalston_cli.statistics.intervals import Interval

_WIDTH = 420
_LABEL = 120
_VALUE = 110
_ROW = 26
_BAR = 18
_HEIGHT = 140
_COLOURS = 8
_LONGEST_LABEL = 16
_MOST_TICKS = 8
_MOST_BOXES = 2_000


def bars(title: str, values: Sequence[tuple[str, float, str]]) -> str:
    """Return horizontal bars: label, value, and the value as text."""
    most = max((value for _, value, _ in values), default=0.0) or 1.0
    room = _WIDTH - _LABEL - _VALUE
    rows = []
    for number, (label, value, text) in enumerate(values):
        y, width = number * _ROW, room * value / most
        rows.append(
            f'<text class="label" x="{_LABEL - 8}" y="{y + 14}">{escape(_short(label))}</text>'
            f'<rect class="c{number % _COLOURS}" x="{_LABEL}" y="{y}" width="{width:.1f}"'
            f' height="{_BAR}" rx="2"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{y + 14}">{escape(text)}</text>'
        )
    table = _table(("", ""), [(label, text) for label, _, text in values])
    return _figure(title, "".join(rows), _ROW * max(1, len(values)), table)


def histogram(of: Histogram) -> str:
    """Return columns: how many values lie between two edges."""
    scale, counts = of.scale, of.counts
    most = max(counts, default=0) or 1
    step = _WIDTH / len(counts)
    ticks = -(-len(counts) // _MOST_TICKS)  # every so many bars has one
    parts = []
    for number, (edge, count) in enumerate(zip(scale.edges, counts, strict=True)):
        height = (_HEIGHT - 40) * count / most
        x, y = number * step, _HEIGHT - 22 - height
        parts.append(
            f'<rect class="c0" x="{x + 1:.1f}" y="{y:.1f}" width="{step - 2:.1f}"'
            f' height="{height:.1f}"><title>{escape(_bin(of, number))}: {count}</title></rect>'
        )
        if number % ticks == 0:
            parts.append(f'<text class="tick" x="{x:.1f}" y="{_HEIGHT - 6}">{edge:g}</text>')
    table = _table(
        (scale.unit, "number"),
        [(_bin(of, number), f"{count:,}") for number, count in enumerate(counts) if count],
    )
    return _figure(f"{scale.title}, {scale.unit}", "".join(parts), _HEIGHT, table)


def timeline(title: str, speech: Mapping[str, Sequence[Interval]], span: Interval) -> str:
    """Return a row for each speaker, with boxes where the speaker speaks."""
    room, length = _WIDTH - _LABEL, span.length_s or 1.0
    parts = []
    for number, (speaker, intervals) in enumerate(speech.items()):
        y = number * _ROW
        label = escape(_short(speaker or "unnamed"))
        parts.append(f'<text class="label" x="{_LABEL - 8}" y="{y + 14}">{label}</text>')
        boxes = "".join(
            f"M{_LABEL + room * (each.start - span.start) / length:.1f} {y}"
            f"h{max(0.6, room * each.length_s / length):.1f}v{_BAR}"
            f"h-{max(0.6, room * each.length_s / length):.1f}z"
            for each in intervals[:_MOST_BOXES]
        )
        parts.append(f'<path class="c{number % _COLOURS}" d="{boxes}"/>')
    bottom = _ROW * max(1, len(speech))
    for number in range(5):
        x, time = _LABEL + room * number / 4, span.start + length * number / 4
        anchor = ("start", "middle", "middle", "middle", "end")[number]
        parts.append(
            f'<text class="tick" text-anchor="{anchor}" x="{x:.1f}" y="{bottom + 14}">'
            f"{clock(time, fraction='', always_hours=False)}</text>"
        )
    return _figure(title, "".join(parts), bottom + 20, "")


def _figure(title: str, drawn: str, height: int, table: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img"'
        f' aria-label="{escape(title)}" viewBox="0 0 {_WIDTH} {height}">{drawn}</svg>{table}'
        "</figure>\n"
    )


def _table(heads: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    return (
        "<details><summary>Values</summary><table>"
        + "".join(_lines(heads, rows))
        + "</table></details>"
    )


def _lines(heads: tuple[str, str], rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    if any(heads):
        yield f"<tr><th>{escape(heads[0])}</th><th>{escape(heads[1])}</th></tr>"
    for first, second in rows:
        yield f"<tr><td>{escape(first)}</td><td>{escape(second)}</td></tr>"


def _bin(of: Histogram, number: int) -> str:
    edges = of.scale.edges
    if number == len(edges) - 1:
        return f"{edges[number]:g} and more"
    low = "" if number == 0 and edges[0] < 0 else f"{edges[number]:g}"
    return f"{low} to {edges[number + 1]:g}" if low else f"below {edges[1]:g}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
