"""Subtitles that mark the spoken word: every cue once per token, with that token marked."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from dalston_cli.formats.subtitles.cues import Cue


def rendered(
    cue: Cue, escape: Callable[[str], str], mark: tuple[str, str] | None
) -> Iterator[tuple[float, float, str]]:
    """Yield start, end and text of a cue; with ``mark``, once for each token.

    Args:
        cue: Times in seconds.
        escape: Escapes text for the format.
        mark: Markup around the spoken token; None marks nothing.
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
