"""``dalston plan`` and ``dalston runs`` say what is so: before, in between and after real runs."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome, request_for, write_recording

from dalston_cli.app import main
from dalston_cli.pipeline.forecast.forecaster import RecordingForecast
from dalston_cli.pipeline.forecast.report import PlanReport, make_report
from dalston_cli.pipeline.request import Overrides
from dalston_sdk.wire import DiarizeOptions, TranscribeOptions


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineHome]:
    made = PipelineHome()
    for name, place in made.variables.items():
        monkeypatch.setenv(name, place)
    yield made
    made.close()


def report_of(home: PipelineHome, recordings: list[Any], **options: Any) -> PlanReport:
    return make_report(recordings, home.options(**options), home.environment())


def states_of(report: PlanReport) -> dict[str, str]:
    return {forecast.recording: forecast.state for forecast in report.recordings}


def only(report: PlanReport) -> RecordingForecast:
    [forecast] = report.recordings
    return forecast


async def test_a_plan_before_and_after_a_run(home: PipelineHome) -> None:
    recordings = home.record(2)
    before = report_of(home, recordings)
    assert before.counts == {"new": 2}
    assert (before.audio_s, before.unknown, before.estimated_s) == (None, 2, None)
    assert not (home.locations.state / "journal.sqlite3").exists(), "a plan writes nothing"

    await home.run(recordings)
    after = report_of(home, recordings)

    assert after.counts == {"unchanged": 2}
    assert (after.audio_s, after.estimated_s) == (0.0, 0.0)
    [plan] = after.plans
    [stage] = plan.stages
    assert (stage.model, stage.engine, stage.device) == ("speech", "fake", "cpu")
    assert stage.rtfx is not None
    assert stage.rtfx > 0
    assert "align" in plan.skipped


async def test_what_is_stored_counts_as_done(home: PipelineHome) -> None:
    recordings = home.record(1)
    await home.run(recordings)

    report = report_of(home, recordings, diarize=DiarizeOptions())

    forecast = only(report)
    assert (forecast.state, forecast.done) == ("started", ("prepare", "transcribe"))
    assert forecast.duration_s == 2.0
    assert forecast.estimated_s is None, "nobody measured the diarizing model yet"


async def test_lengths_and_times_of_new_recordings_are_estimated(home: PipelineHome) -> None:
    await home.run(home.record(2))
    new = request_for(write_recording(home.inputs / "new.wav", seconds=4.0, seed=50))

    forecast = only(report_of(home, [new]))

    assert forecast.state == "new"
    assert forecast.duration_s == pytest.approx(4.0, rel=0.01)
    assert forecast.estimated_s is not None
    assert forecast.estimated_s > 0


async def test_overwriting_forgets_what_is_stored(home: PipelineHome) -> None:
    recordings = home.record(1)
    await home.run(recordings)

    assert only(report_of(home, recordings, overwrite=True)).state == "new"


async def test_a_file_in_the_way_is_told(home: PipelineHome) -> None:
    recordings = home.record(2)
    home.outputs.mkdir()
    (home.outputs / "note 00.txt").write_text("mine", encoding="utf-8")

    report = report_of(home, recordings)

    assert states_of(report) == {"note 00.wav": "blocked", "note 01.wav": "new"}
    assert "was not written by Dalston" in str(report.recordings[0].problem)


def test_recordings_are_counted_per_plan(home: PipelineHome) -> None:
    [first, second, third] = home.record(3)
    overrides = Overrides(model="speech-no-words")
    other = request_for(home.inputs / second.name, overrides)

    report = report_of(home, [first, other, third])

    assert [plan.recordings for plan in report.plans] == [2, 1]
    assert [forecast.plan for forecast in report.recordings] == [0, 1, 0]
    assert [stage.stage for stage in report.plans[1].stages] == ["transcribe", "align"]


def test_options_are_told(home: PipelineHome) -> None:
    options = TranscribeOptions(beam_size=2, batch_size=4)

    report = report_of(home, home.record(1), transcribe=options)

    [stage] = report.plans[0].stages
    assert stage.options == {"beam_size": 2}
    assert stage.batch_size == 4


def test_the_commands_show_it(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(home.catalog.engine("fake").folder))
    monkeypatch.setenv("DALSTON_CATALOG_PATH", str(home.folder / "catalog"))
    recordings = home.record(2)
    arguments = [str(home.inputs), "-o", str(home.outputs), "--model", "speech"]

    assert main(["plan", *arguments]) == 0
    text = capsys.readouterr().out
    assert "2 recordings (channels: mix)" in text
    assert "transcribe: speech on engine fake (device cpu, launcher local)" in text
    assert "    launcher local: it needs no environment of its own" in text
    assert "NAME" not in text
    assert "2 recordings: 2 new" in text

    assert main(["runs", "list"]) == 0
    assert "there was no run yet" in capsys.readouterr().err

    asyncio.run(home.run([*recordings, request_for(home.inputs / "gone.wav")]))
    assert main(["runs", "list", "--json"]) == 0
    [run] = json.loads(capsys.readouterr().out)["data"]
    assert (run["counts"], run["exit_code"]) == ({"done": 2, "failed": 1}, 7)

    assert main(["runs", "show", run["run"][:-1]]) == 0
    shown = capsys.readouterr().out
    assert "note 01.wav: done in" in shown
    assert "transcribe with speech on cpu: done after" in shown
    assert "error: gone.wav does not exist" in shown

    assert main(["runs", "show", "20010101"]) == 2
    assert "there is no run `20010101`" in capsys.readouterr().err

    assert main(["plan", *arguments, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["data"]
    assert [each["duration_s"] for each in planned["recordings"]] == [2.0, 2.0]
