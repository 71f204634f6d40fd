"""Text as it comes, each word in the colour of its confidence."""

from collections.abc import Iterator

from dalston_cli.amounts import duration
from dalston_cli.console.look import Span, Style
from dalston_cli.console.text import printable, text_width
from dalston_sdk.wire import Segment

SURE = 0.8
"""From here on a word is green."""

UNSURE = 0.5
"""Below it a word is red, and yellow between the two."""


def coloured_lines(segment: Segment, columns: int) -> Iterator[tuple[Span, ...]]:
    """Yield a segment's lines; without words it has no colours.

    Args:
        segment: With its start in the recording.
        columns: Those of the terminal.
    """
    line, used = [Span(f"[{duration(segment.start)}]")], len(f"[{duration(segment.start)}]")
    words = [(printable(word.text), _style(word.confidence)) for word in segment.words or ()] or [
        (printable(f" {segment.text}"), Style.PLAIN)
    ]
    for text, style in words:
        width = text_width(text)
        if used + width > columns and len(line) > 1:
            yield tuple(line)
            line, used = [Span(" ")], 1
        line.append(Span(text, style))
        used += width
    yield tuple(line)


def _style(confidence: float | None) -> Style:
    if confidence is None:
        return Style.PLAIN
    if confidence < UNSURE:
        return Style.BAD
    return Style.GOOD if confidence >= SURE else Style.CAUTION
