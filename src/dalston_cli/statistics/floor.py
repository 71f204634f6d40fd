"""Who has the floor: turns, changes of speaker, interruptions, backchannels, answers; pure.

A *talkspurt* is speech of one speaker without a pause of 0.2 s or more. One that lies within
another speaker's talkspurt is a *backchannel*: it takes no floor. The others, in the order in which
they begin, are the conversation; talkspurts of one speaker in a row are a *turn*. Where the next
turn is another speaker's, its *latency* is the time from the end of the turn before to its begin:
negative where they overlap. Where they overlap by 0.2 s or more, and the new speaker goes on, it is
an *interruption*: by time alone, for whether it was welcome is not heard.

Reference:
    Heldner and Edlund (2010), Pauses, gaps and overlaps in conversations, Journal of Phonetics 38:
    talkspurts; gaps; overlaps between speakers, and within one speaker's speech.
    De Ruiter, Mitterer and Enfield (2006), Projecting the end of a speaker's turn, Language 82;
    Stivers et al. (2009), PNAS 106: latency as the offset of floor transfers.
    Brady (1965), A technique for investigating on-off patterns of speech: the pause of 0.2 s.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dalston_cli.statistics.intervals import Interval, merged

PAUSE_S = 0.2
"""The shortest pause that ends a talkspurt."""
INTERRUPTION_S = 0.2
"""The shortest overlap that is an interruption."""
_ROUNDING_S = 1e-6


class Turn(NamedTuple):
    """A turn; its pauses, and what others said in them, lie within."""

    speaker: str
    start: float
    end: float


class Change(NamedTuple):
    """A change of speaker; ``latency_s`` is negative where the turns overlap."""

    speaker: str
    after: str
    latency_s: float

    @property
    def is_interruption(self) -> bool:
        """True if the new speaker began long before the other had ended, and went on."""
        return self.latency_s <= -INTERRUPTION_S + _ROUNDING_S


class Floor(NamedTuple):
    """A conversation as turns."""

    turns: tuple[Turn, ...]
    changes: tuple[Change, ...]
    backchannels: tuple[Turn, ...]


def floor_of(speech: Mapping[str, Sequence[Interval]]) -> Floor:
    """Return the turns of a conversation from the speech of each speaker."""
    spurts = sorted(
        (
            Turn(speaker, each.start, each.end)
            for speaker, intervals in speech.items()
            for each in merged(intervals, gap_s=PAUSE_S)
        ),
        key=lambda spurt: (spurt.start, -spurt.end, spurt.speaker),
    )
    turns: list[Turn] = []
    changes: list[Change] = []
    backchannels: list[Turn] = []
    latest = -1.0
    for spurt in spurts:
        if spurt.end <= latest:  # of the sorted spurts, one that ends later began before
            backchannels.append(spurt)
            continue
        latest = spurt.end
        if turns and turns[-1].speaker == spurt.speaker:
            turns[-1] = turns[-1]._replace(end=spurt.end)
            continue
        if turns:
            latency_s = spurt.start - turns[-1].end
            changes.append(Change(spurt.speaker, turns[-1].speaker, latency_s))
        turns.append(spurt)
    return Floor(tuple(turns), tuple(changes), tuple(backchannels))
