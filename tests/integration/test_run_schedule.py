"""Stage by stage over all recordings: one engine at a time, and the same results."""

import asyncio
import io
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.integration.test_pipeline_interruptions import read_to_end, read_until
from tests.support import pipeline_process
from tests.support.pipeline_home import request_for, write_recording
from tests.support.several_engines import MODELS, SeveralEngines

from dalston_cli.launchers.variables import thread_variables, threads_of, usable_cores
from dalston_cli.pipeline.endpoints import StandardInput
from dalston_cli.pipeline.events import (
    Event,
    JobFinished,
    JobStarted,
    JobWaiting,
    RunStarted,
    StageFinished,
    WarningRaised,
)
from dalston_cli.pipeline.forecast.report import make_report
from dalston_cli.pipeline.request import RecordingRequest
from dalston_sdk.wire import DiarizeOptions

NUM_RECORDINGS = 3
HUGE_MB = 10_000_000
STAGES = ("transcribe", "align", "diarize")
STAGED: dict[str, Any] = {"schedule": "staged", "align": "always", "stage_models": MODELS}


@pytest.fixture
def home() -> Iterator[SeveralEngines]:
    made = SeveralEngines()
    yield made
    made.close()


def run(home: SeveralEngines, recordings: list[RecordingRequest], **options: Any) -> Any:
    return asyncio.run(home.run(recordings, **{"diarize": DiarizeOptions(), **options}))


def worked(events: list[Event]) -> list[str]:
    """The stages that engines did, in the order in which they ended."""
    return [
        event.stage
        for event in events
        if isinstance(event, StageFinished)
        and event.stage in STAGES
        and event.status == "done"
        and not event.reused
    ]


def test_staged_does_each_stage_of_all_recordings_before_the_next_engine_starts(
    home: SeveralEngines,
) -> None:
    recordings = home.record(NUM_RECORDINGS)
    report = run(home, recordings, schedule="staged")

    assert report.counts == {"done": NUM_RECORDINGS}
    assert worked(home.events) == [stage for stage in STAGES for _ in recordings]
    assert home.at_once == [{"fake"}, {"fake-aligner"}, {"fake-speakers"}], "one at a time"
    assert report.schedule.schedule == "staged"
    assert report.schedule.phases == tuple((stage,) for stage in STAGES)
    [started] = home.of(RunStarted)
    assert started.schedule == report.schedule
    assert len(home.of(JobWaiting)) == 2 * NUM_RECORDINGS
    assert [job.status for job in home.last_run().jobs] == ["done"] * NUM_RECORDINGS
    assert home.last_run().summary.schedule == report.schedule
    assert all(job.rtfx for job in home.of(JobFinished)), "engines worked, though in other turns"
    assert {taken.engine for taken in report.engine_use} == set().union(*home.at_once)
    assert all(taken.memory_mb > 1 and taken.threads for taken in report.engine_use)


def test_the_threads_of_an_engine_are_recorded_and_the_users_win(home: SeveralEngines) -> None:
    usual = asyncio.run(home.run(home.record(1), align="never", stage_models={}))
    assert [taken.threads for taken in usual.engine_use] == [threads_of(usable_cores(), 1)]
    home.more = thread_variables(3)  # as --threads 3 does
    asked = asyncio.run(home.run(home.record(1), align="never", stage_models={}, overwrite=True))
    assert [taken.threads for taken in asked.engine_use] == [3]


def test_engines_of_an_earlier_run_are_stopped_too(home: SeveralEngines) -> None:
    run(home, home.record(1), schedule="pipelined")
    assert set(home.running()) == {"fake", "fake-aligner", "fake-speakers"}
    home.at_once = []
    run(home, home.record(1), schedule="staged", overwrite=True)
    assert home.at_once == [{"fake"}, {"fake-aligner"}, {"fake-speakers"}]


@pytest.mark.parametrize(
    ("ram_mb", "schedule"), [(HUGE_MB, "staged"), (1, "pipelined")], ids=["too large", "small"]
)
def test_auto_goes_by_what_engines_need_and_says_why(ram_mb: int, schedule: str) -> None:
    home = SeveralEngines(ram_mb)
    try:
        recordings = home.record(1)
        options = home.options(diarize=DiarizeOptions())
        planned = make_report(recordings, options, home.environment()).schedule
        report = run(home, recordings)
    finally:
        home.close()
    assert planned is not None
    assert planned.schedule == report.schedule.schedule == schedule
    assert planned.phases == report.schedule.phases
    told = "do not fit into" if schedule == "staged" else "the engines take 3 MB of"
    assert told in report.schedule.reason
    assert told in planned.reason


@pytest.fixture(scope="module")
def shared() -> Iterator[SeveralEngines]:
    made = SeveralEngines()
    yield made
    made.close()


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@pytest.mark.slow  # two runs for each example
@given(
    seeds=st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True),
    fails=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "order": st.sampled_from(["longest", "shortest", "given"]),
            "jobs": st.integers(1, 4),
            "channels": st.sampled_from(["mix", "split"]),
            "strict": st.booleans(),
        }
    ),
)
def test_results_are_those_of_a_pipelined_run(
    shared: SeveralEngines, seeds: list[int], fails: bool, options: dict[str, Any]
) -> None:
    shutil.rmtree(shared.inputs, ignore_errors=True)
    recordings = [
        request_for(write_recording(shared.inputs / f"{seed}.wav", seed=seed, channels=2))
        for seed in seeds
    ]
    models = {**MODELS, "diarize": "other-speakers-raises"} if fails else MODELS
    found, told = [], list[Event]()
    for schedule in ("pipelined", "staged"):
        shutil.rmtree(shared.outputs, ignore_errors=True)
        report = run(
            shared,
            recordings,
            schedule=schedule,
            **options,
            stage_models=models,
            overwrite=True,
        )
        assert report.schedule.schedule == schedule
        found.append((report.counts, report.exit_code, shared.transcripts()))
        told += [event for event in shared.events if getattr(event, "status", "") == "failed"]
    assert found[0][:2] == found[1][:2], told
    assert found[0] == found[1]
    assert sum(found[0][0].values()) == len(seeds)


def test_a_stage_that_failed_in_its_turn_is_not_tried_again_in_later_ones(
    home: SeveralEngines,
) -> None:
    models = {**MODELS, "align": "other-aligner-raises"}  # which comes before the speakers
    report = run(home, home.record(2), schedule="staged", stage_models=models)
    assert report.counts == {"partial": 2}
    failed = [event for event in home.of(StageFinished) if event.status == "failed"]
    assert [event.stage for event in failed] == ["align"] * 2
    for transcript in home.transcripts().values():
        statuses = {stage["stage"]: stage["status"] for stage in transcript["stages"]}
        assert statuses["align"] == "failed"
        assert statuses["diarize"] == "done"


def test_a_run_that_was_killed_goes_on_where_it_was(home: SeveralEngines) -> None:
    home.knobs["RUN_S"] = "0.1"
    recordings = home.record(NUM_RECORDINGS)
    process = pipeline_process.start(home, **STAGED)
    read_until(process, "stage_finished", 1, stage="align", status="done")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=180)

    report = asyncio.run(home.run(recordings, schedule="staged"))

    assert report.counts == {"done": NUM_RECORDINGS}
    assert "transcribe" not in worked(home.events)
    assert worked(home.events).count("align") < NUM_RECORDINGS


def test_an_interrupted_run_says_that_what_waits_was_cancelled(home: SeveralEngines) -> None:
    home.knobs["RUN_S"] = "0.2"
    home.record(NUM_RECORDINGS)
    process = pipeline_process.start(home, **STAGED, jobs=1)
    read_until(process, "job_waiting", NUM_RECORDINGS)
    process.send_signal(signal.SIGINT)
    report = read_to_end(process)[-1]
    assert report["exit_code"] == 130
    assert report["counts"] == {"cancelled": NUM_RECORDINGS}
    assert {job.status for job in home.last_run().jobs} == {"cancelled"}


def test_a_recording_that_is_replaced_between_turns_is_done_anew(home: SeveralEngines) -> None:
    [first, second] = home.record(2)
    left = [first.name]

    def replace(event: Event) -> None:
        if isinstance(event, JobWaiting) and event.recording in left:
            left.remove(event.recording)
            write_recording(home.inputs / first.name, seconds=3.0, seed=77)

    home.on_event = replace
    report = run(home, [first, second], schedule="staged")
    assert not left
    assert report.counts == {"done": 2}
    durations = {
        name: transcript["recording"]["duration_s"]
        for name, transcript in home.transcripts().items()
    }
    assert durations[Path(first.name).with_suffix(".json").name] == pytest.approx(3.0)


def test_standard_input_is_read_once_for_all_turns(
    home: SeveralEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_recording(home.folder / "piped.wav").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    piped = RecordingRequest(source=StandardInput(), name="-", relative=Path("stdin"))
    report = run(home, [piped], schedule="staged")
    assert report.counts == {"done": 1}
    [transcript] = home.transcripts().values()
    assert {stage["status"] for stage in transcript["stages"]} == {"done"}
    assert json.dumps(transcript).count("speaker")
    assert len(home.of(JobStarted)) == len(STAGES)
    assert not home.of(WarningRaised)
