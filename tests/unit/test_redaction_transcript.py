"""Redacted transcripts: nothing of the originals is left, words keep their times."""

import msgspec
import pytest
from tests.support.transcripts import meeting, segment, transcript

from dalston_cli.redaction.names import Names
from dalston_cli.redaction.rules import Rules
from dalston_cli.redaction.transcript import Redacted, redact
from dalston_sdk.wire import (
    ActionItem,
    Chapter,
    Notice,
    Origin,
    RecordingInfo,
    RecordingTrack,
    Segment,
    SpeakerMatch,
    SpeakerTurn,
    StageRecord,
    SuppressedText,
    Transcript,
    Word,
)

PEOPLE = [["Grace Hopper"]]


def redacted(one: Transcript) -> Redacted:
    return redact(one, PEOPLE, Rules(names=Names(PEOPLE)), "talk")


def test_words_become_one_and_keep_their_time() -> None:
    said = segment("I am Grace Hopper, hello.", 0.0, 10.0, speaker="SPEAKER_00")

    found = redacted(transcript([said]))

    [one] = found.transcript.segments
    assert one.text == found.transcript.text == "I am [NAME_1], hello."
    assert [word.text for word in one.words] == [" I", " am", " [NAME_1],", " hello."]
    assert (one.words[2].start, one.words[2].end) == (said.words[2].start, said.words[3].end)
    assert [(span.start, span.end) for span in found.spans] == [
        (said.words[2].start, said.words[3].end)
    ]
    assert found.originals == {"[NAME_1]": "Grace Hopper"}
    assert found.counts == {"name": 1}


def test_a_number_over_several_segments_is_found() -> None:
    said = [
        segment("My number is 017", 0.0, 2.0, speaker="A"),
        segment("25 55, thanks", 2.0, 4.0, number=1, speaker="A"),
        segment("25", 4.0, 5.0, number=2, speaker="B"),
    ]

    found = redacted(transcript(said))

    assert [each.text for each in found.transcript.segments] == [
        "My number is [NUMBER_1]",
        "[NUMBER_1], thanks",
        "25",
    ]
    assert len(found.spans) == 2


@pytest.mark.parametrize("words", ["none", "other", "interpolated"])
def test_without_words_times_the_segment_is_what_is_beeped(words: str) -> None:
    said = segment("call Grace now", 1.0, 4.0)
    if words == "interpolated":
        changed = tuple(msgspec.structs.replace(each, interpolated=True) for each in said.words)
    else:
        changed = () if words == "none" else (Word(text=" Grace Hopper", start=1.0, end=2.0),)

    found = redacted(transcript([msgspec.structs.replace(said, words=changed)]))

    assert found.transcript.segments[0].text == "call [NAME_1] now"
    assert bool(found.transcript.segments[0].words) == (words == "interpolated")
    [span] = found.spans
    assert (span.start, span.end, span.is_exact) == (1.0, 4.0, False)


@pytest.mark.parametrize("kept", ["words", "raw text"])
def test_what_refining_left_out_of_the_text_is_beeped(kept: str) -> None:
    said = segment("Grace Hopper said so", 1.0, 4.0)
    words = said.words if kept == "words" else ()
    raw = said.text if kept == "raw text" else None
    refined = msgspec.structs.replace(said, text="She said so", words=words, raw_text=raw)

    found = redacted(transcript([refined]))

    assert found.transcript.text == "She said so"
    assert [(span.start, span.end) for span in found.spans] == [(1.0, 4.0)]


def test_nothing_of_a_name_is_left_anywhere() -> None:
    secret = "Zaphod Beeblebrox"
    one = meeting()
    segments = [
        msgspec.structs.replace(
            each,
            speaker=secret if each.speaker == "SPEAKER_01" else "Zaphod",
            raw_text=f"raw {secret}",
            translations={"de": secret},
            doubtful=f"repeats {secret}",
            words=tuple(msgspec.structs.replace(word, speaker=secret) for word in each.words),
        )
        for each in one.segments
    ]
    one = msgspec.structs.replace(
        one,
        segments=tuple(segments),
        title=f"{secret} & Marvin's doors",
        summary=f"{secret} paints; call 555 1234 5678.",
        chapters=(Chapter(start=0.0, end=1.0, title="zaphod", summary=secret.upper()),),
        action_items=(ActionItem(start=0.0, end=1.0, text=f"ask {secret}", owner=secret),),
        speaker_names={"SPEAKER_01": secret},
        speaker_matches=(
            SpeakerMatch(
                speaker="SPEAKER_00",
                seconds=9.0,
                nearest="Marvin",
                second="Ford",
                threshold=0.5,
                margin=0.1,
            ),
        ),
        warnings=(Notice(code="x", message=f"no {secret}"),),
        stages=(
            StageRecord(
                stage="transcribe",
                status="failed",
                reason=f"{secret} said so",
                model="/home/zaphod/tiny-2024",
                options={"hotwords": [secret, "Trillian"], "prompt": "Trillian", "beam": 5},
            ),
        ),
        recording=msgspec.structs.replace(
            one.recording,
            name="call_ZaphodBeeblebrox.wav",
            columns={"client": "Trillian", "phone": 5551234},
            title=f"A talk with {secret}",
            tracks=(
                RecordingTrack(
                    channel=0,
                    file=f"{secret}.wav",
                    speaker=secret,
                    duration_s=9.0,
                    start=0.0,
                    start_source="info",
                ),
            ),
        ),
        suppressed=(
            SuppressedText(
                start=0.0, end=1.0, text=secret, channel=0, spoken_in=1, reason="copy"
            ),
        ),
        provenance={"text": (Origin(stage="transcribe", model="/home/zaphod/tiny-2024"),)},
    )  # fmt: skip

    found = redacted(one)

    data = msgspec.json.encode(found.transcript).decode().casefold()
    for word in ("zaphod", "beeblebrox", "marvin", "ford", "trillian", "5551234", "1234"):
        assert word not in data
    assert {each.speaker for each in found.transcript.segments} == {"[NAME_1]"}
    assert found.transcript.stages[0].options == {"beam": 5}
    assert found.transcript.stages[0].model == "/home/[NAME_1]/tiny-2024"
    assert found.transcript.recording.name == "call_[NAME_1].wav"
    assert found.transcript.summary == "[NAME_1] paints; call [NUMBER_1]."


KNOWN = {
    Transcript: "version recording status text language segments language_scores speech_regions"
    " turns speaker_names events title summary chapters action_items warnings stages provenance"
    " suppressed generator key digest speaker_matches known_text",
    Segment: "id start end text words speaker channel language confidence emotion raw_text doubtful"
    " avg_logprob no_speech_prob compression_ratio temperature human checked paragraph"
    " translations",
    Word: "text start end confidence speaker interpolated human timing",
    SpeakerTurn: "start end speaker confidence",
    RecordingInfo: "name digest duration_s sample_rate num_channels container codec"
    " container_duration_s clip_start clip_end left_out columns title recorded chapters tracks",
    RecordingTrack: "channel file speaker duration_s start start_source",
    SuppressedText: "start end text channel spoken_in reason",
    StageRecord: "stage status reason engine engine_version engine_fingerprint launcher device"
    " model model_digest options elapsed_s usage",
    Chapter: "start end title summary",
    ActionItem: "start end text owner",
    Notice: "code message stage start end",
}


@pytest.mark.parametrize("struct", KNOWN, ids=lambda struct: struct.__name__)
def test_every_field_was_thought_of(struct: type[msgspec.Struct]) -> None:
    """A field that is new here may name people: see what redaction makes of it, then list it."""
    assert {each.name for each in msgspec.structs.fields(struct)} == {*KNOWN[struct].split()}
