"""Which voices of a recording are whose: the rule, and nothing else. Pure.

A voice gets a name only if enough of it is heard, if it is near enough to what is kept of a person,
and if no second person is nearly as near. A person is one speaker of a recording at most. All
others stay unknown, with the reason: a wrong name is worse than none.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_cli.speakers.roster import Roster
from dalston_sdk.wire import SpeakerMatch

MIN_SECONDS = 8.0
"""With less speech of its own a voice is not named."""

Vector = tuple[float, ...]


class Rule(Struct, frozen=True, kw_only=True):
    """The figures that were measured for a model.

    Attributes:
        threshold: The least cosine of a voice and its person.
        margin: The least difference between that and the cosine with any other person.
    """

    threshold: float
    margin: float


class Recognition(Struct, frozen=True, kw_only=True):
    """A roster, and the rule by which voices are compared with it."""

    roster: Roster
    rule: Rule

    def identity(self) -> tuple[object, ...]:
        """Return all that a transcript's names depend on; consents and dates are not among it."""
        voices = [
            (person.name, voice.model_digest, voice.vector)
            for person in self.roster.people
            for voice in person.voices
        ]
        return (self.roster.model, self.rule, voices)


def decide(
    voices: Sequence[RecordedVoice],
    people: Mapping[str, Vector],
    rule: Rule,
    *,
    taken: frozenset[str] = frozenset(),
) -> tuple[SpeakerMatch, ...]:
    """Decide on every voice, in their order.

    Args:
        voices: Of one recording.
        people: What is kept of each person, by name; see ``people_of``.
        rule: The figures of the model.
        taken: People that other speakers of the recording were said to be.
    """
    found = [_nearest(voice, people, rule) for voice in voices]
    best = dict.fromkeys(taken, 1.0)
    for match in found:
        if match.name is not None and match.score is not None:
            best[match.name] = max(best.get(match.name, -1.0), match.score)
    return tuple(
        msgspec.structs.replace(match, name=None, unknown="named_already")
        if match.name is not None and (match.name in taken or match.score != best[match.name])
        else match
        for match in found
    )


def people_of(roster: Roster, model_digest: str | None, dimension: int | None) -> dict[str, Vector]:
    """Return one vector for each person: the mean direction of their samples, by seconds.

    Samples that other weights were used for are left out, and people who have no others.
    """
    people = {}
    for person in roster.people:
        vectors = [
            (voice.vector, voice.seconds)
            for voice in person.voices
            if voice.model_digest == model_digest and voice.dimension == dimension
        ]
        if vectors and any(mean := _mean_direction(vectors)):
            people[person.name] = mean
    return people


def cosine(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of the same length that are not 0."""
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return max(-1.0, min(1.0, product / (math.hypot(*one) * math.hypot(*other))))


def _nearest(voice: RecordedVoice, people: Mapping[str, Vector], rule: Rule) -> SpeakerMatch:
    match = SpeakerMatch(
        speaker=voice.speaker,
        seconds=round(voice.seconds, 2),
        threshold=rule.threshold,
        margin=rule.margin,
    )
    if voice.vector is None:
        return msgspec.structs.replace(match, unknown="no_embedding")
    scores = sorted(
        ((round(cosine(voice.vector, vector), 4), name) for name, vector in people.items()),
        reverse=True,
    )
    if not scores:
        return msgspec.structs.replace(match, unknown="nobody_to_compare")
    score, name = scores[0]
    second = scores[1] if len(scores) > 1 else None
    match = msgspec.structs.replace(
        match,
        nearest=name,
        score=score,
        second=second[1] if second else None,
        second_score=second[0] if second else None,
    )
    if voice.seconds < MIN_SECONDS:
        return msgspec.structs.replace(match, unknown="little_speech")
    if score < rule.threshold:
        return msgspec.structs.replace(match, unknown="below_threshold")
    if second is not None and score - second[0] < rule.margin:
        return msgspec.structs.replace(match, unknown="within_margin")
    return msgspec.structs.replace(match, name=name)


def _mean_direction(vectors: Iterable[tuple[Vector, float]]) -> Vector:
    """Return the mean of vectors of length 1, weighted by seconds."""
    weighted = [
        [number * seconds / math.hypot(*vector) for number in vector] for vector, seconds in vectors
    ]
    return tuple(map(sum, zip(*weighted, strict=True)))
