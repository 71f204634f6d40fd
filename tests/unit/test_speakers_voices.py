"""Voices of recordings: how much of each is heard, whose they are, and what a sample has to be."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment
from tests.unit.test_speakers_decision import CONSENT, RULE, at, enrolled, roster

from dalston_cli.audio.request import Pause
from dalston_cli.speakers.decision import Recognition
from dalston_cli.speakers.enrolment import (
    LittleSpeechError,
    NoVectorError,
    OtherVoiceError,
    SecondVoiceError,
    check_same_person,
    single_voice,
    too_alike,
)
from dalston_cli.speakers.naming import OUTDATED, name_by_voice
from dalston_cli.speakers.recorded_voice import seconds_alone
from dalston_cli.speakers.roster import EnrolledVoice
from dalston_cli.speakers.voices import voices_in
from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_sdk.wire import (
    DiarizeResult,
    SpeakerTurn,
    StageRecord,
    TranscribeResult,
    Transcript,
)

RECORD = StageRecord(stage="diarize", status="done", engine="e", model="m", model_digest="d")


def turns(*spoken: tuple[float, float, str]) -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(start=start, end=end, speaker=label) for start, end, label in spoken)


@pytest.mark.parametrize(
    ("spoken", "seconds"),
    [
        pytest.param([], {}, id="nobody"),
        pytest.param([(0, 4, "A"), (5, 6, "A")], {"A": 5}, id="one"),
        pytest.param([(0, 4, "A"), (4, 6, "B")], {"A": 4, "B": 2}, id="one after the other"),
        pytest.param([(0, 4, "A"), (3, 6, "B")], {"A": 3, "B": 2}, id="at once"),
        pytest.param([(0, 9, "A"), (3, 6, "B")], {"A": 6, "B": 0}, id="within another's"),
        pytest.param([(0, 4, "A"), (2, 6, "A"), (5, 7, "B")], {"A": 5, "B": 1}, id="own overlap"),
        pytest.param(
            [(0, 3, "A"), (1, 4, "B"), (2, 5, "C")], {"A": 1, "B": 0, "C": 1}, id="three at once"
        ),
    ],
)
def test_seconds_alone(spoken: list[tuple[float, float, str]], seconds: dict[str, float]) -> None:
    assert seconds_alone(turns(*spoken)) == seconds


CALL = DiarizeResult(
    turns=turns((2, 20, "b"), (20, 40, "a"), (40, 50, "b")),
    embeddings={"a": at(90), "b": at(10)},
)


def inputs(*channels: ChannelResults, **changes: Any) -> MergeInput:
    info = msgspec.structs.replace(recording(duration_s=60), **changes)
    return MergeInput(recording=info, channels=channels, stages=(RECORD,))


def channel(
    diarize: DiarizeResult = CALL, number: int | None = None, pauses: tuple[Pause, ...] = ()
) -> ChannelResults:
    spoken = TranscribeResult(language="en", segments=(segment("Good day to you", 2, 50),))
    found = channel_results(number, 60.0, transcribe=spoken, diarize=diarize)
    return ChannelResults(channel=number, duration_s=60.0, results=found.results, pauses=pauses)


def by_speaker(transcript: Transcript, merge_input: MergeInput) -> Mapping[str, object]:
    return {each.speaker: each.vector for each in voices_in(transcript, merge_input)}


@pytest.mark.parametrize(
    "merge_input",
    [
        pytest.param(inputs(channel()), id="whole"),
        pytest.param(inputs(channel(), clip_start=5.0), id="a part"),
        pytest.param(
            inputs(channel(pauses=(Pause(at_s=10.0, length_s=7.5),))), id="with a long pause"
        ),
    ],
)
def test_voices_have_the_labels_of_the_transcript(merge_input: MergeInput) -> None:
    transcript = merge(merge_input)
    labels = {"SPEAKER_00": at(10), "SPEAKER_01": at(90)}
    assert by_speaker(transcript, merge_input) == labels
    named = name_speakers(transcript, {"SPEAKER_00": "Ada"})
    assert by_speaker(named, merge_input) == labels


def test_voices_of_two_channels_are_kept_apart() -> None:
    other = DiarizeResult(turns=turns((1, 20, "a"), (21, 40, "b")), embeddings={"a": at(45)})
    merge_input = inputs(channel(number=0), channel(other, number=1))
    found = by_speaker(merge(merge_input), merge_input)
    assert sorted(map(str, found.values())) == sorted(map(str, (at(10), at(90), at(45), None)))


def test_speakers_whose_turns_are_all_the_same_have_no_voice() -> None:
    merge_input = inputs(channel(number=0), channel(number=1))
    assert voices_in(merge(merge_input), merge_input) == ()


def test_a_transcript_of_other_turns_has_no_voices() -> None:
    other = inputs(channel(DiarizeResult(turns=turns((0, 1, "a")), embeddings={"a": at(0)})))
    assert voices_in(merge(inputs(channel())), other) == ()


RECOGNITION = Recognition(roster=roster(Ada=(enrolled(0),), Eve=(enrolled(180),)), rule=RULE)


def test_known_voices_get_their_names_and_strangers_do_not() -> None:
    merge_input = inputs(channel())
    named = name_by_voice(merge(merge_input), merge_input, RECOGNITION, {})
    assert named.speaker_names == {"SPEAKER_00": "Ada"}
    assert {turn.speaker for turn in named.turns} == {"Ada", "SPEAKER_01"}
    assert [origin.stage for origin in named.provenance["speaker"]] == ["diarize", "roster"]
    ada, other = named.speaker_matches
    assert (ada.speaker, ada.name, ada.model, ada.model_digest) == ("SPEAKER_00", "Ada", "m", "d")
    assert ada.score == pytest.approx(0.9848)
    assert ada.seconds == 28.0
    assert (other.speaker, other.name, other.unknown) == ("SPEAKER_01", None, "below_threshold")
    assert named.warnings == merge(merge_input).warnings


def test_the_users_names_go_first_and_their_voices_are_not_compared() -> None:
    merge_input = inputs(channel())
    spared = name_by_voice(merge(merge_input), merge_input, RECOGNITION, {"SPEAKER_00": "Bob"})
    assert spared.speaker_names == {}
    assert [match.speaker for match in spared.speaker_matches] == ["SPEAKER_01"]


def test_other_weights_are_said_once() -> None:
    old = Recognition(roster=roster(Ada=(enrolled(0, digest="old"),)), rule=RULE)
    merge_input = inputs(channel())
    plain = merge(merge_input)
    found = name_by_voice(plain, merge_input, old, {})
    assert [match.unknown for match in found.speaker_matches] == ["nobody_to_compare"] * 2
    [notice] = found.warnings[len(plain.warnings) :]
    assert (notice.code, "other weights of m" in notice.message) == (OUTDATED, True)


def sample(*spoken: tuple[float, float, str], **embeddings: tuple[float, ...]) -> DiarizeResult:
    return DiarizeResult(turns=turns(*spoken), embeddings=embeddings)


def test_a_sample_of_one_voice() -> None:
    found = single_voice(sample((0, 8, "A"), (9, 12, "A"), A=at(0)), "a.wav", "m")
    assert (found.seconds, found.vector) == (11, at(0))
    short = single_voice(sample((0, 12, "A"), (12, 12.4, "B"), A=at(0)), "a.wav", "m")
    assert short.seconds == 12


@pytest.mark.parametrize(
    ("result", "error", "told"),
    [
        pytest.param(sample(), LittleSpeechError, "has 0.0 s of speech", id="silence"),
        pytest.param(
            sample((0, 9.9, "A"), A=at(0)), LittleSpeechError, "has 9.9 s of speech", id="short"
        ),
        pytest.param(
            sample((0, 20, "A"), (20, 21, "B"), A=at(0)),
            SecondVoiceError,
            "a second voice for 1.0 s",
            id="two",
        ),
        pytest.param(
            sample((0, 20, "A"), (5, 7, "B"), A=at(0)),
            SecondVoiceError,
            "a second voice for 2.0 s",
            id="at once",
        ),
        pytest.param(sample((0, 20, "A")), NoVectorError, "m gives no vector", id="no vector"),
        pytest.param(
            sample((0, 20, "A"), A=(0.0, 0.0)), NoVectorError, "m gives no", id="no direction"
        ),
    ],
)
def test_samples_that_are_refused(result: DiarizeResult, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        single_voice(result, "a.wav", "m")


@pytest.mark.parametrize(
    ("name", "voices"),
    [
        pytest.param("ada", (enrolled(80),), id="as before"),
        pytest.param("Bob", (enrolled(0), enrolled(80)), id="among each other"),
    ],
)
def test_samples_of_two_people_are_refused(name: str, voices: tuple[EnrolledVoice, ...]) -> None:
    given = [(f"{number}.wav", voice) for number, voice in enumerate(voices)]
    with pytest.raises(OtherVoiceError, match="not that of"):
        check_same_person(roster(Ada=(enrolled(0),)), name, given, RULE)
    check_same_person(roster(), name, [("a.wav", enrolled(0)), ("b.wav", enrolled(20))], RULE)


def test_people_who_sound_alike_are_told() -> None:
    known = roster(Ada=(enrolled(0),), Eve=(enrolled(90),)).with_voices(
        "Bob", (enrolled(20),), CONSENT
    )
    [(other, score)] = too_alike(known, "bob", (enrolled(20),), RULE)
    assert other == "Ada"
    assert score == pytest.approx(0.9397, abs=1e-4)
