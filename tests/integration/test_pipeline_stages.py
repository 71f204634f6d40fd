"""Optional stages of whole runs: added to finished work, renamed, failing; engines are real."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.pipeline_home import PipelineHome, request_for, write_model, write_recording
from tests.support.recordings import SAMPLE_RATE, tone, write_wav

from dalston_cli.pipeline.events import EngineReady, StageFinished, StageStarted, WarningRaised
from dalston_cli.pipeline.request import Overrides
from dalston_sdk.wire import (
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RefineOptions,
    TranslateOptions,
)

ASKED: dict[str, dict[str, Any]] = {
    "align": {"align": "always"},
    "diarize": {"diarize": DiarizeOptions()},
    "emotion": {"emotion": EmotionOptions()},
    "events": {"events": EventsOptions()},
    "refine": {"refine": RefineOptions()},
    "translate": {"translate": TranslateOptions(languages=("de",))},
}
"""What asks for each optional stage."""

GOOD = {
    "align": "aligner",
    "diarize": "speakers",
    "emotion": "moods",
    "events": "moods",
    "refine": "editor",
    "translate": "editor",
}
"""A model that does not fail, for each."""

MARKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "align": lambda transcript: transcript["segments"][0]["words"][0]["probability"] == 0.9,
    "diarize": lambda transcript: bool(transcript["turns"]),
    "emotion": lambda transcript: transcript["segments"][0]["emotion"]["label"] == "neutral",
    "events": lambda transcript: bool(transcript["events"]),
    "refine": lambda transcript: transcript["segments"][0]["raw_text"] == "word0 word1",
    "translate": lambda transcript: bool(transcript["segments"][0]["translations"]["de"]),
}
"""What shows in a transcript that the stage was done."""

LACKING = {"translate": "its translation into de"}
"""What a transcript is without, where that is not the stage's name."""


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def worked(home: PipelineHome) -> set[str]:
    """The stages that an engine was asked to do in the last run."""
    return {event.stage for event in home.of(StageStarted)} - {"prepare"}


def reused(home: PipelineHome) -> set[str]:
    return {event.stage for event in home.of(StageFinished) if event.reused}


@pytest.mark.parametrize("stage", ASKED)
async def test_a_stage_is_added_to_finished_work(stage: str, home: PipelineHome) -> None:
    recordings = home.record(2)
    await home.run(recordings)
    before = (home.outputs / "note 00.json").read_bytes()

    report = await home.run(recordings, **ASKED[stage])

    assert report.counts == {"done": 2}
    assert worked(home) == {stage}
    if stage in {"refine", "translate"}:  # their texts are equal, and worked on once
        assert len(home.ran(stage)) == 1
        assert reused(home) == {"prepare", "transcribe", stage}
    else:
        assert sorted(home.ran(stage)) == ["note 00.wav", "note 01.wav"]
        assert reused(home) == {"prepare", "transcribe"}
    assert MARKS[stage](read_json(home.outputs / "note 00.json"))

    again = await home.run(recordings, **ASKED[stage])
    assert again.counts == {"unchanged": 2}

    without = await home.run(recordings)
    assert without.counts == {"done": 2}
    assert not home.of(EngineReady)
    assert (home.outputs / "note 00.json").read_bytes() == before


async def test_a_stage_is_added_beside_all_others(home: PipelineHome) -> None:
    others: dict[str, Any] = {
        name: value for stage in ("emotion", "events") for name, value in ASKED[stage].items()
    }
    recordings = home.record(1)
    await home.run(recordings, **others)

    await home.run(recordings, **others, **ASKED["diarize"])

    assert worked(home) == {"diarize"}
    assert reused(home) == {"prepare", "transcribe", "emotion", "events"}


async def test_every_field_says_which_engine_and_model_it_comes_from(home: PipelineHome) -> None:
    asked = {name: value for each in ASKED.values() for name, value in each.items()}

    await home.run(home.record(1), **asked, speaker_names=(("SPEAKER_00", "Ada"),))

    transcript = read_json(home.outputs / "note 00.json")
    found = {
        name: [(one["stage"], one.get("engine"), one.get("model")) for one in origins]
        for name, origins in transcript["provenance"].items()
    }
    assert found == {
        "text": [("transcribe", "fake", "speech"), ("refine", "fake", "editor")],
        "language": [("transcribe", "fake", "speech")],
        "word_times": [("align", "fake", "aligner")],
        "speaker": [("diarize", "fake", "speakers"), ("user", None, None)],
        "translations": [("translate", "fake", "editor")],
        "emotion": [("emotion", "fake", "moods")],
        "events": [("events", "fake", "moods")],
    }
    recorded = {(each["stage"], each["engine"], each["model"]) for each in transcript["stages"]}
    named = {origin for origins in found.values() for origin in origins if origin[1]}
    assert named <= recorded, "the records of the stages say the rest"


async def test_new_names_need_no_engine_and_change_every_output(home: PipelineHome) -> None:
    recordings = home.record(2)
    stages: dict[str, Any] = {**ASKED["diarize"], **ASKED["refine"]}
    await home.run(recordings, **stages)
    done = home.num_engine_runs
    store = stored(home)
    assert (home.outputs / "note 00.txt").read_text(encoding="utf-8").startswith("SPEAKER_00: ")

    for names in ((("SPEAKER_00", "Ada"), ("SPEAKER_01", "Grace")), (("SPEAKER_01", "Bob"),)):
        report = await home.run(recordings, **stages, speaker_names=names)

        assert report.counts == {"done": 2}
        assert not home.of(EngineReady)
        assert worked(home) == set()
        assert reused(home) == {"prepare", "transcribe", "diarize", "refine"}
        assert (home.num_engine_runs, stored(home)) == (done, store)
        for number in range(2):
            transcript = read_json(home.outputs / f"note 0{number}.json")
            assert transcript["speaker_names"] == dict(names)
            speakers = {segment["speaker"] for segment in transcript["segments"]}
            assert speakers == {dict(names).get(f"SPEAKER_0{n}", f"SPEAKER_0{n}") for n in (0, 1)}
            assert {turn["speaker"] for turn in transcript["turns"]} == speakers
            text = (home.outputs / f"note 0{number}.txt").read_text(encoding="utf-8")
            assert all(f"{speaker}: " in text for speaker in speakers)

    again = await home.run(recordings, **stages, speaker_names=(("SPEAKER_01", "Bob"),))
    assert again.counts == {"unchanged": 2}


def stored(home: PipelineHome) -> dict[Path, int]:
    """Every file of the stage store, and when it was written."""
    folder = home.locations.state / "store"
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}


def noticed(transcript: dict[str, Any]) -> list[dict[str, Any]]:
    """Its warnings, but for the one that these recordings are silent, and for advice."""
    return [each for each in transcript["warnings"] if each.get("stage") not in {None, "prepare"}]


async def test_a_name_for_nobody_is_told_and_kept_in_the_transcript(home: PipelineHome) -> None:
    report = await home.run(
        home.record(1), **ASKED["diarize"], speaker_names=(("SPEAKER_09", "Zoe"),)
    )

    assert report.counts == {"done": 1}
    [warning] = [event for event in home.of(WarningRaised) if event.stage not in {None, "prepare"}]
    assert (warning.code, warning.stage) == ("unknown_speaker", "merge")
    assert "SPEAKER_09: there are SPEAKER_00, SPEAKER_01" in warning.message
    transcript = read_json(home.outputs / "note 00.json")
    assert [notice["code"] for notice in noticed(transcript)] == ["unknown_speaker"]
    assert "speaker_names" not in transcript


async def test_channels_are_named_in_their_order_by_each_recording(home: PipelineHome) -> None:
    own = Overrides(speaker_names=(("SPEAKER_00", "Ada"),))
    calls = [
        request_for(write_recording(home.inputs / "a.wav", channels=2)),
        request_for(write_recording(home.inputs / "b.wav", channels=2, seed=5), own),
    ]

    await home.run(
        calls, channels="split", speaker_names=(("SPEAKER_00", "Agent"), ("SPEAKER_01", "Caller"))
    )

    def speakers(name: str) -> set[tuple[int, str]]:
        segments = read_json(home.outputs / name)["segments"]
        return {(segment["channel"], segment["speaker"]) for segment in segments}

    assert speakers("a.json") == {(0, "Agent"), (1, "Caller")}
    assert speakers("b.json") == {(0, "Ada"), (1, "SPEAKER_01")}


@pytest.mark.parametrize("stage", ASKED)
async def test_a_failing_stage_costs_nothing_but_itself(stage: str, home: PipelineHome) -> None:
    write_model(home.folder / "catalog", "fails", stage, runtime_id="raises", rank=-1)
    home.reload()
    recordings = home.record(1)
    asked = {**ASKED[stage], "stage_models": {stage: "fails"}}
    reason = "the fake model divides by zero"

    report = await home.run(recordings, **asked)

    assert (report.counts, report.exit_code) == ({"partial": 1}, 7)
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["status"] == "partial"
    assert transcript["text"].startswith("word0 word1")
    [record] = [each for each in transcript["stages"] if each["stage"] == stage]
    assert (record["status"], record["engine"], record["model"]) == ("failed", "fake", "fails")
    assert reason in record["reason"]
    [notice] = noticed(transcript)
    assert (notice["code"], notice["stage"]) == ("stage_failed", stage)
    assert reason in notice["message"]
    [told] = [event for event in home.of(WarningRaised) if event.stage not in {None, "prepare"}]
    assert (told.code, told.recording, told.stage) == ("stage_failed", "note 00.wav", stage)
    assert reason in told.message
    assert (home.outputs / "note 00.txt").exists()

    again = await home.run(recordings, **asked)
    assert (again.counts, worked(home)) == ({"partial": 1}, {stage}), "it may work next time"

    strict = await home.run(recordings, **asked, strict=True)
    assert (strict.counts, strict.exit_code) == ({"failed": 1}, 6)
    [error] = strict.errors
    assert error.code == "stage_failed"
    lacking = LACKING.get(stage, stage)
    assert error.message.startswith(f"without {lacking}, which --strict requires: ")
    assert reason in error.message
    assert worked(home) == {stage}, "the transcription is kept all the same"

    mended = await home.run(recordings, **ASKED[stage], stage_models={stage: GOOD[stage]})
    assert (mended.counts, worked(home)) == ({"done": 1}, {stage})
    assert MARKS[stage](read_json(home.outputs / "note 00.json"))


async def test_when_every_optional_stage_fails_the_text_is_there(home: PipelineHome) -> None:
    write_model(home.folder / "catalog", "fails", ", ".join(ASKED), runtime_id="raises", rank=-1)
    home.reload()
    asked = {name: value for each in ASKED.values() for name, value in each.items()}

    report = await home.run(home.record(1), **asked, stage_models=dict.fromkeys(ASKED, "fails"))

    assert (report.counts, report.exit_code) == ({"partial": 1}, 7)
    transcript = read_json(home.outputs / "note 00.json")
    failed = [each["stage"] for each in transcript["stages"] if each["status"] == "failed"]
    assert failed == list(ASKED)
    assert {each["stage"] for each in noticed(transcript)} == set(ASKED)
    assert transcript["text"].startswith("word0 word1")


def record_call(path: Path) -> Path:
    """Two lines, of which one speaks at a time, two seconds each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [tone(8, hertz=hertz) for hertz in (300, 500)]
    first = np.arange(len(tones[0])) // (2 * SAMPLE_RATE) % 2 == 0
    apart = [np.where(first, tones[0], 0), np.where(first, 0, tones[1])]
    return write_wav(path, np.stack(apart, axis=1).astype(np.int16))


def diarization(path: Path) -> dict[str, Any]:
    """The record of the stage in a transcript."""
    record: dict[str, Any]
    [record] = [each for each in read_json(path)["stages"] if each["stage"] == "diarize"]
    return record


async def test_the_lines_of_a_call_say_how_many_speakers_there_are(home: PipelineHome) -> None:
    recordings = [request_for(record_call(home.inputs / "call.wav"))]
    await home.run(recordings, **ASKED["diarize"])
    diarized = diarization(home.outputs / "call.json")

    assert diarized["reason"].endswith(
        "; 2 speakers, as channels 0 and 1 each have speech of their own"
    )
    assert diarized["options"]["num_speakers"] == 2  # the fake engine's, of the bounds

    await home.run(recordings, diarize=DiarizeOptions(min_speakers=3))
    diarized = diarization(home.outputs / "call.json")
    assert "channels" not in diarized["reason"]
    assert diarized["options"]["num_speakers"] == 3
