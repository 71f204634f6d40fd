"""Draws the seconds of every contender as an SVG: a group of bars for each benchmark.

Benchmarks of which the contenders do different amounts of work are left out.
"""

from collections.abc import Iterator
from html import escape

from benchmarks.peers.results import Outcome, Results

WIDTH, LABELS, BARS = 760, 230, 420
ROW, GAP, TITLE = 20, 18, 20
_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #222 }
.title { font-weight: 600 }
.bar { fill: #b4bcc8 }
.dalston { fill: #2f6fdb }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd }
  .bar { fill: #5b6472 }
  .dalston { fill: #6ea0f5 }
}
"""


def draw(results: Results) -> str:
    """Return the picture; the longest bar of a group has the full width."""
    parts: list[str] = []
    top = 0
    for outcome in results.outcomes:
        timings = outcome.timings.values()
        if timings and (outcome.model or any(each.is_other for each in timings)):
            parts += _group(outcome, top)
            top += TITLE + ROW * len(outcome.timings) + GAP
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = "<title>Seconds of Dalston and its peers</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def _group(outcome: Outcome, top: int) -> Iterator[str]:
    """Yield a title and the bars below it."""
    longest = max(timing.seconds for timing in outcome.timings.values())
    name = f"{outcome.what}, {outcome.model}" if outcome.model else outcome.what
    yield f'<text class="title" x="0" y="{top + 14}">{escape(name)}</text>'
    for number, (contender, timing) in enumerate(outcome.timings.items()):
        y = top + TITLE + number * ROW
        width = max(1, round(BARS * timing.seconds / longest))
        kind = "bar" if timing.is_other else "bar dalston"
        yield f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(contender)}</text>'
        yield f'<rect class="{kind}" x="{LABELS}" y="{y + 3}" width="{width}" height="14" rx="2"/>'
        yield f'<text x="{LABELS + width + 6}" y="{y + 14}">{timing.seconds:.1f} s</text>'
