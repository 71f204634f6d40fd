"""Whole runs with a real engine process: what is done, what is not done again, what is told."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.support.launching import FAKE
from tests.support.pipeline_home import (
    PipelineHome,
    make_catalog,
    request_for,
    write_model,
    write_recording,
)
from tests.support.recordings import BAD, make_bad, make_good

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.source import shown_name
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.errors import ModelUnavailableError, UsageError
from dalston_cli.pipeline.endpoints import LocalFile, StandardInput
from dalston_cli.pipeline.events import EngineReady, EngineStarting, JobFinished, WarningRaised
from dalston_cli.pipeline.outputs.folder import OutputUnwritableError
from dalston_cli.pipeline.request import OutputTarget, Overrides, RecordingRequest
from dalston_sdk.wire import (
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RefineOptions,
    TranscribeOptions,
)


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


async def test_twenty_recordings_of_which_one_fails(home: PipelineHome) -> None:
    recordings = home.record(20)
    bad = home.inputs / "bad.wav"
    bad.write_bytes(b"no sound at all " * 100)

    report = await home.run([*recordings, request_for(bad)])

    assert report.counts == {"done": 20, "failed": 1}
    assert report.exit_code == 7
    assert [(error.code, error.recording) for error in report.errors] == [("not_media", "bad.wav")]
    assert home.num_engine_runs == 20
    assert len(list(home.outputs.iterdir())) == 40
    assert (home.outputs / "note 00.txt").read_text(encoding="utf-8").startswith("word0 word1")
    assert {job.status for job in home.last_run().jobs} == {"done", "failed"}
    assert not list((home.locations.cache / "decoded").iterdir())


async def test_a_second_run_starts_no_engine_and_does_nothing(home: PipelineHome) -> None:
    recordings = [*home.record(3), request_for(home.inputs / "missing.wav")]
    bad = home.inputs / "bad.wav"
    bad.write_bytes(b"no sound at all " * 100)
    recordings.append(request_for(bad))
    await home.run(recordings)
    written = {path: path.stat().st_mtime_ns for path in home.outputs.iterdir()}

    report = await home.run(recordings)

    assert report.counts == {"failed": 2, "unchanged": 3}
    assert {error.code for error in report.errors} == {"recording_missing", "not_media"}
    assert not home.of(EngineStarting)
    assert not home.of(EngineReady)
    assert written == {path: path.stat().st_mtime_ns for path in home.outputs.iterdir()}


async def test_only_what_changed_is_done_again(home: PipelineHome) -> None:
    recordings = home.record(3)
    await home.run(recordings)
    write_recording(home.inputs / "note 01.wav", seed=99)

    await home.run(recordings)

    assert home.ran() == ["note 01.wav"]
    assert home.statuses() == {
        "note 00.wav": "unchanged",
        "note 01.wav": "done",
        "note 02.wav": "unchanged",
    }


async def test_other_formats_are_rendered_without_an_engine(home: PipelineHome) -> None:
    recordings = home.record(2)
    await home.run(recordings)

    report = await home.run(recordings, formats=("srt", "txt"))

    assert report.counts == {"done": 2}
    assert not home.of(EngineReady)
    assert home.num_engine_runs == 2
    assert (home.outputs / "note 01.srt").read_text(encoding="utf-8").startswith("1\n00:00:00")


async def test_all_formats_are_those_that_can_be(home: PipelineHome) -> None:
    recordings = home.record(1)
    choices: dict[str, Any] = {
        "model": "speech-no-words",
        "align": "never",
        "transcribe": TranscribeOptions(word_timestamps=False),
        "formats": ("txt", "ctm"),
    }

    named = await home.run(recordings, **choices)
    assert [error.code for error in named.errors] == ["words_missing"]

    choices["optional_formats"] = frozenset({"txt", "ctm"})
    report = await home.run(recordings, **choices)
    assert (report.counts, report.exit_code) == ({"done": 1}, 0)
    (warning,) = [event for event in home.of(WarningRaised) if event.code == "format_left_out"]
    assert warning.message.endswith("ctm is left out")
    assert [path.suffix for path in home.outputs.iterdir()] == [".txt"]

    again = await home.run(recordings, **choices)
    assert again.counts == {"unchanged": 1}
    assert [Path(name).suffix for name in home.of(JobFinished)[0].outputs] == [".txt"]


async def test_the_language_that_was_heard_chooses_the_aligner(home: PipelineHome) -> None:
    folder = home.folder / "catalog"
    write_model(folder, "aligner-de", "align", languages="de", rank=50)
    home.catalog = make_catalog(folder)
    choices: dict[str, Any] = {
        "model": "speech-no-words",
        "transcribe": TranscribeOptions(word_timestamps=False),
    }

    await home.run(home.record(1), **choices)  # the fake engine hears English
    stages = read_json(home.outputs / "note 00.json")["stages"]
    assert [stage.get("model") for stage in stages] == ["speech-no-words", "aligner"]

    german = {name: one for name, one in home.catalog.models.items() if name != "aligner"}
    home.catalog = replace(home.catalog, models=german)
    await home.run(home.record(1), overwrite=True, **choices)
    skipped = read_json(home.outputs / "note 00.json")["stages"][1]
    assert skipped["status"] == "skipped"
    assert skipped["reason"] == "the model aligner-de does not cover the language en"


async def test_a_deleted_output_is_written_again_from_the_store(home: PipelineHome) -> None:
    recordings = home.record(2)
    await home.run(recordings)
    before = (home.outputs / "note 00.json").read_bytes()
    (home.outputs / "note 00.json").unlink()

    await home.run(recordings)

    assert home.statuses() == {"note 00.wav": "done", "note 01.wav": "unchanged"}
    assert (home.outputs / "note 00.json").read_bytes() == before
    assert home.num_engine_runs == 2


async def test_an_edited_output_stays(home: PipelineHome) -> None:
    recordings = home.record(1)
    await home.run(recordings)
    output = home.outputs / "note 00.txt"
    output.write_text("corrected by hand\n", encoding="utf-8")

    again = await home.run(recordings)
    assert again.counts == {"unchanged": 1}
    assert [warning.code for warning in home.of(WarningRaised)] == ["output_edited"]

    other = await home.run(recordings, model="speech-other")
    assert [error.code for error in other.errors] == ["output_exists"]
    assert output.read_text(encoding="utf-8") == "corrected by hand\n"

    await home.run(recordings, overwrite=True)
    assert output.read_text(encoding="utf-8").startswith("word0")


async def test_a_foreign_file_is_not_replaced(home: PipelineHome) -> None:
    recordings = home.record(2)
    home.outputs.mkdir()
    (home.outputs / "note 00.txt").write_text("my own notes\n", encoding="utf-8")

    report = await home.run(recordings)

    assert report.counts == {"done": 1, "failed": 1}
    assert [error.code for error in report.errors] == ["output_exists"]
    assert home.num_engine_runs == 1, "found before any work was done for it"
    assert (home.outputs / "note 00.txt").read_text(encoding="utf-8") == "my own notes\n"


async def test_a_stage_is_added_without_transcribing_again(home: PipelineHome) -> None:
    recordings = home.record(2)
    await home.run(recordings)

    await home.run(recordings, diarize=DiarizeOptions(num_speakers=2))

    assert home.ran() == []
    assert sorted(home.ran("diarize")) == ["note 00.wav", "note 01.wav"]
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["turns"]


async def test_every_stage_leaves_its_mark(home: PipelineHome) -> None:
    report = await home.run(
        home.record(1),
        model="speech-no-words",
        transcribe=TranscribeOptions(word_timestamps=False),
        diarize=DiarizeOptions(),
        emotion=EmotionOptions(),
        events=EventsOptions(labels=("Dog",)),
        refine=RefineOptions(),
    )

    assert report.counts == {"done": 1}
    transcript = read_json(home.outputs / "note 00.json")
    stages = transcript["stages"]
    assert {(stage["stage"], stage["status"]) for stage in stages} == {
        (stage, "done")
        for stage in ("transcribe", "align", "diarize", "emotion", "events", "refine")
    }
    segments = transcript["segments"]
    assert segments[0]["text"].endswith(".")
    assert segments[0]["raw_text"]
    assert segments[0]["words"][0]["end"] > segments[0]["words"][0]["start"]
    assert segments[0]["emotion"]["label"] == "neutral"
    assert transcript["events"]


async def test_batches_are_halved_until_they_fit_and_that_is_remembered(home: PipelineHome) -> None:
    home.knobs["MAX_BATCH"] = "2"
    recordings = home.record(2)

    report = await home.run(recordings, jobs=1)

    assert report.counts == {"done": 2}
    attempts = [job.attempts for job in home.last_run().jobs]
    assert [[attempt.batch_size for attempt in each] for each in attempts] == [[None, 8, 4, 2], [2]]
    assert [each[-1].status for each in attempts] == ["done", "done"]


async def test_each_channel_goes_its_way(home: PipelineHome) -> None:
    call = request_for(write_recording(home.inputs / "call.wav", channels=2))

    report = await home.run([call], channels="split", clip=Clip(start=0.5))

    assert report.counts == {"done": 1}
    transcript = read_json(home.outputs / "call.json")
    first, second = transcript["segments"][:2]
    assert (first["start"], second["start"]) == (0.5, 0.5)
    assert {first["channel"], second["channel"]} == {0, 1}
    assert first["speaker"] != second["speaker"]
    assert [stage["stage"] for stage in transcript["stages"]] == ["transcribe", "align"]
    assert home.num_engine_runs == 2


async def test_a_missing_model_is_brought_here_first(home: PipelineHome) -> None:
    weights = home.folder / "weights.bin"
    source = f"{{kind: file, path: {weights}}}"
    write_model(home.folder / "catalog", "speech-own", "transcribe", source=source)
    home.catalog = make_catalog(home.folder / "catalog")
    recordings = home.record(1)

    with pytest.raises(ModelUnavailableError):
        await home.run(recordings, model="speech-own")
    weights.write_bytes(b"weights")
    report = await home.run(recordings, model="speech-own")

    assert report.counts == {"done": 1}
    assert list(report.models) == ["speech-own"]
    before = report.models["speech-own"]
    weights.write_bytes(b"other weights")
    again = await home.run(recordings, model="speech-own", pull="always")
    assert home.ran() == ["note 00.wav"], "other weights give other results"
    assert again.models["speech-own"] != before


async def test_standard_output_gets_the_text(home: PipelineHome) -> None:
    report = await home.run(home.record(1), output=OutputTarget(folder=None), formats=("txt",))

    assert report.counts == {"done": 1}
    assert [text.split()[:2] for text in home.printed] == [["word0", "word1"]]
    assert not home.outputs.exists()


async def test_an_impossible_option_is_refused_before_anything_runs(home: PipelineHome) -> None:
    [first, second] = home.record(2)
    asked = request_for(home.inputs / second.name, Overrides(hotwords=("Dalston",)))

    with pytest.raises(UsageError, match=r"note 01.wav: .* does not support the option `hotwords`"):
        await home.run([first, asked])

    assert home.events == []


async def test_an_engine_that_cannot_start_is_tried_once(home: PipelineHome) -> None:
    home.knobs["CRASH_BEFORE_READY"] = "1"
    recordings = home.record(30, seconds=0.5)

    report = await home.run(recordings)

    assert report.exit_code == 5
    assert report.counts["not_started"] > 20
    assert len(home.of(EngineStarting)) < 10
    assert {error.code for error in report.errors} == {"engine_crashed"}


async def test_a_run_stops_at_the_first_failure_if_told(home: PipelineHome) -> None:
    bad = home.inputs / "bad.wav"
    recordings = home.record(10)
    bad.write_bytes(b"no sound at all " * 10_000)  # the largest is begun first

    report = await home.run([*recordings, request_for(bad)], fail_fast=True, jobs=1)

    assert report.counts == {"failed": 1, "not_started": 10}
    assert report.exit_code == 6


async def test_models_may_differ_per_recording(home: PipelineHome) -> None:
    [first, second] = home.record(2)
    asked = request_for(home.inputs / second.name, Overrides(model="speech-other", language="de"))

    await home.run([first, asked])

    one, other = (read_json(home.outputs / f"note 0{number}.json") for number in (0, 1))
    assert (one["language"], other["language"]) == ("en", "de")
    assert [job.status for job in home.of(JobFinished)] == ["done", "done"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
async def test_every_name_and_container_is_done_and_every_bad_one_told(home: PipelineHome) -> None:
    home.inputs.mkdir()
    make_good(home.inputs)
    make_bad(home.inputs)
    recordings = [
        RecordingRequest(
            source=LocalFile(path), name=shown_name(path.name), relative=Path(path.name)
        )
        for path in sorted(home.inputs.iterdir())
    ]

    report = await home.run(recordings)
    again = await home.run(recordings)

    assert report.counts == {"done": 10, "failed": 8}
    assert sorted(error.code for error in report.errors) == sorted(BAD.values())
    assert again.counts == {"failed": 8, "unchanged": 10}
    assert sorted(error.code for error in again.errors) == sorted(BAD.values())
    assert not home.of(EngineReady)
    assert msgspec.json.encode(home.events)


async def test_an_output_folder_that_cannot_be_is_refused_at_once(home: PipelineHome) -> None:
    home.outputs.write_text("a file", encoding="utf-8")

    with pytest.raises(OutputUnwritableError, match="not a folder"):
        await home.run(home.record(1))

    assert home.events == []


async def test_a_model_that_does_not_load_is_given_up_soon(home: PipelineHome) -> None:
    write_model(home.folder / "catalog", "speech-broken", "transcribe", runtime_id="broken")
    home.catalog = make_catalog(home.folder / "catalog")

    report = await home.run(home.record(12, seconds=0.5), model="speech-broken", jobs=1)

    assert report.counts == {"failed": 2, "not_started": 10}
    assert report.exit_code == 5
    assert {error.code for error in report.errors} == {"model_refused"}
    assert [warning.code for warning in home.of(WarningRaised)] == ["engine_given_up"]


async def test_where_an_engine_cannot_be_built_a_model_that_needs_none_is_named(
    home: PipelineHome,
) -> None:
    unbuilt = home.folder / "engines" / "unbuilt"
    shutil.copytree(FAKE, unbuilt)
    (unbuilt / "requirements.lock").write_text(f"x==1 --hash=sha256:{'0' * 64}\n")
    entry = (FAKE / "engine.yaml").read_text()
    entry = entry.replace("name: fake", "name: unbuilt").replace("embedded: true", "ram_mb: 1")
    (unbuilt / "engine.yaml").write_text(entry)
    write_model(home.folder / "catalog", "speech-unbuilt", "transcribe")
    model = home.folder / "catalog" / "speech-unbuilt.yaml"
    model.write_text(model.read_text().replace("engine: fake", "engine: unbuilt"))
    paths = CatalogPaths(engines=(FAKE, unbuilt), models=(home.folder / "catalog",))
    home.catalog = load_catalog(paths)

    report = await home.run(home.record(2), model="speech-unbuilt", jobs=1)

    assert report.counts == {"failed": 1, "not_started": 1}
    assert [error.code for error in report.errors] == ["environment_build"]
    (warning,) = home.of(WarningRaised)
    assert warning.code == "engine_given_up"
    assert "one whose engine is here: --model speech (any language)" in (warning.hint or "")


async def test_a_failing_model_costs_each_recording_its_own_error(home: PipelineHome) -> None:
    report = await home.run(home.record(3), model="speech-raises")

    assert report.counts == {"failed": 3}
    assert {error.code for error in report.errors} == {"work_failed"}


async def test_standard_input_is_a_recording(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = write_recording(home.inputs / "a.wav")
    request = RecordingRequest(source=StandardInput(), name="-", relative=Path("stdin"))
    with sound.open("rb") as file:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=file))
        report = await home.run([request])

    assert report.counts == {"done": 1}
    assert read_json(home.outputs / "stdin.json")["recording"]["name"] == "-"


async def test_a_store_that_cannot_be_written_is_explained(home: PipelineHome) -> None:
    recordings = home.record(1)
    (home.locations.state).mkdir()
    (home.locations.state / "store").write_text("in the way", encoding="utf-8")

    report = await home.run(recordings)

    assert [error.code for error in report.errors] == ["state_folder"]
    assert report.exit_code == 5
