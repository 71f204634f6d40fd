"""Who said each word: diarization's turns laid over transcription's words.

Each word goes to the speaker who is heard longest while it is spoken. Where turns meet inside a
word, or nobody is heard, neither model knows better than the sentence does: such words go with
the words around them, and the change of speakers is put where a sentence ends, if one does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from dalston_cli.formats.punctuation import ends_sentence
from dalston_cli.stages.merge.times import text_of
from dalston_sdk.wire import Segment, SpeakerTurn, Word

_ALONE = 0.75
"""The share of all that is heard during a word that must be one speaker's."""

_PRESENT = 0.25
"""The share of a word's time that its speaker must be heard for."""

_REACH_S = 1.0
"""How far from a word a turn may be and still be the one it belongs to."""


class Turns:
    """Speaker turns that can be asked who is heard when; asked in time order they are quick."""

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._next = 0
        self._near: list[SpeakerTurn] = []
        self._last_start = 0.0

    def heard(self, start: float, end: float) -> dict[str, float]:
        """Seconds that each speaker is heard between two points in time."""
        seconds: dict[str, float] = {}
        for turn in self._between(start, end):
            overlap = min(end, turn.end) - max(start, turn.start)
            if overlap > 0:
                seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + overlap
        return seconds

    def nearest(self, start: float, end: float) -> str | None:
        """The speaker whose turn is nearest, if one is near enough."""
        near = [
            (max(turn.start - end, start - turn.end, 0.0), turn.speaker)
            for turn in self._between(start, end)
        ]
        distance, speaker = min(near, default=(_REACH_S, None))
        return speaker if distance < _REACH_S else None

    def _between(self, start: float, end: float) -> Sequence[SpeakerTurn]:
        """The turns that are within reach."""
        if start < self._last_start:
            self._next, self._near = 0, []
        self._last_start = start
        while self._next < len(self._turns) and self._turns[self._next].start < end + _REACH_S:
            self._near.append(self._turns[self._next])
            self._next += 1
        self._near = [turn for turn in self._near if turn.end > start - _REACH_S]
        return self._near


@dataclass(frozen=True, kw_only=True, slots=True)
class _Guess:
    """Who probably said a word, and whether that is beyond doubt."""

    word: Word
    speaker: str | None
    certain: bool


def assign_speakers(segments: Sequence[Segment], turns: Sequence[SpeakerTurn]) -> Iterator[Segment]:
    """Give words and segments their speakers, and split segments where the speaker changes.

    Args:
        segments: With sound times, in time order.
        turns: On the same clock; may overlap.
    """
    known = Turns(turns)
    for segment in segments:
        if not segment.words:
            heard = known.heard(segment.start, segment.end)
            speaker = _loudest(heard) or known.nearest(segment.start, segment.end)
            yield msgspec.structs.replace(segment, speaker=speaker or segment.speaker)
            continue
        guesses = [_guess(word, known) for word in segment.words]
        yield from _split(segment, _smooth(guesses))


def _guess(word: Word, turns: Turns) -> _Guess:
    heard = turns.heard(word.start, word.end)
    speaker = _loudest(heard)
    if speaker is None:
        return _Guess(word=word, speaker=turns.nearest(word.start, word.end), certain=False)
    present = heard[speaker] >= _PRESENT * (word.end - word.start)
    certain = present and heard[speaker] >= _ALONE * sum(heard.values())
    return _Guess(word=word, speaker=speaker, certain=certain)


def _loudest(heard: dict[str, float]) -> str | None:
    return max(heard, key=lambda speaker: heard[speaker]) if heard else None


def _smooth(guesses: Sequence[_Guess]) -> list[str | None]:
    """A speaker per word; words in doubt go with their neighbours."""
    speakers: list[str | None] = []
    runs = [(certain, list(run)) for certain, run in groupby(guesses, key=lambda g: g.certain)]
    for index, (certain, run) in enumerate(runs):
        before = runs[index - 1][1][-1].speaker if index else None
        after = runs[index + 1][1][0].speaker if index + 1 < len(runs) else None
        if certain:
            speakers += [guess.speaker for guess in run]
        elif before is None and after is None:
            speakers += _filled([guess.speaker for guess in run])
        elif before is None or after is None or before == after:
            speakers += [before or after] * len(run)
        else:
            cut = _cut(run, before, ends_before=ends_sentence(runs[index - 1][1][-1].word.text))
            speakers += [before] * cut + [after] * (len(run) - cut)
    return speakers


def _filled(speakers: Sequence[str | None]) -> list[str | None]:
    """Words that nobody was found for go with those before them, the first with those after."""
    last = next((speaker for speaker in speakers if speaker), None)
    return [last := speaker or last for speaker in speakers]


def _cut(run: Sequence[_Guess], before: str, *, ends_before: bool) -> int:
    """How many words in doubt still belong to the speaker before them."""

    def wrongness(cut: int) -> tuple[bool, int]:
        ended = ends_sentence(run[cut - 1].word.text) if cut else ends_before
        taken = sum(guess.speaker != before for guess in run[:cut])
        left = sum(guess.speaker == before for guess in run[cut:])
        return (not ended, taken + left)

    return min(range(len(run) + 1), key=wrongness)


def _split(segment: Segment, speakers: Sequence[str | None]) -> Iterator[Segment]:
    """One segment per speaker that follows another; all else is kept."""
    pairs = zip(speakers, segment.words, strict=True)
    for speaker, group in groupby(pairs, key=lambda pair: pair[0]):
        words = tuple(msgspec.structs.replace(word, speaker=speaker) for _, word in group)
        yield msgspec.structs.replace(
            segment,
            start=words[0].start,
            end=words[-1].end,
            text=text_of(words),
            words=words,
            speaker=speaker,
        )
