"""Several machines, one store: each stage is done once, and a dead machine's by another one."""

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.test_pipeline_interruptions import read_to_end, read_until
from tests.support import pipeline_process
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.remote_stores import BUCKET
from tests.support.sftp_server import sftp_server, trust_server

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import store_of

NUM_RECORDINGS = 8
NUM_STAGES = 2
"""With an engine, for each recording."""


@pytest.fixture
def machines() -> Iterator[list[PipelineHome]]:
    """Three machines with the same recordings; nothing else is one's that another one has."""
    with ExitStack() as stack:
        made = []
        for _ in range(3):
            home = PipelineHome()
            stack.callback(home.close)
            home.knobs["RUN_S"] = "0.6"  # so long that slow ones begin before it is over
            for number in range(NUM_RECORDINGS):
                write_recording(home.inputs / f"note {number:02}.wav", seed=number)
            made.append(home)
        yield made


def run_all(machines: list[PipelineHome], store: str, align: str = "auto") -> list[list[str]]:
    """Run on all machines at once; return the codes of the warnings of each."""
    started = [pipeline_process.start(home, store=store, align=align) for home in machines]
    with ThreadPoolExecutor(len(started)) as pool:
        told = [*pool.map(read_to_end, started)]
    assert [process.returncode for process in started] == [0] * len(started), [
        each[-3:] for each in told
    ]
    return [[one["code"] for one in each if one["event"] == "warning_raised"] for each in told]


def left(bucket: str) -> list[str]:
    """Return what is in the store and no result."""
    found = store_of(Address(bucket)).system.find(f"{BUCKET}/results")
    return [name for name in found if not name.endswith(".json")]


def outputs(home: PipelineHome) -> Counter[str]:
    return Counter(path.read_text("utf-8") for path in home.outputs.glob("*.txt"))


def test_machines_at_once_do_each_stage_once(machines: list[PipelineHome], bucket: str) -> None:
    warnings = run_all(machines, f"{bucket}/results", align="always")
    done = [home.num_engine_runs for home in machines]
    assert sum(done) == NUM_STAGES * NUM_RECORDINGS
    assert sorted(done)[1] > 0, "at least two machines had a part of the work"
    assert [outputs(home) for home in machines] == [outputs(machines[0])] * 3
    assert outputs(machines[0]).total() == NUM_RECORDINGS
    assert {code for each in warnings for code in each} <= {"work_shared"}
    assert left(bucket) == []


def test_the_work_of_a_killed_machine_is_done_by_another_one(
    machines: list[PipelineHome], bucket: str
) -> None:
    victim, other, _ = machines
    store = f"{bucket}/results"
    victim.knobs["RUN_S"] = "5.0"
    killed = pipeline_process.start(victim, store=store)
    finished = read_until(killed, "stage_finished", 1, stage="transcribe")
    running = pipeline_process.start(other, store=store)
    read_until(running, "stage_started", 1, stage="transcribe")
    killed.send_signal(signal.SIGKILL)
    assert len(finished) < NUM_RECORDINGS
    finished |= {
        one["recording"]
        for one in read_to_end(killed)
        if one["event"] == "stage_finished" and one["stage"] == "transcribe"
    }
    claims = [name for name in left(bucket) if "/claims/" in name]
    assert claims, "it was in the middle of something"

    events = read_to_end(running)

    assert running.returncode == 0, events
    assert other.num_engine_runs <= NUM_RECORDINGS - len(finished)
    assert other.num_engine_runs + victim.num_engine_runs >= NUM_RECORDINGS
    assert outputs(other).total() == NUM_RECORDINGS
    ours = [name for name in left(bucket) if "/holders/" in name]
    assert len(ours) <= 1, "the dead one's"
    assert [name for name in left(bucket) if "/claims/" in name] == [], "taken over, and let go of"


def test_machines_at_once_by_sftp(
    machines: list[PipelineHome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = machines[0].base
    monkeypatch.setenv("HOME", str(keys))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with sftp_server(tmp_path, keys) as url:
        store = trust_server(url, keys)
        run_all(machines, f"{store}/results")
    assert sum(home.num_engine_runs for home in machines) == NUM_RECORDINGS
    assert sorted(path.name for path in (tmp_path / "results").glob("??/*.json")) != []
    assert [*(tmp_path / "results" / "claims").iterdir()] == []
    assert [*(tmp_path / "results" / "holders").iterdir()] == []
