"""Names of speakers in a transcript: everywhere, with their labels kept, and given again."""

import pytest
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment

from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import MergeInput
from dalston_sdk.wire import DiarizeResult, Segment, SpeakerTurn, TranscribeResult, Transcript


def merged(spoken: Segment, diarize: DiarizeResult | None = None) -> Transcript:
    channel = channel_results(
        channel=None,
        duration_s=30.0,
        transcribe=TranscribeResult(language="en", segments=(spoken,)),
        diarize=diarize,
    )
    return merge(MergeInput(recording=recording(), channels=(channel,)))


def texts(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(item.speaker, item.text) for item in transcript.segments]


def two_speakers() -> Transcript:
    turns = (
        SpeakerTurn(start=0, end=3, speaker="x"),
        SpeakerTurn(start=3, end=4, speaker="y"),
    )
    return merged(segment("How are you? Fine.", 0, 4), diarize=DiarizeResult(turns=turns))


def speakers_of(transcript: Transcript) -> set[str]:
    found = {turn.speaker for turn in transcript.turns}
    found |= {str(item.speaker) for item in transcript.segments}
    return found | {str(word.speaker) for item in transcript.segments for word in item.words}


def test_names_stand_for_labels_everywhere_and_the_labels_are_kept() -> None:
    named = name_speakers(two_speakers(), {"SPEAKER_00": "Ada", "SPEAKER_01": "Grace"})
    assert speakers_of(named) == {"Ada", "Grace"}
    assert named.speaker_names == {"SPEAKER_00": "Ada", "SPEAKER_01": "Grace"}
    assert named.warnings == two_speakers().warnings
    undone = {name: label for label, name in named.speaker_names.items()}
    assert texts(two_speakers()) == [(undone[str(who)], said) for who, said in texts(named)]


@pytest.mark.parametrize(
    ("names", "speakers", "kept"),
    [
        pytest.param({}, {"SPEAKER_00", "SPEAKER_01"}, {}, id="none"),
        pytest.param(
            {"SPEAKER_01": "Grace"}, {"SPEAKER_00", "Grace"}, {"SPEAKER_01": "Grace"}, id="one"
        ),
        pytest.param(
            {"SPEAKER_00": "SPEAKER_01", "SPEAKER_01": "SPEAKER_00"},
            {"SPEAKER_00", "SPEAKER_01"},
            {"SPEAKER_00": "SPEAKER_01", "SPEAKER_01": "SPEAKER_00"},
            id="exchanged",
        ),
        pytest.param(
            {"SPEAKER_00": "Ada", "SPEAKER_01": "Ada"},
            {"Ada"},
            {"SPEAKER_00": "Ada", "SPEAKER_01": "Ada"},
            id="one person after all",
        ),
    ],
)
def test_who_is_named(names: dict[str, str], speakers: set[str], kept: dict[str, str]) -> None:
    named = name_speakers(two_speakers(), names)
    assert (speakers_of(named), named.speaker_names) == (speakers, kept)


def test_a_named_transcript_can_be_given_other_names() -> None:
    once = name_speakers(two_speakers(), {"SPEAKER_00": "Ada"})
    again = name_speakers(once, {"SPEAKER_00": "Eve", "SPEAKER_01": "Grace"})
    assert again == name_speakers(two_speakers(), {"SPEAKER_00": "Eve", "SPEAKER_01": "Grace"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            two_speakers(), "SPEAKER_07, Zoe: there are SPEAKER_00, SPEAKER_01", id="others"
        ),
        pytest.param(merged(segment("Hi.", 1, 2)), "Zoe: no speakers were told apart", id="nobody"),
    ],
)
def test_a_label_that_nobody_has_is_a_warning(given: Transcript, told: str) -> None:
    named = name_speakers(given, {"SPEAKER_07": "Bob", "Zoe": "Zoe"})
    [notice] = named.warnings[len(given.warnings) :]
    assert (notice.code, notice.stage) == ("unknown_speaker", "merge")
    assert told in notice.message
    assert texts(named) == texts(given)
