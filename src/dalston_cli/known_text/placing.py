"""A known text in the place of what was recognised: the input of alignment and of merging."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from dalston_cli.amounts import count
from dalston_cli.errors import InputError
from dalston_cli.known_text.matching import match
from dalston_cli.known_text.passages import Hunk, Passages, find_passages
from dalston_cli.known_text.source import KnownTextSource
from dalston_cli.known_text.spoken import Spoken
from dalston_cli.known_text.timing import Timed, word_times
from dalston_cli.known_text.tokens import Vocabulary
from dalston_cli.known_text.written import Written
from dalston_sdk.wire import AlignResult, Passage, Segment, TranscribeResult, Word

_LEAST_FOUND = 0.1
"""The share of words that two texts have in common by chance is smaller, once those are dropped
that are alone."""
_SHOWN = 300
"""Letters of a passage that a result holds."""


class TextNotFoundError(InputError):
    """The text is not what is said in the recording."""

    code = "text_not_found"

    def __init__(self, text: str, num_found: int, num_words: int) -> None:
        super().__init__(
            f"{text} is not what is said: {num_found} of its {count(num_words, 'word')} were found",
            hint="is it the text of this recording? see what is recognised: dalston transcribe",
        )


class Placed(Struct, frozen=True, kw_only=True):
    """A text that was found in a recording; times count from the start of the audio.

    Attributes:
        result: The text's segments in the place of those that were recognised.
        left_out: Passages of the text that are not in the recording.
        added: Passages of the recording that are not in the text.
    """

    result: TranscribeResult
    num_words: int
    left_out: tuple[Passage, ...]
    added: tuple[Passage, ...]


def place(source: KnownTextSource, result: TranscribeResult, duration_s: float) -> Placed:
    """Find a text in what was recognised.

    Raises:
        TextNotFoundError: It is another text.
    """
    written, spoken = Written(source.units), Spoken(result.segments)
    vocabulary = Vocabulary()
    known, recognised = vocabulary.tokens(written.tokens), vocabulary.tokens(spoken.texts)
    matched = match(known, recognised)
    if matched.num_sure <= _LEAST_FOUND * min(len(known), len(recognised)):
        raise TextNotFoundError(source.name, matched.num_sure, len(written))
    passages = find_passages(written, spoken, matched, result.speech_regions, duration_s)
    times = word_times(written, spoken, matched, passages)
    segments = tuple(_segments(source, written, times))
    return Placed(
        result=msgspec.structs.replace(result, segments=segments),
        num_words=len(written),
        left_out=tuple(_left_out(written, passages)),
        added=tuple(_added(spoken, passages)),
    )


def _segments(
    source: KnownTextSource, written: Written, times: Sequence[Timed | None]
) -> Iterator[Segment]:
    """Yield the sentences or lines with what was read of them."""
    read = ((at, time) for at, time in enumerate(times) if time is not None)
    for number, (unit, group) in enumerate(groupby(read, key=lambda each: written.units[each[0]])):
        words = [
            Word(
                text=written.words[at],
                start=time.start,
                end=time.end,
                interpolated=not time.exact,
                timing="recognised" if time.exact else "interpolated",
            )
            for at, time in group
        ]
        yield Segment(
            id=number,
            start=words[0].start,
            end=max(word.end for word in words),
            text="".join(word.text for word in words).strip(),
            words=tuple(words),
            paragraph=source.units[unit].paragraph,
        )


def _left_out(written: Written, passages: Passages) -> Iterator[Passage]:
    for hunk in passages.left_out:
        first, last = hunk.known
        at = _left_out_at(hunk)
        text = " ".join(word.strip() for word in written.words[first:last])
        yield _passage(text, at, at, last - first)


def _left_out_at(hunk: Hunk) -> float:
    return hunk.high if hunk.known[0] == 0 else hunk.low


def _added(spoken: Spoken, passages: Passages) -> Iterator[Passage]:
    for first, last in (hunk.spoken for hunk in passages.added):
        text = " ".join(spoken.texts[first:last])
        yield _passage(text, spoken.starts[first], spoken.ends[last - 1], last - first)


def _passage(text: str, start: float, end: float, num_words: int) -> Passage:
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1].rstrip()}\u2026"
    return Passage(start=start, end=end, text=shown, num_words=num_words)


def aligned(placed: Placed, result: AlignResult) -> AlignResult:
    """Return what forced alignment found, every word marked with where its time is from."""
    before = {segment.id: segment for segment in placed.result.segments}
    return msgspec.structs.replace(
        result,
        segments=tuple(_marked(segment, before.get(segment.id)) for segment in result.segments),
    )


def _marked(segment: Segment, before: Segment | None) -> Segment:
    if before is None or not _is_aligned(segment, before):
        return segment if before is None else before
    words = tuple(
        msgspec.structs.replace(word, timing="interpolated" if word.interpolated else "aligned")
        for word in segment.words
    )
    return msgspec.structs.replace(segment, words=words)


def _is_aligned(segment: Segment, before: Segment) -> bool:
    """Return False for a segment that did not fit: its times are the old ones, or only shared."""
    if all(word.interpolated for word in segment.words):
        return False
    old = [(word.start, word.end) for word in before.words]
    return [(word.start, word.end) for word in segment.words] != old
