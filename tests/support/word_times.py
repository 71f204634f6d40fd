"""Speech with known times of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.support.flite import RATE, Phone, utter, write_pcm

from dalston_sdk.wire import Segment


@dataclass(frozen=True)
class TimedSentence:
    """A sentence, and where each of its words begins and ends; seconds."""

    words: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def start(self) -> float:
        return self.spans[0][0]

    @property
    def end(self) -> float:
        return self.spans[-1][1]

    def segment(self, number: int = 0, *, loose_s: float = 0.0) -> Segment:
        """Return it as a recogniser's segment without words, its edges off by ``loose_s``."""
        start, end = max(0.0, self.start - loose_s), self.end + loose_s
        return Segment(id=number, start=start, end=end, text=self.text)


@dataclass(frozen=True)
class TimedSpeech:
    """A recording of sentences."""

    wav: Path
    sentences: tuple[TimedSentence, ...]
    duration_s: float

    def segments(self, *, loose_s: float = 0.0) -> tuple[Segment, ...]:
        found = enumerate(self.sentences)
        return tuple(each.segment(number, loose_s=loose_s) for number, each in found)


def record_words(
    wav: Path,
    texts: Sequence[str],
    *,
    voices: Sequence[str] = ("slt", "rms"),
    pause_s: float = 1.0,
) -> TimedSpeech:
    """Record sentences one after another, with the time of every word.

    Args:
        wav: The file to write.
        texts: The sentences, in words that flite pronounces in one way.
        voices: flite's voices, taken in turn.
        pause_s: Silence after each sentence.
    """
    parts, sentences = [np.zeros(round(0.6 * RATE), np.int16)], []
    pause = np.zeros(round(pause_s * RATE), np.int16)
    offset = len(parts[0]) / RATE
    for index, text in enumerate(texts):
        words = text.split()
        spoken = utter(text, voices[index % len(voices)])
        spans = _word_spans(words, spoken.phones)
        timed = tuple((start + offset, end + offset) for start, end in spans)
        sentences.append(TimedSentence(tuple(words), timed))
        parts += [spoken.samples, pause]
        offset += (len(spoken.samples) + len(pause)) / RATE
    return TimedSpeech(write_pcm(wav, np.concatenate(parts)), tuple(sentences), offset)


_PHONES_ALONE: dict[str, list[str]] = {}
"""The phones of words spoken alone, by word."""


def _word_spans(words: list[str], phones: Sequence[Phone]) -> list[tuple[float, float]]:
    """Find each word's phones by comparing the sentence's with those of the words alone."""
    for word in words:
        if word not in _PHONES_ALONE:
            _PHONES_ALONE[word] = [phone.name for phone in utter(word).phones]
    owners = _owners([phone.name for phone in phones], [_PHONES_ALONE[word] for word in words])
    spans = []
    for number in range(len(words)):
        own = [phone for phone, owner in zip(phones, owners, strict=True) if owner == number]
        assert own, f"{words[number]} has no phone in {words}"
        spans.append((own[0].start, own[-1].end))
    return spans


def _owners(phones: list[str], words: list[list[str]]) -> list[int]:
    """Return the index of each phone's word, by edit distance: some phones change in context."""
    alone = [(phone, number) for number, word in enumerate(words) for phone in word]
    cost = np.zeros((len(phones) + 1, len(alone) + 1))
    cost[0], cost[:, 0] = np.arange(len(alone) + 1), np.arange(len(phones) + 1)
    for i, phone in enumerate(phones, 1):
        for j, (other, _) in enumerate(alone, 1):
            change = cost[i - 1, j - 1] + 1.2 * (phone != other)
            cost[i, j] = min(change, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    owners, i, j = [0] * len(phones), len(phones), len(alone)
    while i > 0:
        steps = [
            cost[i - 1, j - 1] if j else np.inf,
            cost[i - 1, j],
            cost[i, j - 1] if j else np.inf,
        ]
        if j and np.isclose(cost[i, j], steps[0] + 1.2 * (phones[i - 1] != alone[j - 1][0])):
            i, j = i - 1, j - 1
            owners[i] = alone[j][1]
        elif np.isclose(cost[i, j], steps[1] + 1):
            i -= 1
            owners[i] = alone[max(0, min(j, len(alone)) - 1)][1]
        else:
            j -= 1
    return owners
