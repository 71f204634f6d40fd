"""Words of a track that are another speaker's, whom its microphone picked up: left out and told.

A word goes if another track is much louder while it is said, and holds either the same sound or
the same word. What is said at the same time by two people stays: it is other words, and no copy.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice, takewhile
from operator import attrgetter
from typing import Literal

import msgspec
from msgspec import Struct

from dalston_cli.audio.request import Quieter
from dalston_cli.stages.merge.times import text_of
from dalston_sdk.wire import Segment, SuppressedText, Word

_COVERED = 0.6
"""Share of a word's time in which another track has to be much louder."""
_NEAR_S = 0.7
"""Time between a word and its copy: delays of a call, and times that models give."""
_SIMILAR = 0.75
"""Likeness of two words from which on they are the same, badly heard."""
_MOST_OF_IT, _LEAST_OF_IT = 0.6, 2
"""Share of the words in a row, and their least number, from which on all are the louder one's."""
_TELLING = 4
"""Letters of a word that alone says whose it is."""

Louder = Mapping[int | None, Sequence[Quieter]]
Reason = Literal["copy", "same_words"]


class _Verdict(Struct, frozen=True, kw_only=True):
    """The track that a word is much quieter than; None where it is not."""

    than: int | None = None
    reason: Reason | None = None


def without_bleed(
    segments: Sequence[Segment], louder: Louder
) -> tuple[list[Segment], tuple[SuppressedText, ...]]:
    """Return segments without what is said in other tracks, and what that is.

    Args:
        segments: Of all tracks, in time order, on the recording's clock.
        louder: For each channel when another one is much louder, in time order.
    """
    spoken = {channel: _Spoken(segments, channel) for channel in _channels(segments)}
    kept: list[Segment] = []
    suppressed: list[SuppressedText] = []
    for segment in segments:
        times = louder.get(segment.channel, ())
        pieces = _pieces(segment)
        verdicts = list(_by_runs(pieces, [_verdict(each, times, spoken) for each in pieces]))
        suppressed += _told(segment, verdicts)
        if (rest := _rest(segment, verdicts)) is not None:
            kept.append(rest)
    return kept, tuple(sorted(suppressed, key=lambda each: each.start))


def _channels(segments: Sequence[Segment]) -> set[int | None]:
    return {segment.channel for segment in segments}


def _pieces(segment: Segment) -> tuple[Word, ...]:
    """Return the words of a segment; all of it as one where it has none with times."""
    whole = Word(text=segment.text, start=segment.start, end=segment.end)
    return segment.words or (whole,)


class _Spoken:
    """The words of a channel, for lookups by time."""

    def __init__(self, segments: Sequence[Segment], channel: int | None) -> None:
        own = (segment for segment in segments if segment.channel == channel)
        pieces = (piece for segment in own for piece in _pieces(segment))
        self._pieces = sorted(pieces, key=attrgetter("start"))
        self._longest_s = max((each.end - each.start for each in self._pieces), default=0.0)

    def near(self, word: Word) -> Sequence[Word]:
        """Return the words that may be those of a copy at this time."""
        earliest = word.start - self._longest_s - _NEAR_S
        first = bisect_left(self._pieces, earliest, key=attrgetter("start"))
        last = bisect_right(self._pieces, word.end + _NEAR_S, key=attrgetter("start"))
        return self._pieces[first:last]


def _verdict(
    word: Word, times: Sequence[Quieter], spoken: Mapping[int | None, _Spoken]
) -> _Verdict:
    """Return which track a word is another one's of, if it is."""
    seconds: dict[int, float] = {}
    copied = 0.0
    first = bisect_right(times, word.start, key=attrgetter("end"))
    for each in takewhile(lambda one: one.start < word.end, islice(times, first, None)):
        common = min(word.end, each.end) - max(word.start, each.start)
        if common > 0:
            seconds[each.than] = seconds.get(each.than, 0.0) + common
            copied += common if each.is_copy else 0.0
    needed = _COVERED * (word.end - word.start)
    if not seconds or sum(seconds.values()) < needed:
        return _Verdict()
    than = max(seconds, key=lambda number: seconds[number])
    if copied >= needed:
        return _Verdict(than=than, reason="copy")
    others = spoken[than].near(word) if than in spoken else ()
    same = any(_is_same(word, other) for other in others)
    return _Verdict(than=than, reason="same_words" if same else None)


def _is_same(word: Word, other: Word) -> bool:
    if min(word.end, other.end) - max(word.start, other.start) < -_NEAR_S:
        return False
    one, two = _letters(word.text), _letters(other.text)
    return bool(one) and (one == two or SequenceMatcher(None, one, two).ratio() >= _SIMILAR)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _by_runs(pieces: Sequence[Word], verdicts: Sequence[_Verdict]) -> Iterator[_Verdict]:
    """Decide on words in a row beside one louder track together.

    Where most are that one's, all are: what is picked up from afar is often taken for other words.
    Elsewhere a short word says little: two people may say it at once.
    """
    run: list[int] = []
    for index, verdict in enumerate(verdicts):
        if run and not _goes_on(pieces, verdicts, run[-1], index):
            yield from _decided(pieces, verdicts, run)
            run = []
        if verdict.than is None:
            yield verdict
        else:
            run.append(index)
    yield from _decided(pieces, verdicts, run)


def _goes_on(pieces: Sequence[Word], verdicts: Sequence[_Verdict], last: int, index: int) -> bool:
    is_near = pieces[index].start - pieces[last].end <= _NEAR_S
    return is_near and verdicts[index].than == verdicts[last].than


def _decided(
    pieces: Sequence[Word], verdicts: Sequence[_Verdict], run: Sequence[int]
) -> Iterator[_Verdict]:
    same = sum(verdicts[index].reason is not None for index in run)
    takes_all = same >= max(_LEAST_OF_IT, _MOST_OF_IT * len(run))
    for index in run:
        each = verdicts[index]
        weak = each.reason == "same_words" and len(_letters(pieces[index].text)) < _TELLING
        if takes_all and each.reason is None:
            yield msgspec.structs.replace(each, reason="same_words")
        elif weak and not takes_all:
            yield msgspec.structs.replace(each, reason=None)
        else:
            yield each


def _rest(segment: Segment, verdicts: Sequence[_Verdict]) -> Segment | None:
    """Return what is left of a segment; None for nothing."""
    if all(each.reason is None for each in verdicts):
        return segment
    words = tuple(
        word for word, each in zip(segment.words, verdicts, strict=False) if each.reason is None
    )
    if not words:
        return None
    return msgspec.structs.replace(
        segment, words=words, text=text_of(words), start=words[0].start, end=words[-1].end
    )


def _told(segment: Segment, verdicts: Sequence[_Verdict]) -> Iterator[SuppressedText]:
    """Yield what is left out: words in a row that go for one reason are one text."""
    run: list[Word] = []
    last = _Verdict()
    for word, each in zip((*_pieces(segment), None), (*verdicts, _Verdict()), strict=True):
        if run and (each.than, each.reason) != (last.than, last.reason):
            yield _text(run, segment, last)
            run = []
        if each.reason is not None and word is not None:
            run.append(word)
        last = each


def _text(words: Sequence[Word], segment: Segment, verdict: _Verdict) -> SuppressedText:
    if segment.channel is None or verdict.than is None or verdict.reason is None:
        raise AssertionError("only a track's word can be another track's")
    return SuppressedText(
        start=words[0].start,
        end=words[-1].end,
        text=text_of(words),
        channel=segment.channel,
        spoken_in=verdict.than,
        reason=verdict.reason,
    )
