"""The speaker of each word: diarization's turns laid over transcription's words.

Each word goes to the speaker who is seconds longest while it is spoken. Where turns meet inside a
word, where several speak, where there is no turn, or where a word's times are only computed,
neither model knows better than the sentence does: such words go with the words around them, and
the change of speakers is put where a sentence ends, if one does. A sentence of which nothing is
beyond doubt goes to the speaker whose turn is about as long as it: so a "Yes." that is said into
another's speech finds its speaker. A change there and back within a fraction of a second, in
the middle of a sentence, is no change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import msgspec

from dalston_cli.formats.punctuation import ends_sentence
from dalston_cli.stages.merge.speaker_turns import Turns, longest
from dalston_cli.stages.merge.times import text_of
from dalston_sdk.wire import Segment, SpeakerTurn, Word

_ALONE = 0.75
"""The share of all speech during a word that must be one speaker's."""

_PRESENT = 0.25
"""The share of a word's time that its speaker must have."""

_FLICKER_S = 0.3
"""A speaker does not speak for less than this amid another's sentence."""

_BREATH_S = 0.2
"""A longer pause before or after makes even a short word a remark of its own."""

_EMOTION_SHARE = 1 / 3
"""The share of a segment that a speaker must have for its emotion to be theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Guess:
    """The probable speaker of a word; ``certain`` if beyond doubt."""

    word: Word
    speaker: str | None
    certain: bool


def assign_speakers(segments: Sequence[Segment], turns: Sequence[SpeakerTurn]) -> Iterator[Segment]:
    """Give words and segments their speakers, and split segments where the speaker changes."""
    known, known_to_sentences = Turns(turns), Turns(turns)
    for segment in segments:
        if not segment.words:
            seconds = known.seconds(segment.start, segment.end)
            speaker = longest(seconds) or known.nearest(segment.start, segment.end)
            yield msgspec.structs.replace(segment, speaker=speaker or segment.speaker)
            continue
        guesses = _without_flicker([_guess(word, known) for word in segment.words])
        settled = [
            guess
            for sentence in _sentences(guesses)
            for guess in _settled(sentence, known_to_sentences)
        ]
        yield from _split(segment, _smooth(settled))


def split_by_own_speakers(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Split segments by the speakers that an engine gave itself: one segment, one speaker."""
    for segment in segments:
        own = [word.speaker or segment.speaker for word in segment.words]
        if any(own):
            yield from _split(segment, _filled(own))
        else:
            yield segment


def undivided(
    segments: Sequence[Segment], turns: Sequence[SpeakerTurn]
) -> tuple[tuple[float, float], ...]:
    """Return the times of segments without words in which several speak."""
    known = Turns(turns)
    found = []
    for segment in segments:
        seconds = {} if segment.words else known.seconds(segment.start, segment.end)
        if seconds and max(seconds.values()) < _ALONE * sum(seconds.values()):
            found.append((segment.start, segment.end))
    return tuple(found)


def _guess(word: Word, turns: Turns) -> _Guess:
    seconds = turns.seconds(word.start, word.end)
    speaker = longest(seconds)
    if speaker is None:
        return _Guess(word=word, speaker=turns.nearest(word.start, word.end), certain=False)
    present = seconds[speaker] >= _PRESENT * (word.end - word.start)
    alone = seconds[speaker] >= _ALONE * sum(seconds.values())
    certain = present and alone and not word.interpolated
    return _Guess(word=word, speaker=speaker, certain=certain)


def _without_flicker(guesses: Sequence[_Guess]) -> list[_Guess]:
    """Put into doubt changes that are too short, and change back."""
    runs = [list(run) for _, run in groupby(guesses, key=lambda guess: guess.speaker)]
    for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
        first, last = run[0].word, run[-1].word
        remark = ends_sentence(before[-1].word.text) or ends_sentence(last.text)
        apart = first.start - before[-1].word.end, after[0].word.start - last.end
        if (
            before[0].speaker == after[0].speaker
            and last.end - first.start < _FLICKER_S
            and max(apart) < _BREATH_S
            and not remark
        ):
            run[:] = [replace(guess, certain=False) for guess in run]
    return [guess for run in runs for guess in run]


def _sentences(guesses: Sequence[_Guess]) -> Iterator[list[_Guess]]:
    sentence: list[_Guess] = []
    for guess in guesses:
        sentence.append(guess)
        if ends_sentence(guess.word.text):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _settled(sentence: list[_Guess], turns: Turns) -> list[_Guess]:
    """Settle a sentence in doubt as a whole by the one turn that fits it, if one does."""
    if any(guess.certain or guess.word.interpolated for guess in sentence):
        return sentence
    speaker = turns.fitting(sentence[0].word.start, sentence[-1].word.end)
    if speaker is None:
        return sentence
    return [replace(guess, speaker=speaker, certain=True) for guess in sentence]


def _smooth(guesses: Sequence[_Guess]) -> list[str | None]:
    """Return a speaker per word; words in doubt go with their neighbours."""
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
    """Give words without a speaker that of those before them, the first that of those after."""
    last = next((speaker for speaker in speakers if speaker), None)
    return [last := speaker or last for speaker in speakers]


def _cut(run: Sequence[_Guess], before: str, *, ends_before: bool) -> int:
    """Return how many words in doubt still belong to the speaker before them."""

    def wrongness(cut: int) -> tuple[bool, int]:
        ended = ends_sentence(run[cut - 1].word.text) if cut else ends_before
        taken = sum(guess.speaker != before for guess in run[:cut])
        left = sum(guess.speaker == before for guess in run[cut:])
        return (not ended, taken + left)

    return min(range(len(run) + 1), key=wrongness)


def _split(segment: Segment, speakers: Sequence[str | None]) -> Iterator[Segment]:
    """Yield one segment per run of a speaker's words; all else is kept.

    The emotion is that of the segment as a whole: a speaker with little of it goes without.
    """
    spoken_s: dict[str | None, float] = {}
    for speaker, word in zip(speakers, segment.words, strict=True):
        spoken_s[speaker] = spoken_s.get(speaker, 0.0) + word.end - word.start
    enough_s = _EMOTION_SHARE * sum(spoken_s.values())
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
            emotion=segment.emotion if spoken_s[speaker] >= enough_s else None,
        )
