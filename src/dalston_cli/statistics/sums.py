"""Sums of what is measured: of one speaker, of a recording, of a batch; what is made of them.

Every quotient is one of sums, so that a long recording counts for more than a short one.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from dalston_cli.statistics.words import Words

_MINUTE_S = 60.0


@dataclass(kw_only=True, slots=True)
class Sums:
    """Amounts that can be added, in seconds and numbers.

    Attributes:
        duration_s: Of the recordings that this is of.
        talk_s: Of speech; of a recording, of anyone's.
        spoken_s: The same, but what two say at once counts twice, as its words do.
        all_talk_s: The sum of all speakers' ``talk_s`` in the recordings that this is of.
        silence_s: Without speech.
        overlap_s: Of two or more speakers; of a speaker, with another one.
        turns, turn_s, turn_longest_s: Number of turns, their lengths in all, and the longest.
        interruptions, backchannels: As ``floor`` defines them; of a speaker, by the speaker.
        answers, latency_s: Number of turns after another speaker's, and their latencies in all.
        emotions: Seconds of segments by label.
        events, event_s: Numbers and seconds of sounds by label.
    """

    recordings: int = 0
    speakers: int = 0
    duration_s: float = 0.0
    talk_s: float = 0.0
    spoken_s: float = 0.0
    all_talk_s: float = 0.0
    silence_s: float = 0.0
    overlap_s: float = 0.0
    turns: int = 0
    turn_s: float = 0.0
    turn_longest_s: float = 0.0
    words: Words = field(default_factory=Words)
    interruptions: int = 0
    backchannels: int = 0
    answers: int = 0
    latency_s: float = 0.0
    emotions: dict[str, float] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    event_s: dict[str, float] = field(default_factory=dict)

    def add(self, other: "Sums") -> None:
        """Add another's amounts."""
        for name in (
            *(
                "recordings",
                "speakers",
                "duration_s",
                "talk_s",
                "spoken_s",
                "all_talk_s",
                "silence_s",
            ),
            *("overlap_s", "turns", "turn_s", "interruptions", "backchannels", "answers"),
            "latency_s",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.turn_longest_s = max(self.turn_longest_s, other.turn_longest_s)
        self.words = self.words.plus(other.words)
        for name in ("emotions", "events", "event_s"):
            for label, amount in getattr(other, name).items():
                add_amount(getattr(self, name), label, amount)

    @property
    def words_per_minute(self) -> float | None:
        """Words per minute of speech; None without speech."""
        return self.words.total * _MINUTE_S / self.spoken_s if self.spoken_s else None

    @property
    def talk_share(self) -> float | None:
        """The part of all speakers' speech that this is."""
        return self.talk_s / self.all_talk_s if self.all_talk_s else None

    @property
    def silence_share(self) -> float | None:
        """The part of the recordings without speech."""
        return self.silence_s / self.duration_s if self.duration_s else None

    @property
    def overlap_share(self) -> float | None:
        """The part of the recordings in which two or more speak."""
        return self.overlap_s / self.duration_s if self.duration_s else None

    @property
    def turn_mean_s(self) -> float | None:
        """The mean length of a turn."""
        return self.turn_s / self.turns if self.turns else None

    @property
    def latency_mean_s(self) -> float | None:
        """The mean latency of turns after another speaker's."""
        return self.latency_s / self.answers if self.answers else None

    @property
    def emotion_shares(self) -> dict[str, float]:
        """The part of the time with an emotion that each label has, by name."""
        whole = sum(self.emotions.values())
        return {label: self.emotions[label] / whole for label in sorted(self.emotions)}


def add_amount(amounts: MutableMapping[str, float], label: str, amount: float) -> None:
    """Add to the amount of a label."""
    amounts[label] = amounts.get(label, 0) + amount
