"""Finds the speakers of one stretch again in the next, and names them for the whole recording.

Two stretches overlap, and who speaks at the same time in both is the same. Where that does not
tell, because somebody is silent there, voices tell: they are compared by the measure by which the
pipeline itself sorts them. A speaker keeps the name that was given first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from heard import Heard, Spoken
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from stretches import Stretch

from dalston_sdk.wire import SpeakerTurn

_HEARD_S = 1.0
"""Of a speaker in the overlap, from which on the overlap tells who that is."""

_SAME = 0.5
"""The share of the shorter one's speech that must be at the same time as the other's."""


@dataclass
class _Speaker:
    """Somebody, as far as the recording was heard.

    Attributes:
        voice: The mean of the stretches' embeddings, by seconds; None without any.
        latest: All that was said in the latest stretch.
    """

    voice: NDArray[np.float64] | None = None
    heard_s: float = 0.0
    turns: list[Spoken] = field(default_factory=list)
    exclusive: list[Spoken] = field(default_factory=list)
    latest: list[Spoken] = field(default_factory=list)

    def learn(self, voice: NDArray[np.float64] | None, seconds: float) -> None:
        """Take in the embedding of another stretch."""
        if voice is None or seconds <= 0:
            return
        self.heard_s += seconds
        known = voice if self.voice is None else self.voice
        self.voice = known + (voice - known) * seconds / self.heard_s


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who spoke in the whole recording."""

    turns: tuple[SpeakerTurn, ...]
    exclusive_turns: tuple[SpeakerTurn, ...]
    embeddings: dict[str, tuple[float, ...]]


class Linker:
    """Takes the stretches in their order.

    Args:
        least_similarity: The cosine from which on two voices are the same.
        most: Speakers there are at most; None where nobody said.
    """

    def __init__(self, least_similarity: float, most: int | None) -> None:
        self._least_similarity = least_similarity
        self._most = most
        self._speakers: list[_Speaker] = []
        self._heard_to = 0.0

    def add(self, stretch: Stretch, heard: Heard) -> None:
        """Take in one more stretch."""
        turns = _in_recording(heard.turns, stretch)
        exclusive = _in_recording(heard.exclusive, stretch)
        local = sorted({turn.speaker for turn in turns})
        spoken = {name: [turn for turn in turns if turn.speaker == name] for name in local}
        known = self._link(local, spoken, heard.voices, stretch.start)
        for speaker in self._speakers:
            speaker.latest = []
        for name in local:
            speaker = self._speakers[known[name]]
            speaker.turns += _part(spoken[name], stretch.kept_from, stretch.kept_to)
            speaker.exclusive += _part(
                (turn for turn in exclusive if turn.speaker == name),
                stretch.kept_from,
                stretch.kept_to,
            )
            speaker.latest += spoken[name]
            speaker.learn(heard.voices.get(name), _seconds(spoken[name]))
        self._heard_to = stretch.end

    def found(self, duration_s: float) -> Found:
        """All turns, with speakers named in the order in which they first speak."""
        heard = [speaker for speaker in self._speakers if speaker.turns]
        heard.sort(key=lambda speaker: min(turn.start for turn in speaker.turns))
        names = {f"SPEAKER_{number:02}": speaker for number, speaker in enumerate(heard)}
        return Found(
            turns=_named({name: speaker.turns for name, speaker in names.items()}, duration_s),
            exclusive_turns=_named(
                {name: speaker.exclusive for name, speaker in names.items()}, duration_s
            ),
            embeddings={
                name: tuple(speaker.voice.tolist())
                for name, speaker in names.items()
                if speaker.voice is not None
            },
        )

    def _link(
        self,
        local: list[str],
        spoken: Mapping[str, list[Spoken]],
        voices: Mapping[str, NDArray[np.float64]],
        start: float,
    ) -> dict[str, int]:
        """The number of each of the stretch's speakers among all, new ones included."""
        scores = np.full((len(self._speakers), len(local)), -1.0)
        for row, speaker in enumerate(self._speakers):
            for column, name in enumerate(local):
                scores[row, column] = self._likeness(
                    _part(speaker.latest, start, self._heard_to),
                    _part(spoken[name], start, self._heard_to),
                    _cosine(speaker.voice, voices.get(name)),
                )
        links: dict[str, int] = {}
        rows, columns = linear_sum_assignment(np.where(scores > 0, scores, 0), maximize=True)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if scores[row, column] > 0:
                links[local[column]] = row
        for column, name in enumerate(local):
            if name in links:
                continue
            free = [row for row in range(len(self._speakers)) if row not in links.values()]
            if self._most is not None and len(self._speakers) >= self._most:
                # One too many: whoever is most like it, if possible nobody who is there already.
                likeness = scores[:, column].tolist()
                links[name] = max(free or range(len(likeness)), key=likeness.__getitem__)
            else:
                self._speakers.append(_Speaker())
                scores = np.vstack([scores, np.full(len(local), -1.0)])
                links[name] = len(self._speakers) - 1
        return links

    def _likeness(self, before: list[Spoken], after: list[Spoken], cosine: float) -> float:
        """Above 0 if both are the same, the more the surer; else from -1 on.

        Args:
            before: What the one says in the overlap, as heard in the stretch before.
            after: What the other says there, as heard in this one.
            cosine: Of their voices.
        """
        least = min(_seconds(before), _seconds(after))
        if least >= _HEARD_S:
            share = _together(before, after) / least
            return 2 + share + cosine if share >= _SAME else share - 1
        return cosine if cosine >= self._least_similarity else (cosine - 1) / 2


def _in_recording(turns: Iterable[Spoken], stretch: Stretch) -> list[Spoken]:
    return [
        Spoken(start=turn.start + stretch.start, end=turn.end + stretch.start, speaker=turn.speaker)
        for turn in turns
    ]


def _part(turns: Iterable[Spoken], start: float, end: float) -> list[Spoken]:
    """What of the turns lies between two points in time."""
    cut = (
        Spoken(start=max(turn.start, start), end=min(turn.end, end), speaker=turn.speaker)
        for turn in turns
    )
    return [turn for turn in cut if turn.start < turn.end]


def _seconds(turns: Iterable[Spoken]) -> float:
    return sum(turn.end - turn.start for turn in turns)


def _together(some: Sequence[Spoken], others: Sequence[Spoken]) -> float:
    """Seconds in which both speak."""
    return sum(_seconds(_part(others, turn.start, turn.end)) for turn in some)


def _cosine(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> float:
    """From -1 to 1; 0 where one of the voices is not known."""
    if one is None or other is None:
        return 0.0
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _named(speakers: Mapping[str, list[Spoken]], duration_s: float) -> tuple[SpeakerTurn, ...]:
    """Turns in time order, those that a seam divided put together."""
    named = [
        SpeakerTurn(start=start, end=end, speaker=name)
        for name, turns in speakers.items()
        for start, end in _joined(turns, duration_s)
    ]
    return tuple(sorted(named, key=lambda turn: (turn.start, turn.end, turn.speaker)))


def _joined(turns: Iterable[Spoken], duration_s: float) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for turn in sorted(turns, key=lambda turn: turn.start):
        start, end = round(turn.start, 3), round(min(turn.end, duration_s), 3)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start < end:
            spans.append((start, end))
    return spans
