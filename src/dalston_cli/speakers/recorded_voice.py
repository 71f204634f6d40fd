"""What is heard of one speaker: speech of their own, and its embedding."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from dalston_cli.speakers.roster import has_direction
from dalston_sdk.wire import DiarizeResult, SpeakerTurn


class RecordedVoice(Struct, frozen=True, kw_only=True):
    """The voice of one speaker of a recording.

    Attributes:
        speaker: A label.
        seconds: Speech of this speaker alone, from which the vector is.
        vector: None where the engine gave none.
    """

    speaker: str
    seconds: float
    vector: tuple[float, ...] | None


def voices_of(result: DiarizeResult) -> tuple[RecordedVoice, ...]:
    """Return the voices of a result by the engine's own labels, in the order of first turns."""
    seconds = seconds_alone(result.turns)
    return tuple(
        RecordedVoice(speaker=label, seconds=alone_s, vector=_usable(result.embeddings.get(label)))
        for label, alone_s in seconds.items()
    )


def seconds_alone(turns: Sequence[SpeakerTurn]) -> Mapping[str, float]:
    """Return the seconds in which each speaker is the only one, in the order of first turns."""
    seconds = dict.fromkeys((turn.speaker for turn in turns), 0.0)
    edges = [(turn.start, 1, turn.speaker) for turn in turns]
    edges += [(turn.end, -1, turn.speaker) for turn in turns]
    speaking: Counter[str] = Counter()
    before = 0.0
    for at, step, speaker in sorted(edges):
        if len(speaking) == 1:
            seconds[next(iter(speaking))] += at - before
        speaking[speaker] += step
        if not speaking[speaker]:
            del speaking[speaker]
        before = at
    return seconds


def _usable(vector: Iterable[float] | None) -> tuple[float, ...] | None:
    found = tuple(vector or ())
    return found if has_direction(found) else None
