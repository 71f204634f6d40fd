"""Which voices get a name: the rule as a table, on voices in a plane."""

import math

import pytest

from dalston_cli.speakers.decision import MIN_SECONDS, Rule, cosine, decide, people_of
from dalston_cli.speakers.reasons import reason_of
from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_cli.speakers.roster import Consent, EnrolledVoice, Person, Roster

RULE = Rule(threshold=0.7, margin=0.2)
CONSENT = Consent(given_for="minutes", noted_at="2026-03-01T10:00:00+00:00", noted_by="eve")


def at(degrees: float, length: float = 1.0) -> tuple[float, float]:
    angle = math.radians(degrees)
    return length * math.cos(angle), length * math.sin(angle)


def heard(
    degrees: float | None, seconds: float = 20.0, speaker: str = "SPEAKER_00"
) -> RecordedVoice:
    return RecordedVoice(
        speaker=speaker, seconds=seconds, vector=None if degrees is None else at(degrees, 3.0)
    )


def enrolled(
    degrees: float, *, seconds: float = 10.0, digest: str = "d", dimension: int = 2
) -> EnrolledVoice:
    return EnrolledVoice(
        model="m",
        model_digest=digest,
        dimension=dimension,
        seconds=seconds,
        sample="sha256:0",
        enrolled_at=CONSENT.noted_at,
        vector=at(degrees),
    )


def roster(**people: tuple[EnrolledVoice, ...]) -> Roster:
    return Roster(
        model="m",
        people=tuple(
            Person(name=name, consents=(CONSENT,), voices=voices) for name, voices in people.items()
        ),
    )


@pytest.mark.parametrize(
    ("voice", "people", "name", "unknown"),
    [
        pytest.param(heard(10), {"Ada": at(0)}, "Ada", None, id="near"),
        pytest.param(heard(44), {"Ada": at(0)}, "Ada", None, id="just near enough"),
        pytest.param(heard(46), {"Ada": at(0)}, None, "below_threshold", id="not near enough"),
        pytest.param(heard(180), {"Ada": at(0)}, None, "below_threshold", id="opposite"),
        pytest.param(heard(10), {"Ada": at(0), "Eve": at(90)}, "Ada", None, id="second far"),
        pytest.param(
            heard(20), {"Ada": at(0), "Eve": at(45)}, None, "within_margin", id="second near"
        ),
        pytest.param(heard(0), {"Ada": at(0), "Eve": at(38)}, "Ada", None, id="margin is met"),
        pytest.param(
            heard(60), {"Ada": at(0), "Eve": at(10)}, None, "below_threshold", id="far from both"
        ),
        pytest.param(heard(0, MIN_SECONDS), {"Ada": at(0)}, "Ada", None, id="just long enough"),
        pytest.param(
            heard(0, MIN_SECONDS - 0.1), {"Ada": at(0)}, None, "little_speech", id="too short"
        ),
        pytest.param(heard(None), {"Ada": at(0)}, None, "no_embedding", id="no vector"),
        pytest.param(heard(0), {}, None, "nobody_to_compare", id="nobody"),
    ],
)
def test_one_voice(
    voice: RecordedVoice,
    people: dict[str, tuple[float, float]],
    name: str | None,
    unknown: str | None,
) -> None:
    [match] = decide([voice], people, RULE)
    assert (match.name, match.unknown) == (name, unknown)
    assert (match.threshold, match.margin, match.seconds) == (0.7, 0.2, voice.seconds)
    assert bool(reason_of(match)) == (name is None)


def test_scores_are_told_whatever_comes_of_it() -> None:
    [match] = decide([heard(60, seconds=2.0)], {"Ada": at(0), "Eve": at(90), "Bob": at(180)}, RULE)
    assert match.nearest == "Eve"
    assert match.score == pytest.approx(math.cos(math.pi / 6), abs=1e-4)
    assert (match.second, match.second_score) == ("Ada", 0.5)
    assert "2.0 s" in reason_of(match)


def test_a_person_is_one_speaker_of_a_recording() -> None:
    voices = [heard(30, speaker="SPEAKER_00"), heard(5, speaker="SPEAKER_01"), heard(90)]
    found = decide(voices, {"Ada": at(0)}, RULE)
    assert [match.name for match in found] == [None, "Ada", None]
    assert [match.unknown for match in found] == ["named_already", None, "below_threshold"]
    assert "Ada" in reason_of(found[0])


def test_whom_the_user_named_is_nobody_else() -> None:
    [match] = decide([heard(0)], {"Ada": at(0)}, RULE, taken=frozenset({"Ada"}))
    assert (match.name, match.unknown, match.nearest) == (None, "named_already", "Ada")


def test_samples_of_a_person_count_by_their_seconds() -> None:
    people = people_of(roster(Ada=(enrolled(0, seconds=30), enrolled(90, seconds=10))), "d", 2)
    assert cosine(people["Ada"], at(0)) == pytest.approx(math.cos(math.atan(1 / 3)))


@pytest.mark.parametrize(
    ("digest", "dimension"), [("other", 2), ("d", 3), (None, 2)], ids=["weights", "size", "no"]
)
def test_other_weights_are_not_compared(digest: str | None, dimension: int) -> None:
    assert people_of(roster(Ada=(enrolled(0),)), digest, dimension) == {}


def test_samples_that_cancel_each_other_are_nobody() -> None:
    opposite = EnrolledVoice(
        **{name: getattr(enrolled(0), name) for name in EnrolledVoice.__struct_fields__}
        | {"vector": (-1.0, 0.0)}
    )
    assert people_of(roster(Ada=(enrolled(0), opposite)), "d", 2) == {}
