"""Killed in mid-batch, CLI or engine: the same command again finishes, and redoes nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from tests.support import pipeline_process
from tests.support.pipeline_home import PipelineHome, request_for, write_recording

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.events import Event, JobFinished, JobStarted, RunStarted
from dalston_cli.pipeline.records.history import list_runs, show_run
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.request import OutputTarget
from dalston_cli.pipeline.session import RunCallbacks, transcribe

NUM_RECORDINGS = 8


@pytest.fixture
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    made.knobs["RUN_S"] = "0.1"
    yield made
    made.close()


def read_until(process: subprocess.Popen[str], event: str, count: int, **wanted: str) -> set[str]:
    """Read events until ``count`` recordings had one that is as wanted; their names."""
    names: set[str] = set()
    assert process.stdout is not None
    for line in process.stdout:
        told = json.loads(line)
        if told["event"] == event and wanted.items() <= told.items():
            names.add(told["recording"])
        if len(names) >= count:
            return names
    raise AssertionError(process.communicate())


def read_to_end(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The rest of the events; ``communicate`` would lose what is read but not yet taken."""
    assert process.stdout is not None
    told = [json.loads(line) for line in process.stdout]
    process.communicate(timeout=180)
    return told


def wait_for_children(process: subprocess.Popen[str]) -> None:
    """Until the decoding processes have noticed that their parent is gone."""
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=180)
    workers = [child for child in children if child.is_running() and "worker" in _line(child)]
    psutil.wait_procs(workers, timeout=180)


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


async def test_a_killed_run_is_taken_up_where_it_was(home: PipelineHome) -> None:
    recordings = home.record(NUM_RECORDINGS)
    process = pipeline_process.start(home)
    before = read_until(process, "stage_finished", 3, stage="transcribe")
    wait_for_children(process)

    report = await home.run(recordings)

    assert report.exit_code == 0
    assert not before & set(home.ran())
    # One more than the recordings: the request that ran when the command was killed.
    assert NUM_RECORDINGS <= home.num_engine_runs <= NUM_RECORDINGS + 1
    written = sorted(path.name for path in home.outputs.iterdir())
    assert len(written) == 2 * NUM_RECORDINGS, "nothing unfinished is left"
    for path in home.outputs.glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["text"]
    assert not list((home.locations.cache / "decoded").iterdir()), "nor of the killed run"
    with Journal(home.locations.state / JOURNAL_NAME) as journal:
        assert [run.state for run in list_runs(journal)] == ["finished", "died"]


async def test_a_killed_engine_is_replaced_and_nothing_is_redone(home: PipelineHome) -> None:
    home.record(NUM_RECORDINGS)
    process = pipeline_process.start(home)
    read_until(process, "stage_finished", 3, stage="transcribe")
    [engine] = home.processes()

    engine.kill()
    told = read_to_end(process)

    assert told[-1]["counts"] == {"done": NUM_RECORDINGS}, told[-1].get("errors")
    assert process.returncode == 0
    assert NUM_RECORDINGS <= home.num_engine_runs <= NUM_RECORDINGS + 1
    assert [event["reused"] for event in told if event["event"] == "engine_ready"] == [False]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_politely_and_the_journal_says_so(
    home: PipelineHome, number: signal.Signals
) -> None:
    home.record(NUM_RECORDINGS)
    process = pipeline_process.start(home)
    read_until(process, "stage_finished", 2, stage="transcribe")
    children = psutil.Process(process.pid).children()

    process.send_signal(number)
    output, complaints = process.communicate(timeout=180)

    assert process.returncode == 130, complaints
    assert "Traceback" not in complaints
    report = json.loads(output.splitlines()[-1])
    assert report["event"] == "run_finished"
    assert report["counts"]["cancelled"] >= 1
    assert sum(report["counts"].values()) == NUM_RECORDINGS
    with Journal(home.locations.state / JOURNAL_NAME) as journal:
        record = show_run(journal)
    assert record.summary.exit_code == 130
    assert "cancelled" in {job.status for job in record.jobs}
    workers = [child for child in children if child.is_running() and "worker" in _line(child)]
    assert not workers


def test_a_run_that_is_to_outlive_its_terminal_goes_on(home: PipelineHome) -> None:
    home.record(4)
    process = pipeline_process.start(home, ["nohup"])
    read_until(process, "stage_finished", 1, stage="transcribe")

    process.send_signal(signal.SIGHUP)
    told = read_to_end(process)

    assert (process.returncode, told[-1]["counts"]) == (0, {"done": 4})


def test_a_terminal_that_is_closed_ends_the_run_with_all_that_it_started(
    home: PipelineHome,
) -> None:
    home.record(NUM_RECORDINGS)
    master, terminal = os.openpty()
    program = "import os, sys, fcntl, termios; os.setsid(); fcntl.ioctl(2, termios.TIOCSCTTY, 0);"
    becomes = [sys.executable, "-c", program + "os.execv(sys.argv[1], sys.argv[1:])"]
    process = pipeline_process.start(home, becomes, stderr=terminal)
    os.close(terminal)
    read_until(process, "stage_finished", 2, stage="transcribe")
    children = psutil.Process(process.pid).children()

    os.close(master)
    told = read_to_end(process)

    assert (process.returncode, told[-1]["exit_code"]) == (130, 130)
    assert not [child for child in children if child.is_running() and "worker" in _line(child)]
    assert not list((home.locations.cache / "decoded").iterdir())


def test_a_second_ctrl_c_ends_at_once(home: PipelineHome) -> None:
    home.knobs["HANG"] = "1"
    home.record(2)
    process = pipeline_process.start(home)
    read_until(process, "stage_started", 1, stage="transcribe")

    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=180)

    assert process.returncode in {1, 130, -signal.SIGINT}


async def test_a_file_that_kills_its_engine_costs_the_others_nothing(home: PipelineHome) -> None:
    home.knobs["CRASH_ON_RUN"] = "3"
    recordings = home.record(5)

    report = await home.run(recordings)

    assert report.counts == {"done": 5}
    assert home.num_engine_runs == 6


async def test_two_runs_at_once_over_the_same_recordings(home: PipelineHome) -> None:
    home.record(6)
    processes = [
        pipeline_process.start(home, formats=["txt", "json"]),
        pipeline_process.start(home, formats=["srt"]),
    ]

    ends = [process.communicate(timeout=90) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], ends
    for path in home.outputs.glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["text"]
    assert len(list(home.outputs.iterdir())) == 18
    assert len(home.processes()) == 1, "one engine for both"
    assert home.num_engine_runs == 6, "no stage is done twice"
    told = [json.loads(line) for output, _ in ends for line in output.splitlines()]
    assert "work_shared" in {event.get("code") for event in told}
    with Journal(home.locations.state / JOURNAL_NAME) as journal:
        assert journal.connection.execute("SELECT count(*) FROM claims").fetchone()[0] == 0
    assert not list((home.locations.state / "claims").iterdir())


async def test_a_run_with_another_model_does_its_own_work(home: PipelineHome) -> None:
    recordings = home.record(3)
    models = ("speech", "speech-other")
    processes = [pipeline_process.start(home, model=model) for model in models]

    ends = [process.communicate(timeout=90) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], ends
    assert home.num_engine_runs == 6
    for model in models:  # whichever wrote last, its files are known as ours
        assert (await home.run(recordings, model=model)).exit_code == 0
    assert home.num_engine_runs == 6


async def test_others_take_over_at_once_what_a_killed_run_had(home: PipelineHome) -> None:
    home.knobs["RUN_S"] = "3"
    home.record(3, seconds=1.0)
    first = pipeline_process.start(home)
    read_until(first, "stage_started", 3, stage="transcribe")
    others = [pipeline_process.start(home, formats=[name]) for name in ("srt", "vtt")]
    for other in others:
        read_until(other, "job_started", 3)

    wait_for_children(first)
    killed_at = time.monotonic()
    told = [read_to_end(other) for other in others]

    assert [events[-1]["counts"] for events in told] == [{"done": 3}] * 2
    assert time.monotonic() - killed_at < 90
    # One more than the recordings: the request that ran when the run was killed.
    assert 3 <= home.num_engine_runs <= 4
    for name in ("srt", "vtt"):
        assert len(list(home.outputs.glob(f"*.{name}"))) == 3


async def test_copies_of_a_recording_are_worked_on_once(home: PipelineHome) -> None:
    home.knobs["SLOTS"] = "4"
    copies = [
        request_for(write_recording(home.inputs / f"{name}.wav", seed=1)) for name in ("a", "b")
    ]
    report = await home.run(copies)

    assert report.counts == {"done": 2}
    assert home.num_engine_runs == 1


@pytest.mark.parametrize("kind", [RunStarted, JobStarted, JobFinished])
async def test_a_reader_that_goes_away_ends_the_run(kind: type[Event], home: PipelineHome) -> None:
    recordings = home.record(6)

    def emit(event: Event) -> None:
        if isinstance(event, kind):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await transcribe(
            recordings, home.options(), home.environment(), RunCallbacks(on_event=emit)
        )

    record = home.last_run()
    assert (record.summary.state, record.summary.exit_code) == ("finished", ExitCode.CLOSED_PIPE)
    assert "failed" not in record.summary.counts


async def test_text_that_nobody_reads_is_no_failure(home: PipelineHome) -> None:
    def refuse(text: str) -> None:
        raise BrokenPipeError(text)

    options = home.options(output=OutputTarget(folder=None), formats=("txt",))
    callbacks = RunCallbacks(on_event=home.events.append, print_text=refuse)
    with pytest.raises(BrokenPipeError):
        await transcribe(home.record(1), options, home.environment(), callbacks)

    assert home.statuses() == {}
