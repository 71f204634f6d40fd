"""The origin of each field of a transcript, and notices of what is missing."""

import msgspec
import pytest
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment

from dalston_cli.stages.base import Found
from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.refine import REFINE
from dalston_sdk.wire import (
    AlignResult,
    AudioEvent,
    DiarizeResult,
    Emotion,
    EmotionResult,
    EventsResult,
    Origin,
    RefineResult,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    StageRecord,
    TranscribeResult,
    Transcript,
    Word,
)

RECORDS = tuple(
    StageRecord(stage=stage, status="done", engine=f"{stage}-engine", model=f"{stage}-model")
    for stage in ("transcribe", "align", "diarize", "emotion", "events", "refine")
)
HELLO = segment("Hello there.", 1, 2)
ONE = DiarizeResult(turns=(SpeakerTurn(start=1, end=2, speaker="A"),))


def made(stage: str) -> Origin:
    return Origin(stage=stage, engine=f"{stage}-engine", model=f"{stage}-model")


def mix(*segments: Segment, channel: int | None = None, **results: object) -> ChannelResults:
    values = {
        "channel": channel,
        "duration_s": 30.0,
        "transcribe": TranscribeResult(language="en", segments=segments),
    }
    return channel_results(**(values | results))  # type: ignore[arg-type] # by name


def merged(*channels: ChannelResults) -> Transcript:
    return merge(MergeInput(recording=recording(), channels=channels, stages=RECORDS))


PLAIN = {"text": ("transcribe",), "language": ("transcribe",), "word_times": ("transcribe",)}


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        pytest.param([mix(HELLO)], PLAIN, id="transcribe"),
        pytest.param([mix()], {"language": ("transcribe",)}, id="nothing was said"),
        pytest.param(
            [mix(Segment(id=0, start=1, end=2, text="Hi."))],
            {"text": ("transcribe",), "language": ("transcribe",)},
            id="no words",
        ),
        pytest.param(
            [mix(HELLO, align=AlignResult(segments=(HELLO,)))],
            PLAIN | {"word_times": ("align",)},
            id="aligned",
        ),
        pytest.param(
            [mix(HELLO, segment("Bye.", 3, 4, number=1), align=AlignResult(segments=(HELLO,)))],
            PLAIN | {"word_times": ("transcribe", "align")},
            id="aligned in part",
        ),
        pytest.param([mix(HELLO, diarize=ONE)], PLAIN | {"speaker": ("diarize",)}, id="diarized"),
        pytest.param([mix(HELLO, diarize=DiarizeResult(turns=()))], PLAIN, id="nobody found"),
        pytest.param(
            [mix(msgspec.structs.replace(HELLO, speaker="A"))],
            PLAIN | {"speaker": ("transcribe",)},
            id="told apart by the engine",
        ),
        pytest.param(
            [mix(HELLO, channel=0), mix(channel=1)],
            PLAIN | {"speaker": ("prepare",)},
            id="channels",
        ),
        pytest.param(
            [
                mix(
                    HELLO,
                    emotion=EmotionResult(emotions={0: Emotion(label="happy", score=1)}),
                    events=EventsResult(
                        events=(AudioEvent(start=0, end=1, label="Bell", score=1),)
                    ),
                )
            ],
            PLAIN | {"emotion": ("emotion",), "events": ("events",)},
            id="detected",
        ),
        pytest.param(
            [mix(HELLO, emotion=EmotionResult(emotions={}), events=EventsResult(events=()))],
            PLAIN,
            id="listened for and not heard",
        ),
        pytest.param(
            [
                mix(
                    transcribe=TranscribeResult(
                        language=None,
                        segments=(HELLO,),
                        speech_regions=(SpeechRegion(start=1, end=2),),
                    )
                )
            ],
            {
                "text": ("transcribe",),
                "word_times": ("transcribe",),
                "speech_regions": ("transcribe",),
            },
            id="speech regions",
        ),
    ],
)
def test_every_field_says_where_it_comes_from(
    channels: list[ChannelResults], expected: dict[str, tuple[str, ...]]
) -> None:
    transcript = merged(*channels)
    assert transcript.provenance == {
        name: tuple(Origin(stage="prepare") if s == "prepare" else made(s) for s in stages)
        for name, stages in expected.items()
    }
    again = msgspec.json.decode(msgspec.json.encode(transcript), type=Transcript)
    assert again.provenance == transcript.provenance


def test_names_come_from_the_user() -> None:
    transcript = merged(mix(HELLO, diarize=ONE))
    named = name_speakers(transcript, {"SPEAKER_00": "Ada"})
    assert named.provenance["speaker"] == (made("diarize"), Origin(stage="user"))
    again = name_speakers(named, {"SPEAKER_00": "Eve"})
    assert again.provenance == named.provenance
    nobody = name_speakers(transcript, {"SPEAKER_09": "Ada"})
    assert nobody.provenance == transcript.provenance


@pytest.mark.parametrize(
    ("texts", "stages"),
    [({0: "Hello, there!"}, ("transcribe", "refine")), ({0: "Hello there."}, ("transcribe",))],
    ids=["changed", "left"],
)
def test_refined_text_has_two_origins(texts: dict[int, str], stages: tuple[str, ...]) -> None:
    window = Window(start=0.0, end=30.0)
    refined = Found(result=RefineResult(texts=texts), window=window)
    found = REFINE.contribute(merged(mix(HELLO)), [refined])
    assert found.provenance["text"] == tuple(made(stage) for stage in stages)


def test_text_that_could_not_be_aligned_is_noticed() -> None:
    later = segment("Bye.", 3, 4, number=1)
    unfound = msgspec.structs.replace(later, words=())
    found = merged(mix(HELLO, later, align=AlignResult(segments=(HELLO, unfound))))
    [notice] = found.warnings
    assert (notice.code, notice.stage, notice.start, notice.end) == ("not_aligned", "align", 3, 4)
    assert "1 of 2 segments" in notice.message
    assert found.segments[1].words == later.words
    assert not merged(mix(HELLO, align=AlignResult(segments=(HELLO,)))).warnings


def test_speakers_that_cannot_be_told_apart_are_noticed() -> None:
    both = DiarizeResult(
        turns=(
            SpeakerTurn(start=0, end=2, speaker="A"),
            SpeakerTurn(start=2, end=4, speaker="B"),
        )
    )
    whole = Segment(id=0, start=0, end=4, text="How are you? Fine, thanks.")
    [notice] = merged(mix(whole, diarize=both)).warnings
    assert (notice.code, notice.stage, notice.end) == ("speakers_undivided", "merge", 4)
    with_words = segment("How are you? Fine, thanks.", 0, 4)
    assert not merged(mix(with_words, diarize=both)).warnings


def test_an_event_that_every_channel_hears_is_one() -> None:
    def heard(*events: tuple[float, float, str, float]) -> EventsResult:
        return EventsResult(
            events=tuple(
                AudioEvent(start=start, end=end, label=label, score=score)
                for start, end, label, score in events
            )
        )

    left = mix(channel=0, events=heard((1, 3, "Music", 0.5), (6, 7, "Knock", 0.5)))
    right = mix(channel=1, events=heard((2, 5, "Music", 0.75), (2, 3, "Bell", 0.5)))
    found = [
        (event.start, event.end, event.label, event.score) for event in merged(left, right).events
    ]
    assert found == [(1, 5, "Music", 0.75), (2, 3, "Bell", 0.5), (6, 7, "Knock", 0.5)]
    overlapping = heard((1, 3, "Music", 0.5), (2, 5, "Music", 0.5))
    assert len(merged(mix(events=overlapping)).events) == 2, "an engine's own are left as they are"
    one_failed = merged(mix(channel=0, events=overlapping), mix(channel=1))
    assert len(one_failed.events) == 1, "with several channels, whether or not all have events"


def test_words_keep_what_is_known_of_their_times() -> None:
    words = (Word(text=" 7", start=1, end=2, interpolated=True),)
    computed = Segment(id=0, start=1, end=2, text="7", words=words)
    [found] = merged(mix(computed, diarize=ONE)).segments
    assert found.words[0].interpolated
    assert found.speaker == "SPEAKER_00"
