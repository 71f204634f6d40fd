"""``dalston plan`` and ``dalston runs`` say what is so: before, in between and after real runs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import (
    PipelineHome,
    request_for,
    write_group,
    write_model,
    write_recording,
)
from tests.support.recordings import ffmpeg

from dalston_cli.app import main
from dalston_cli.audio.clip import Clip
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.forecast.forecaster import RecordingForecast
from dalston_cli.pipeline.forecast.report import PlanReport, make_report
from dalston_cli.pipeline.records.history import measured_rtfx
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Attempt, Journal
from dalston_cli.pipeline.request import OutputTarget, Overrides
from dalston_sdk.wire import DiarizeOptions, EmotionOptions, RefineOptions, TranscribeOptions


@pytest.fixture(autouse=True)
def _named(home: PipelineHome, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in home.variables.items():
        monkeypatch.setenv(name, place)


def report_of(home: PipelineHome, recordings: list[Any], **options: Any) -> PlanReport:
    return make_report(recordings, home.options(**options), home.environment())


def states_of(report: PlanReport) -> dict[str, str]:
    return {forecast.recording: forecast.state for forecast in report.recordings}


def name_catalog(home: PipelineHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(home.catalog.engine("fake").folder))
    monkeypatch.setenv("DALSTON_CATALOG_PATH", str(home.folder / "catalog"))


def write_aac(file: Path, seconds: int) -> None:
    """A file whose header declares no length."""
    file.parent.mkdir(exist_ok=True)
    ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}", file)


def only(report: PlanReport) -> RecordingForecast:
    [forecast] = report.recordings
    return forecast


async def test_a_plan_before_and_after_a_run(home: PipelineHome) -> None:
    recordings = home.record(2)
    before = report_of(home, recordings)
    assert before.counts == {"new": 2}
    assert (before.audio_s, before.unknown, before.estimated_s) == (4.0, 0, None)
    assert before.unmeasured == ("transcribe with speech",)
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


async def test_every_stored_stage_counts_as_done(home: PipelineHome) -> None:
    recordings = home.record(1)
    options: dict[str, Any] = {
        "align": "always",
        "diarize": DiarizeOptions(),
        "refine": RefineOptions(),
        "emotion": EmotionOptions(),
    }
    await home.run(recordings, **options)
    every = ("prepare", "transcribe", "align", "diarize", "emotion", "refine")

    assert only(report_of(home, recordings, **options)).state == "unchanged"
    forecast = only(report_of(home, recordings, formats=("srt",), **options))
    assert (forecast.state, forecast.done, forecast.estimated_s) == ("started", every, 0.0)
    assert report_of(home, recordings, formats=("srt",), **options).audio_s == 0.0

    other = report_of(home, recordings, stage_models={"transcribe": "speech-other"}, **options)
    assert only(other).done == ("prepare", "diarize"), "the others depend on the text"
    assert only(other).unmeasured == ("transcribe",)


async def test_lengths_of_new_recordings_are_their_headers(home: PipelineHome) -> None:
    await home.run(home.record(1))
    new = request_for(write_recording(home.inputs / "new.wav", seconds=4.0, seed=50))
    whole = only(report_of(home, [new]))
    assert (whole.state, whole.duration_s, whole.guessed) == ("new", 4.0, False)
    assert whole.estimated_s is not None
    assert whole.estimated_s > 0

    part = only(report_of(home, [new], clip=Clip(start=1.0, end=2.5)))
    assert part.duration_s == 1.5
    assert part.estimated_s == pytest.approx(whole.estimated_s * 1.5 / 4)


async def test_channels_that_are_split_are_work_of_their_own(home: PipelineHome) -> None:
    await home.run(home.record(1))
    file = write_recording(home.inputs / "two.wav", seconds=4.0, seed=50, channels=2)
    mixed = only(report_of(home, [request_for(file)]))
    split = only(report_of(home, [request_for(file)], channels="split"))
    assert mixed.estimated_s is not None
    assert split.estimated_s == pytest.approx(2 * mixed.estimated_s)


def test_a_length_without_a_header_is_unknown(
    home: PipelineHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_aac(home.inputs / "bare.aac", seconds=2)
    recordings = [*home.record(1), request_for(home.inputs / "bare.aac")]
    report = report_of(home, recordings)
    assert (report.audio_s, report.unknown) == (2.0, 1)

    name_catalog(home, monkeypatch)
    assert main(["plan", str(home.inputs), "--model", "speech"]) == 0
    shown = capsys.readouterr().out
    assert "audio to work on: ≥ 2.0 s, 1 of unknown length\n" in shown
    assert "estimated work of engines: no history yet of transcribe with speech\n" in shown


def test_a_length_is_guessed_from_the_size_of_others_of_a_kind(
    home: PipelineHome,
) -> None:
    write_aac(home.inputs / "first.aac", seconds=2)
    write_aac(home.inputs / "second.aac", seconds=4)
    asyncio.run(home.run([request_for(home.inputs / "first.aac")]))
    report = report_of(home, [request_for(home.inputs / "second.aac")])
    assert (report.unknown, report.guessed) == (0, 1)
    assert report.audio_s == pytest.approx(4.0, rel=0.2)


def test_a_file_that_is_no_recording_is_blocked(home: PipelineHome) -> None:
    text = home.inputs / "notes.wav"
    text.parent.mkdir()
    text.write_text("no sound", encoding="utf-8")
    report = report_of(home, [request_for(text), request_for(home.inputs / "gone.wav")])
    assert report.counts == {"blocked": 2}
    assert [each.problem for each in report.recordings] == [
        "notes.wav is not a recording, or is damaged beyond recognition",
        "gone.wav does not exist",
    ]


def test_history_is_of_a_stage_a_model_and_a_device(home: PipelineHome) -> None:
    with Journal(home.locations.state / JOURNAL_NAME) as journal:
        job = journal.begin_job(journal.begin_run(1), "a.wav", suffix=".wav", size=1)
        for stage, device, elapsed_s in (("align", "cpu", 1.0), ("transcribe", "cuda:0", 2.0)):
            attempt = Attempt(
                stage=stage,
                engine="fake",
                model="both",
                device=device,
                started_at=0.0,
                elapsed_s=elapsed_s,
                audio_s=10.0,
            )
            journal.add_attempt(job, attempt)
        assert measured_rtfx(journal, "align", "both", "cpu") == 10.0
        assert measured_rtfx(journal, "transcribe", "both", "cuda:0") == 5.0
        assert measured_rtfx(journal, "transcribe", "both", "cpu") is None


async def test_what_a_group_does_not_do_unasked_is_said_once(home: PipelineHome) -> None:
    write_group(home.folder / "catalog", "pair", transcribe="speech", diarize="speakers")
    home.reload()
    recordings = home.record(2)
    said = "pair finds who speaks, with speakers, only where --diarize is given"

    [plan] = report_of(home, recordings, model="pair").plans
    assert plan.advice == (said,)
    await home.run(recordings, model="pair", formats=("json",))

    [warning] = home.of(WarningRaised)
    assert (warning.message, warning.hint) == (said, "add --diarize")
    written = json.loads(next(home.outputs.glob("*.json")).read_bytes())
    assert [each["message"] for each in written["warnings"]] == [f"{said}: add --diarize"]


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        pytest.param({"model": "far", "pull": "never"}, False, id="never"),
        pytest.param({"model": "far", "offline": True}, False, id="offline"),
        pytest.param(
            {"diarize": DiarizeOptions(), "stage_models": {"diarize": "far"}, "offline": True},
            False,
            id="stage",
        ),
        pytest.param({"model": "group", "pull": "never"}, False, id="group"),
        pytest.param({"model": "linked"}, False, id="missing-folder"),
        pytest.param({"output": OutputTarget(folder=Path(__file__))}, False, id="output"),
        pytest.param({"clip": Clip(start=1.0)}, True, id="possible"),
    ],
)
def test_a_plan_accepts_what_a_run_accepts(
    home: PipelineHome, changes: dict[str, Any], accepted: bool
) -> None:
    folder = home.folder / "catalog"
    far = "{kind: hf, repo: test/far, revision: main}"
    write_model(folder, "far", "transcribe, diarize", source=far, rank=-5)
    write_model(folder, "far-aligner", "align", source=far, rank=-5)
    write_model(folder, "linked", "transcribe", source="{kind: file, path: gone}", rank=-5)
    write_group(folder, "group", transcribe="far", align="far-aligner")
    home.reload()
    recordings = home.record(1)

    def refusal(attempt: Callable[[], object]) -> str | None:
        try:
            attempt()
        except DalstonError as error:
            return f"{error.code}: {error.message}"
        return None

    planned = refusal(lambda: report_of(home, recordings, **changes))
    assert planned == refusal(lambda: asyncio.run(home.run(recordings, **changes)))
    assert (planned is None) is accepted


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
    name_catalog(home, monkeypatch)
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
