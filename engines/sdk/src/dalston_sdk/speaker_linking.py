"""Links the speakers of a chunk of a recording to those of the chunk before, and labels them.

Two chunks overlap, and speakers who speak there at the same time are the same. A speaker who is
silent there is linked by embeddings, with the similarity that the pipeline's clustering uses. A
speaker keeps the first label.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.recording_chunks import Chunk
from dalston_sdk.wire import SpeakerTurn

_MIN_OVERLAP_SPEECH_S = 1.0
"""With less speech in the overlap, a speaker is linked by embeddings."""

_MIN_COMMON = 0.5
"""Share of the shorter speech that has to be at the same time as the other."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A speaker turn; seconds from the start of the chunk."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, kw_only=True)
class ChunkTurns:
    """The speakers of one chunk.

    Attributes:
        turns: May overlap.
        exclusive_turns: The same with one speaker at a time.
        embeddings: One per speaker; none for a speaker with too little speech.
    """

    turns: tuple[Turn, ...]
    exclusive_turns: tuple[Turn, ...]
    embeddings: Mapping[str, NDArray[np.float64]]


@dataclass
class _Speaker:
    """A speaker of the recording so far.

    Attributes:
        embedding: Mean of the chunks' embeddings, weighted by seconds; None without any.
        weight_s: Seconds of speech in it.
        turns, exclusive_turns: The turns that are kept.
        latest: All turns of the latest chunk.
    """

    embedding: NDArray[np.float64] | None = None
    weight_s: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    exclusive_turns: list[Turn] = field(default_factory=list)
    latest: list[Turn] = field(default_factory=list)

    def add_embedding(self, embedding: NDArray[np.float64] | None, seconds: float) -> None:
        """Take the embedding of another chunk into the mean."""
        if embedding is None or seconds <= 0:
            return
        self.weight_s += seconds
        mean = embedding if self.embedding is None else self.embedding
        self.embedding = mean + (embedding - mean) * seconds / self.weight_s


@dataclass(frozen=True, kw_only=True)
class RecordingTurns:
    """The speakers of the whole recording."""

    turns: tuple[SpeakerTurn, ...]
    exclusive_turns: tuple[SpeakerTurn, ...]
    embeddings: dict[str, tuple[float, ...]]


class SpeakerLinker:
    """Takes the chunks of a recording in order and links their speakers.

    Args:
        min_similarity: Two embeddings with at least this cosine are of the same speaker.
        max_speakers: Highest number of speakers; None for any number.
    """

    def __init__(self, min_similarity: float, max_speakers: int | None) -> None:
        self._min_similarity = min_similarity
        self._max_speakers = max_speakers
        self._speakers: list[_Speaker] = []
        self._processed_to = 0.0

    def add(self, chunk: Chunk, result: ChunkTurns) -> None:
        """Link the speakers of the next chunk."""
        turns = _in_recording(result.turns, chunk)
        exclusive = _in_recording(result.exclusive_turns, chunk)
        labels = sorted({turn.speaker for turn in turns})
        by_label = {label: [turn for turn in turns if turn.speaker == label] for label in labels}
        links = self._link(labels, by_label, result.embeddings, chunk.start)
        for speaker in self._speakers:
            speaker.latest = []
        for label in labels:
            speaker = self._speakers[links[label]]
            speaker.turns += _between(by_label[label], chunk.kept_from, chunk.kept_to)
            speaker.exclusive_turns += _between(
                (turn for turn in exclusive if turn.speaker == label),
                chunk.kept_from,
                chunk.kept_to,
            )
            speaker.latest += by_label[label]
            speaker.add_embedding(result.embeddings.get(label), _seconds(by_label[label]))
        self._processed_to = chunk.end

    def result(self, duration_s: float) -> RecordingTurns:
        """Return all turns, with speakers labelled in the order of their first turns."""
        speakers = [speaker for speaker in self._speakers if speaker.turns]
        speakers.sort(key=lambda speaker: min(turn.start for turn in speaker.turns))
        labelled = {f"SPEAKER_{number:02}": speaker for number, speaker in enumerate(speakers)}
        return RecordingTurns(
            turns=_label({label: each.turns for label, each in labelled.items()}, duration_s),
            exclusive_turns=_label(
                {label: each.exclusive_turns for label, each in labelled.items()}, duration_s
            ),
            embeddings={
                label: tuple(speaker.embedding.tolist())
                for label, speaker in labelled.items()
                if speaker.embedding is not None
            },
        )

    def _link(
        self,
        labels: list[str],
        by_label: Mapping[str, list[Turn]],
        embeddings: Mapping[str, NDArray[np.float64]],
        start: float,
    ) -> dict[str, int]:
        """Return the index of each label among all speakers; new speakers are added."""
        # A requirement of the libraries that diarize, and not of the SDK.
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

        scores = np.full((len(self._speakers), len(labels)), -1.0)
        for row, speaker in enumerate(self._speakers):
            for column, label in enumerate(labels):
                scores[row, column] = self._score(
                    _between(speaker.latest, start, self._processed_to),
                    _between(by_label[label], start, self._processed_to),
                    _cosine(speaker.embedding, embeddings.get(label)),
                )
        links: dict[str, int] = {}
        rows, columns = linear_sum_assignment(np.where(scores > 0, scores, 0), maximize=True)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if scores[row, column] > 0:
                links[labels[column]] = row
        for column, label in enumerate(labels):
            if label in links:
                continue
            free = [row for row in range(len(self._speakers)) if row not in links.values()]
            if self._max_speakers is not None and len(self._speakers) >= self._max_speakers:
                # One too many: the most similar speaker, if possible one without a link.
                similarity = scores[:, column].tolist()
                links[label] = max(free or range(len(similarity)), key=similarity.__getitem__)
            else:
                self._speakers.append(_Speaker())
                scores = np.vstack([scores, np.full(len(labels), -1.0)])
                links[label] = len(self._speakers) - 1
        return links

    def _score(self, before: list[Turn], after: list[Turn], cosine: float) -> float:
        """Score a link: above 0 if both are the same speaker, higher if surer; else -1 to 0.

        Args:
            before: The speaker's turns in the overlap, from the chunk before.
            after: The label's turns in the overlap, from this chunk.
            cosine: Similarity of their embeddings.
        """
        shorter_s = min(_seconds(before), _seconds(after))
        if shorter_s >= _MIN_OVERLAP_SPEECH_S:
            share = _common_seconds(before, after) / shorter_s
            return 2 + share + cosine if share >= _MIN_COMMON else share - 1
        return cosine if cosine >= self._min_similarity else (cosine - 1) / 2


def _in_recording(turns: Iterable[Turn], chunk: Chunk) -> list[Turn]:
    return [
        Turn(start=turn.start + chunk.start, end=turn.end + chunk.start, speaker=turn.speaker)
        for turn in turns
    ]


def _between(turns: Iterable[Turn], start: float, end: float) -> list[Turn]:
    """Cut turns to a time span."""
    cut = (
        Turn(start=max(turn.start, start), end=min(turn.end, end), speaker=turn.speaker)
        for turn in turns
    )
    return [turn for turn in cut if turn.start < turn.end]


def _seconds(turns: Iterable[Turn]) -> float:
    return sum(turn.end - turn.start for turn in turns)


def _common_seconds(some: Sequence[Turn], others: Sequence[Turn]) -> float:
    """Return the seconds in which both speak."""
    return sum(_seconds(_between(others, turn.start, turn.end)) for turn in some)


def _cosine(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> float:
    """Return the cosine, -1 to 1; 0 where an embedding is missing."""
    if one is None or other is None:
        return 0.0
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _label(speakers: Mapping[str, list[Turn]], duration_s: float) -> tuple[SpeakerTurn, ...]:
    """Return turns in time order; those that end at a chunk's edge are joined to the next."""
    labelled = [
        SpeakerTurn(start=start, end=end, speaker=label)
        for label, turns in speakers.items()
        for start, end in _joined(turns, duration_s)
    ]
    return tuple(sorted(labelled, key=lambda turn: (turn.start, turn.end, turn.speaker)))


def _joined(turns: Iterable[Turn], duration_s: float) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for turn in sorted(turns, key=lambda turn: turn.start):
        start, end = round(turn.start, 3), round(min(turn.end, duration_s), 3)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start < end:
            spans.append((start, end))
    return spans
