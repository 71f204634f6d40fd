"""Subtitles that follow the spoken word: every cue once per token, with that token marked."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from dalston_cli.formats.subtitles.cues import Cue


def rendered(
    cue: Cue, escape: Callable[[str], str], mark: tuple[str, str] | None
) -> Iterator[tuple[float, float, str]]:
    """A cue's text and times; with ``mark``, one after the other for each token.

    Args:
        cue: Times in seconds.
        escape: What the format needs done to the text.
        mark: Markup to put around the spoken token; None marks nothing.
    """
    if mark is None:
        yield cue.start, cue.end, cue.text(escape)
        return
    tokens = cue.tokens
    times = [cue.start]
    for token in tokens[1:]:
        times.append(max(times[-1], min(round(token.start, 3), cue.end)))
    times.append(cue.end)
    for token, (start, end) in zip(tokens, pairwise(times), strict=True):
        if start < end:
            yield start, end, cue.text(escape, token, mark)
