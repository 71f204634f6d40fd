"""Speech whose words' times are known, and an aligner that is asked for them."""

import random
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from tests.support.asked_engine import AskedEngine

from dalston_sdk.wire import AlignOptions, AlignRequest, AlignResult, ModelRef, Segment

RATE = 16_000


@dataclass(frozen=True)
class Spoken:
    """A text that flite said, and when each of its words begins and ends; seconds."""

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
        """What a recogniser without words would say; its edges off by ``loose_s``."""
        start, end = max(0.0, self.start - loose_s), self.end + loose_s
        return Segment(id=number, start=start, end=end, text=self.text)


@dataclass(frozen=True)
class Recording:
    """Sentences one after another."""

    wav: Path
    sentences: tuple[Spoken, ...]

    def segments(self, *, loose_s: float = 0.0) -> tuple[Segment, ...]:
        found = enumerate(self.sentences)
        return tuple(each.segment(number, loose_s=loose_s) for number, each in found)

    @property
    def duration_s(self) -> float:
        with wave.open(str(self.wav), "rb") as reader:
            return reader.getnframes() / reader.getframerate()


@dataclass(frozen=True)
class Aligner:
    """An engine process, and the one way tests ask it."""

    asked: AskedEngine
    model: ModelRef

    def align(
        self,
        wav: Path,
        segments: tuple[Segment, ...],
        *,
        model: ModelRef | None = None,
        language: str = "en",
        **options: object,
    ) -> AlignResult:
        """What becomes of the segments."""
        request = self.request(segments, model=model, language=language, **options)
        return self.asked.result(request, wav, AlignResult)

    def request(
        self,
        segments: tuple[Segment, ...],
        *,
        model: ModelRef | None = None,
        language: str = "en",
        **options: object,
    ) -> AlignRequest:
        return AlignRequest(
            model=model or self.model,
            language=language,
            segments=segments,
            options=AlignOptions(**options),  # type: ignore[arg-type] # tables of any option
        )


class Speaker:
    """Lets flite say sentences, and says when each word is said, from flite's own account."""

    def __init__(self, lexicon: ModuleType, folder: Path) -> None:
        self._lexicon = lexicon
        self._folder = folder
        self._alone: dict[str, list[str]] = {}

    def unseen(self, count: int) -> list[list[str]]:
        """Sentences that training left out; those of random words are not among them."""
        found: list[list[str]] = []
        seed = 10_000
        while len(found) < count:
            seed += 1
            words = self._lexicon.sentence(random.Random(seed))
            random_words = random.Random(seed).random() < 0.2
            if not random_words and self._lexicon.held_out(words):
                found.append(words)
        return found

    def record(
        self,
        sentences: list[list[str]],
        name: str,
        *,
        voices: tuple[str, ...] = ("slt", "rms"),
        pause_s: float = 1.0,
    ) -> Recording:
        """The sentences as one recording."""
        samples = bytearray(bytes(2 * int(0.6 * RATE)))
        spoken = []
        for index, words in enumerate(sentences):
            offset = len(samples) / 2 / RATE
            sound, spans = self._say(words, voices[index % len(voices)])
            samples += sound
            times = tuple((start + offset, end + offset) for start, end in spans)
            spoken.append(Spoken(words=tuple(words), spans=times))
            samples += bytes(2 * int(pause_s * RATE))
        wav = self._folder / f"{name}.wav"
        with wave.open(str(wav), "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(bytes(samples))
        return Recording(wav, tuple(spoken))

    def _say(self, words: list[str], voice: str) -> tuple[bytes, list[tuple[float, float]]]:
        """The sound, and each word's span: its phones are told from those said alone."""
        for word in words:
            if word not in self._alone:
                self._alone[word] = [phone for phone, _, _ in self._flite(word, "slt")[1]]
        sound, phones = self._flite(" ".join(words), voice)
        owners = _owners([phone for phone, _, _ in phones], [self._alone[word] for word in words])
        spans = []
        for number in range(len(words)):
            mine = [p for p, owner in zip(phones, owners, strict=True) if owner == number]
            assert mine, f"{words[number]} has no sound in {words}"
            spans.append((mine[0][1], mine[-1][2]))
        return sound, spans

    def _flite(self, text: str, voice: str) -> tuple[bytes, list[tuple[str, float, float]]]:
        wav = self._folder / "piece.wav"
        done = subprocess.run(
            ["flite", "-voice", voice, "-psdur", "-t", text, "-o", wav],
            check=True,
            capture_output=True,
            text=True,
        )
        phones, start = [], 0.0
        for phone, _, end in (each.rpartition(":") for each in done.stdout.split()):
            if phone != "pau":
                phones.append((phone, start, float(end)))
            start = float(end)
        with wave.open(str(wav), "rb") as reader:
            assert reader.getframerate() == RATE
            return reader.readframes(reader.getnframes()), phones


def _owners(phones: list[str], words: list[list[str]]) -> list[int]:
    """Which word each phone belongs to, by edit distance: some sounds change in context."""
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
