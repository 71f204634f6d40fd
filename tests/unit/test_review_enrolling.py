"""Whose voice is enrolled from the page: the rules."""

import msgspec
import pytest
from tests.support.transcripts import segment, transcript

from dalston_cli.pipeline.recognition.enrolling import (
    MixedVoiceError,
    NoVoiceOfSpeakerError,
    check_unmixed,
    lost_s,
    voice_of,
)
from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_sdk.wire import SpeakerTurn, Transcript


def turns(*given: tuple[float, float], speaker: str = "SPEAKER_00") -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(start=start, end=end, speaker=speaker) for start, end in given)


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [
        pytest.param([(0, 5)], [(0, 5)], 0.0, id="as it was"),
        pytest.param([(0, 5)], [], 5.0, id="all"),
        pytest.param([(0, 5)], [(0, 2), (4, 5)], 2.0, id="the middle"),
        pytest.param([(0, 5), (8, 9)], [(0, 9)], 0.0, id="more"),
        pytest.param([(0, 4), (2, 6)], [(0, 3)], 3.0, id="overlapping turns count once"),
        pytest.param([(2, 4)], [(0, 1), (5, 6)], 2.0, id="elsewhere"),
        pytest.param([], [(0, 5)], 0.0, id="no voice"),
    ],
)
def test_seconds_that_a_voice_lost(
    before: list[tuple[float, float]], after: list[tuple[float, float]], seconds: float
) -> None:
    assert lost_s(turns(*before), turns(*after)) == seconds


def voice(label: str, seconds: float) -> RecordedVoice:
    return RecordedVoice(speaker=label, seconds=seconds, vector=(1.0, 0.0))


def named(**names: str) -> Transcript:
    found = transcript([segment("so it is", 0.0, 5.0, speaker="SPEAKER_00")])
    return msgspec.structs.replace(found, speaker_names=names)


VOICES = (voice("SPEAKER_00", 4.0), voice("SPEAKER_01", 12.0), voice("SPEAKER_02", 20.0))


@pytest.mark.parametrize(
    ("speaker", "names", "label"),
    [
        pytest.param("SPEAKER_01", {}, "SPEAKER_01", id="a label"),
        pytest.param("Ada", {"SPEAKER_00": "Ada"}, "SPEAKER_00", id="a name"),
        pytest.param(
            "Ada", {"SPEAKER_00": "Ada", "SPEAKER_01": "Ada"}, "SPEAKER_01", id="two made one"
        ),
        pytest.param("SPEAKER_00", {"SPEAKER_00": "Ada"}, None, id="a label that was renamed"),
        pytest.param("Carol", {"SPEAKER_00": "Ada"}, None, id="a person's own speaker"),
    ],
)
def test_the_voice_of_a_speaker(speaker: str, names: dict[str, str], label: str | None) -> None:
    if label is None:
        with pytest.raises(NoVoiceOfSpeakerError, match=f"no voice of {speaker} is stored"):
            voice_of(speaker, named(**names), VOICES)
    else:
        assert voice_of(speaker, named(**names), VOICES).speaker == label


def test_a_voice_of_which_others_got_a_part_is_not_one() -> None:
    machine = msgspec.structs.replace(named(), turns=turns((0, 5), (8, 12)))
    renamed = msgspec.structs.replace(
        named(SPEAKER_00="Ada"), turns=turns((0, 5), (8, 11.6), speaker="Ada")
    )
    check_unmixed("SPEAKER_00", "Ada", machine, renamed)
    less = msgspec.structs.replace(renamed, turns=renamed.turns[:1])
    with pytest.raises(MixedVoiceError, match=r"of Ada has 4\.0 s in it that you gave to others"):
        check_unmixed("SPEAKER_00", "Ada", machine, less)
