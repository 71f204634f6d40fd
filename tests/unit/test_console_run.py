"""A run as lines, as NDJSON and as a bar."""

import io
import json
import re

import msgspec
import pytest

from dalston_cli.console import Console
from dalston_cli.console.run_live import RunLive, WorkClock
from dalston_cli.console.run_progress import RunProgress
from dalston_cli.console.run_view import RunLines, RunStream, run_view, summary
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.events import (
    EngineReady,
    EngineStarting,
    ErrorInfo,
    Event,
    JobFinished,
    JobStarted,
    JobWaiting,
    ModelLoading,
    ModelPulling,
    PartialText,
    RunFinished,
    RunStarted,
    StageFinished,
    StageProgress,
    StageStarted,
    WarningRaised,
)
from dalston_sdk.wire import Segment

ERROR = ErrorInfo(code="input", message="b.wav is empty", hint="record it again", recording="b.wav")
EVENTS: tuple[Event, ...] = (
    RunStarted(run="r1", num_recordings=3),
    WarningRaised(code="slow", message="this is slow", recording="a\n.wav"),
    WarningRaised(code="slow", message="this is slow", recording="b.wav"),
    EngineStarting(engine="fake", launcher="local", step="environment", message="one minute"),
    EngineReady(
        engine="fake",
        launcher="local",
        device="cpu",
        reused=False,
        elapsed_s=2,
        reason="it was asked for",
    ),
    JobStarted(recording="a\n.wav", duration_s=60),
    StageProgress(recording="a\n.wav", stage="transcribe", done_s=30, total_s=60),
    PartialText(
        recording="a\n.wav", segments=(Segment(id=0, start=1, end=2, text="[bold]hello\x1b"),)
    ),
    StageFinished(recording="a\n.wav", stage="transcribe", status="done"),
    JobFinished(recording="a\n.wav", status="done", outputs=("out/a.srt",), duration_s=60, rtfx=30),
    JobFinished(recording="b.wav", status="failed", error=ERROR),
    JobFinished(recording="c.wav", status="failed", error=ERROR),
    JobFinished(recording="d.wav", status="unchanged", duration_s=60),
    RunFinished(
        run="r1",
        counts={"done": 1, "failed": 2, "unchanged": 1, "partial": 0},
        audio_s=60,
        elapsed_s=2,
        exit_code=7,
        errors=(ERROR,),
    ),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(*, quiet: bool = False, verbose: int = 0) -> list[str]:
    err = io.StringIO()
    with RunLines(Console("transcribe", stderr=err, quiet=quiet, verbose=verbose)) as view:
        for event in EVENTS:
            view.take(event)
    return err.getvalue().splitlines()


def test_lines() -> None:
    assert shown() == [
        "warning: a\\n.wav: this is slow",
        "preparing fake, first time only",
        "done: a\\n.wav  1:00  → out/a.srt",
        "failed: b.wav is empty",
        "hint: record it again",
        "failed: c.wav: b.wav is empty",
        ("4 recordings: 1 done, 2 failed, 1 unchanged; 1:00 of audio in 2.0 s, 30x real time"),
        "  failed: b.wav is empty",
        "  failed: c.wav: b.wav is empty",
        "details: dalston runs show r1",
    ]


def test_docker_has_images_in_place_of_environments() -> None:
    err = io.StringIO()
    RunLines(Console("transcribe", stderr=err)).take(
        EngineStarting(engine="fake", launcher="docker", step="environment", message="Step 1/9")
    )
    assert err.getvalue() == "preparing the image of fake, first time only\n"


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_preparation_takes_two_lines_and_its_packages_more_with_verbose(verbose: int) -> None:
    err = io.StringIO()
    view = RunLines(Console("transcribe", stderr=err, verbose=verbose))
    building = {"engine": "fake", "launcher": "local", "step": "environment"}
    for told in (
        {"message": "Resolved 2 packages"},
        {"done_bytes": 84_000_000, "total_bytes": 122_000_000},
        {"done_bytes": 122_000_000, "total_bytes": 122_000_000},
        {"message": " + numpy==2.4.6"},
        {"step": "process"},
    ):
        view.take(msgspec.convert(building | told, EngineStarting))
    first, *packages, last = [
        line for line in err.getvalue().splitlines() if "starting" not in line
    ]
    assert first == "preparing fake, first time only"
    assert packages == (["fake: Resolved 2 packages", "fake:  + numpy==2.4.6"] if verbose else [])
    assert re.fullmatch(r"prepared fake: 122 MB in \d+\.\d s", last)


def test_a_download_is_told_once() -> None:
    err, bar = io.StringIO(), Terminal()
    for view in (
        RunLines(Console("transcribe", stderr=err)),
        RunLive(Console("transcribe", stderr=bar)),
    ):
        with view:
            for done in (0, 500, 1000):
                pulling = ModelPulling(
                    model="m", step="downloading", done_bytes=done, total_bytes=1000
                )
                view.take(ModelPulling(model="m", step="checking"))
                view.take(pulling)
    assert err.getvalue() == "downloading m, 1.0 kB\n"
    assert "downloading" not in bar.getvalue()  # there it is drawn while it lasts


def test_quiet_lines_are_about_trouble() -> None:
    assert shown(quiet=True) == [
        "warning: a\\n.wav: this is slow",
        "failed: b.wav is empty",
        "hint: record it again",
        "failed: c.wav: b.wav is empty",
    ]


def test_an_interrupted_run_says_how_to_go_on() -> None:
    err = io.StringIO()
    RunLines(Console("transcribe", stderr=err)).take(
        RunFinished(
            run="r",
            counts={"not_started": 2},
            audio_s=0,
            elapsed_s=1,
            exit_code=ExitCode.INTERRUPTED,
        )
    )
    assert err.getvalue().splitlines() == [
        "2 recordings: 2 not started",
        "hint: run the same command again to go on: finished stages are kept",
    ]


def test_verbose_lines_tell_the_steps() -> None:
    lines = shown(verbose=1)
    ready = "engine fake is ready on cpu (started in 2.0 s; launcher local: it was asked for)"
    assert ready in lines
    assert "a\\n.wav: transcribe done" in lines
    assert "unchanged: d.wav" in lines


def test_the_stream_is_ndjson_and_ends_with_the_report() -> None:
    out = io.StringIO()
    with RunStream(Console("transcribe", json=True, stdout=out)) as view:
        for event in EVENTS:
            view.take(event)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == len(EVENTS)
    assert [line["event"] for line in lines[:2]] == ["run_started", "warning"]
    report = lines[-1]
    assert report["event"] == "run_finished"
    assert (report["command"], report["status"], report["exit_code"]) == (
        "transcribe",
        "partial",
        7,
    )
    assert report["data"]["counts"]["failed"] == 2
    assert report["errors"][0]["recording"] == "b.wav"


def test_the_bar_keeps_stdout_clean_and_lines_whole() -> None:
    err, out = Terminal(), io.StringIO()
    with RunLive(Console("transcribe", stdout=out, stderr=err)) as view:
        for event in EVENTS:
            view.take(event)
        view.print_text("the text")
    assert out.getvalue() == "the text\n"
    assert "✗\x1b[0m b.wav is empty" in err.getvalue()
    assert "hello" not in err.getvalue()  # several recordings: their texts would mix


@pytest.mark.parametrize("show_text", [True, False])
def test_text_of_a_single_recording_is_shown_as_it_comes(show_text: bool) -> None:
    err = Terminal()
    with RunLive(Console("transcribe", stderr=err), show_text=show_text) as view:
        view.take(RunStarted(run="r", num_recordings=1))
        view.take(EVENTS[7])
    assert ("[1.0 s] [bold]hello\\x1b" in err.getvalue()) is show_text


@pytest.mark.parametrize(
    ("stderr", "json_", "kind"),
    [
        (Terminal(), False, RunLive),
        (io.StringIO(), False, RunLines),
        (Terminal(), True, RunStream),
    ],
)
def test_the_view_fits_who_reads(stderr: io.StringIO, json_: bool, kind: type) -> None:
    assert type(run_view(Console("transcribe", json=json_, stderr=stderr))) is kind


def test_progress_is_weighted_by_audio() -> None:
    counts = RunProgress()
    assert (counts.total_s, counts.rtfx(1.0), counts.remaining_s(1.0)) == (0, None, None)
    for event in EVENTS[:7]:
        counts.take(event)
    assert counts.done_s == 30
    assert counts.total_s == 180  # one of 60 s is known, the two others are taken for alike
    assert counts.rtfx(10) == 3
    assert counts.remaining_s(10) == 50
    counts.take(EVENTS[9])
    counts.take(EVENTS[10])
    assert (counts.done_s, counts.finished) == (60, 2)
    assert counts.total_s == 120


def test_a_second_of_audio_is_done_when_every_stage_had_it() -> None:
    counts = RunProgress()
    stages: dict[str, float | None] = {"transcribe": 0.3, "diarize": 0.1}
    counts.take(RunStarted(run="r", num_recordings=1, stages=stages))
    counts.take(JobStarted(recording="a"))
    counts.take(StageFinished(recording="a", stage="prepare", status="done", duration_s=100))
    assert counts.remaining_s(1.0) == pytest.approx(40)  # by the speed of earlier runs
    counts.take(StageStarted(recording="a", stage="transcribe"))
    counts.take(ModelLoading(recording="a", stage="transcribe"))
    loads = [counts.active["a"].loads]
    counts.take(StageProgress(recording="a", stage="transcribe", done_s=50, total_s=100))
    assert [*loads, counts.active["a"].loads] == [True, False]
    assert counts.done_s == pytest.approx(37.5)
    assert counts.remaining_s(15) == pytest.approx(25)
    counts.take(StageFinished(recording="a", stage="transcribe", status="done"))
    counts.take(StageStarted(recording="a", stage="diarize"))
    [active] = counts.active.values()
    assert (active.stage, active.stage_done) == ("diarize", None)
    assert counts.part == pytest.approx(0.75)


def test_a_staged_run_goes_on_where_a_recording_waits() -> None:
    progress = RunProgress()
    costs: dict[str, float | None] = {"transcribe": 1.0, "diarize": 3.0}
    progress.take(RunStarted(run="r", num_recordings=2, stages=costs))
    parts = []
    for stage in costs:
        for name in ("a", "b"):
            progress.take(JobStarted(recording=name, duration_s=100.0))
            progress.take(StageStarted(recording=name, stage=stage))
            progress.take(StageFinished(recording=name, stage=stage, status="done"))
            if stage == "transcribe":
                progress.take(JobWaiting(recording=name, worked=True))
            else:
                progress.take(JobFinished(recording=name, status="done", duration_s=100.0, rtfx=9))
            parts.append(progress.part)
    assert parts == pytest.approx([1 / 8, 2 / 8, 5 / 8, 1.0])
    assert progress.rtfx(10.0) == pytest.approx(200.0 / 10.0)
    assert not progress.active


def test_channels_are_parts_of_a_stage() -> None:
    counts = RunProgress()
    counts.take(RunStarted(run="r", num_recordings=1))
    counts.take(JobStarted(recording="a", duration_s=100))
    for _ in range(2):
        counts.take(StageStarted(recording="a", stage="transcribe"))
    counts.take(StageFinished(recording="a", stage="transcribe", status="done"))
    assert counts.part == 0.5
    counts.take(StageProgress(recording="a", stage="transcribe", done_s=50, total_s=100))
    assert counts.part == 0.75


def test_the_time_to_go_falls_between_two_events(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock, counts = WorkClock(), RunProgress()
    for event in EVENTS[:7]:
        counts.take(event)
    now[0] = 105.0
    clock.begin()
    now[0] = 115.0
    clock.expect(counts)
    assert (clock.rtfx, clock.elapsed_s, clock.since_start_s) == (3, 10, 15)
    left = []
    for second in (115.0, 118.0, 200.0):
        now[0] = second
        left.append(clock.remaining_s)
    assert left == [50, 47, 0]


def test_what_was_done_before_counts_for_no_speed() -> None:
    counts = RunProgress()
    counts.take(RunStarted(run="r", num_recordings=2))
    counts.take(JobFinished(recording="a", status="unchanged", duration_s=60))
    assert counts.done_s == 60
    assert counts.rtfx(1) is None


def test_what_came_from_the_store_counts_for_no_speed() -> None:
    counts = RunProgress()
    counts.take(RunStarted(run="r", num_recordings=2))
    counts.take(JobFinished(recording="a", status="done", duration_s=60))
    assert (counts.done_s, counts.rtfx(1)) == (60, None)


@pytest.mark.parametrize(
    ("counts", "audio_s", "line"),
    [
        pytest.param(
            {"done": 2},
            60,
            "2 recordings: 2 done; 1:00 of audio in 2.0 s, 30x real time",
            id="work",
        ),
        pytest.param(
            {"done": 1, "unchanged": 3},
            0,
            "4 recordings: 1 done, 3 unchanged, from results of earlier runs, in 2.0 s",
            id="stored",
        ),
        pytest.param({"unchanged": 1}, 0, "1 recording: 1 unchanged", id="nothing to do"),
        pytest.param({}, 0, "0 recordings: none", id="none"),
    ],
)
def test_the_summary_tells_what_was_work(counts: dict[str, int], audio_s: float, line: str) -> None:
    report = RunFinished(run="r", counts=counts, audio_s=audio_s, elapsed_s=2, exit_code=0)
    assert summary(report).startswith(line)
    assert ("0.0x" in summary(report)) is False
