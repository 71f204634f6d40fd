"""Loops: the same words again and again, as speech models say when they have lost the thread."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dalston_sdk.wire import Notice, Segment

_MIN_SEGMENTS = 4
"""So many segments in a row that say the same are a loop."""

_MAX_PERIOD = 12
"""Words in the longest phrase that is looked for."""

_MIN_PHRASES, _MIN_SINGLE_WORDS = 5, 8
_MAX_COMPRESSION_RATIO = 2.4
"""Whisper's own limit: text that compresses better repeats itself."""

_SHOWN = 60


class _Loop(Struct, frozen=True, kw_only=True):
    """A phrase that is repeated, and from where to where."""

    phrase: str
    times: int
    start: float
    end: float


def find_repetitions(segments: Sequence[Segment]) -> Iterator[Notice]:
    """Yield a notice for each loop; those inside a longer one are not told twice."""
    reached = float("-inf")
    loops = [*_segment_loops(segments), *_phrase_loops(segments)]
    for loop in sorted(loops, key=lambda loop: (loop.start, -loop.end)):
        if loop.end > reached:
            reached = loop.end
            yield _notice(f'"{loop.phrase}" is repeated {loop.times} times', loop.start, loop.end)
    for segment in segments:
        told = any(loop.start <= segment.start and segment.end <= loop.end for loop in loops)
        if (segment.compression_ratio or 0.0) > _MAX_COMPRESSION_RATIO and not told:
            yield _notice("the text repeats itself", segment.start, segment.end)


def _segment_loops(segments: Sequence[Segment]) -> Iterator[_Loop]:
    first = 0
    for index in range(1, len(segments) + 1):
        same = index < len(segments) and _plain(segments[index].text) == _plain(
            segments[first].text
        )
        if same:
            continue
        if index - first >= _MIN_SEGMENTS:
            run = segments[first:index]
            yield _loop(run[0].text, len(run), run)
        first = index


def _phrase_loops(segments: Sequence[Segment]) -> Iterator[_Loop]:
    """Yield phrases of up to ``_MAX_PERIOD`` words that follow themselves often enough."""
    spoken = [
        (plain, segment)
        for segment in segments
        for word in segment.text.split()
        if (plain := _plain(word))
    ]
    told: list[range] = []
    for period in range(1, _MAX_PERIOD + 1):
        needed = _MIN_SINGLE_WORDS if period == 1 else _MIN_PHRASES
        for first, times in _periodic([word for word, _ in spoken], period):
            end = first + times * period
            if times < needed or any(first in loop for loop in told):
                continue
            told.append(range(first, end))
            phrase = " ".join(word for word, _ in spoken[first : first + period])
            yield _loop(phrase, times, [segment for _, segment in spoken[first:end]])


def _periodic(words: Sequence[str], period: int) -> Iterator[tuple[int, int]]:
    """Yield the start of words that recur ``period`` words later, and how often they do."""
    first = 0
    for index in range(period, len(words) + 1):
        if index < len(words) and words[index] == words[index - period]:
            continue
        yield first, (index - first) // period
        first = index - period + 1


def _loop(phrase: str, times: int, said: Sequence[Segment]) -> _Loop:
    shown = phrase if len(phrase) <= _SHOWN else phrase[: _SHOWN - 1] + "…"
    return _Loop(
        phrase=shown, times=times, start=said[0].start, end=max(segment.end for segment in said)
    )


def _plain(text: str) -> str:
    """Return lower case, letters and digits only."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _notice(message: str, start: float, end: float) -> Notice:
    return Notice(code="repetition", message=message, stage="merge", start=start, end=end)
