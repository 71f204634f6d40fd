"""Runs on a real cluster of Dask: a scheduler and workers, each a process of its own."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.kills import slow_fake
from tests.cli.terminal import Shell
from tests.support.dask_cluster import DaskCluster, cluster_of, line_with, shell_at
from tests.support.pipeline_home import write_recording
from tests.support.waiting import eventually

from dalston_cli.errors import ExitCode

pytestmark = pytest.mark.slow  # a cluster of several processes for most of them


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    yield from shell_at(tmp_path, tmp_path_factory.mktemp("r"))


@pytest.fixture
def cluster(shell: Shell, tmp_path: Path) -> Iterator[DaskCluster]:
    yield from cluster_of(shell, tmp_path)


@pytest.fixture
def web_folder(shell: Shell) -> Iterator[str]:
    """Serve the working folder over HTTP; gives its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=shell.work)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


SECRET = "sk-not-to-be-seen"
OF_TIMING = {"model_loading", "stage_progress", "warning"}
"""Events that depend on which engine runs already, and on how fast it is."""

WORDS = ("--model", "speech", "-f", "txt,json", "--json")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def record(shell: Shell, count: int, *, seconds: float = 1.0) -> list[str]:
    for number in range(count):
        write_recording(shell.work / "in" / f"n{number}.wav", seconds=seconds, seed=number)
    return [f"n{number}" for number in range(count)]


def events_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines() if line.startswith('{"event"')]


def report_of(out: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(out.splitlines()[-1])["data"]
    return report


def texts(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


async def test_transcripts_records_and_keys_are_those_of_a_local_run(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    names = record(shell, 6)
    await cluster.start(2)
    shell.environ |= {"OPENAI_API_KEY": SECRET, "HF_TOKEN": SECRET}
    there = shell.run("transcribe", "in", "-o", "there", *WORDS, *dask(cluster))
    state = {"DALSTON_STATE_DIR": str(tmp_path / "local state")}
    here = shell.run("transcribe", "in", "-o", "here", *WORDS, environ=state)

    assert (there.code, here.code) == (0, 0), there.out + there.err
    assert set(texts(shell.work / "there")) == set(names)
    for name, document in texts(shell.work / "here").items():
        other = texts(shell.work / "there")[name]
        assert timeless(other) == timeless(document)
    assert stored(tmp_path / "state") == stored(tmp_path / "local state")
    assert kinds(there.out) == kinds(here.out)
    shown = json.loads(shell.run("runs", "show", "--json").out)["data"]
    assert sorted(job["recording"] for job in shown["jobs"]) == [f"in/{name}.wav" for name in names]
    assert all(len(job["attempts"]) == 1 for job in shown["jobs"])
    assert SECRET not in cluster.log() + there.out + there.err

    again = shell.run("transcribe", "in", "-o", "there", *WORDS, *dask(cluster))
    assert report_of(again.out)["counts"] == {"unchanged": 6}


async def test_a_worker_gets_a_fetched_recording_without_its_address(
    shell: Shell, cluster: DaskCluster, web_folder: str
) -> None:
    record(shell, 1)
    await cluster.start(1)
    shell.environ["DALSTON_OFFLINE"] = "no"
    url = f"{web_folder}/in/n0.wav?token={SECRET}"
    done = shell.run("transcribe", url, "-o", "there", *WORDS, *dask(cluster))

    assert done.code == 0, done.out + done.err
    assert set(texts(shell.work / "there")) == {"n0"}
    assert SECRET not in cluster.log() + done.out + done.err
    again = shell.run("transcribe", url, "-o", "there", *WORDS, *dask(cluster))
    assert report_of(again.out)["counts"] == {"unchanged": 1}


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what tells how long the work took."""
    stages = [{**stage, "elapsed_s": 0} for stage in document["stages"]]
    return {**document, "stages": stages, "digest": ""}


def stored(state: Path) -> set[str]:
    return {path.name for path in (state / "store").rglob("*.json")}


def kinds(out: str) -> list[tuple[str, str, str]]:
    """Return the events of recordings, without their order."""
    return sorted(
        (event["event"], event["recording"], event.get("stage", ""))
        for event in events_of(out)
        if "recording" in event
        and event["event"] not in {"warning", "model_loading", "stage_progress"}
    )


async def test_a_worker_that_dies_costs_nothing_but_time(
    shell: Shell, cluster: DaskCluster, tmp_path: Path, stack: ExitStack
) -> None:
    record(shell, 4)
    slow_fake(shell, tmp_path, run_s=1.0)
    cluster.environ.update(shell.environ)
    await cluster.start(2)
    run = shell.start("transcribe", "in", "-o", "out", *WORDS, *dask(cluster))
    assert run.stdout is not None
    stack.callback(run.stdout.close)
    lines = [line_with(run.stdout, '"stage":"transcribe"')]
    killed = cluster.workers.pop(0)
    killed.kill()
    killed.wait()
    lines += run.stdout.readlines()

    assert run.wait(60) == ExitCode.OK
    events = events_of("".join(lines))
    assert report_of("".join(lines))["counts"] == {"done": 4}
    lost = [event for event in events if event.get("code") == "worker_lost"]
    assert lost
    assert "is gone" in lost[0]["message"]
    assert len(texts(shell.work / "out")) == 4


async def test_without_a_scheduler_the_run_ends_and_a_plain_rerun_goes_on(
    shell: Shell, cluster: DaskCluster, tmp_path: Path, stack: ExitStack
) -> None:
    record(shell, 6)
    log = slow_fake(shell, tmp_path, run_s=0.5)
    cluster.environ.update(shell.environ)
    await cluster.start(2)
    run = shell.start("transcribe", "in", "-o", "out", *WORDS, *dask(cluster))
    assert run.stdout is not None
    stack.callback(run.stdout.close)
    line_with(run.stdout, '"event":"job_finished"')
    cluster.kill_scheduler()
    ended = report_of("".join(run.stdout.readlines()))

    assert run.wait(60) == ExitCode.UNAVAILABLE
    assert {error["code"] for error in ended["errors"]} == {"scheduler_lost"}
    assert cluster.address in ended["errors"][0]["message"]
    cluster.wait_for_workers_to_end()
    await cluster.start(2)
    again = shell.run("transcribe", "in", "-o", "out", *WORDS, *dask(cluster))
    assert again.code == ExitCode.OK, again.out + again.err
    assert len(texts(shell.work / "out")) == 6
    ran = log.read_text(encoding="utf-8").count("run ")
    assert 6 <= ran <= 6 + 2, "only what was in work is done again"


async def test_ctrl_c_gives_the_work_up_and_leaves_the_cluster_alone(
    shell: Shell, cluster: DaskCluster, tmp_path: Path, stack: ExitStack
) -> None:
    record(shell, 2)
    log = slow_fake(shell, tmp_path, run_s=60.0)
    cluster.environ.update(shell.environ)
    await cluster.start(2)
    run = shell.start("transcribe", "in", "-o", "out", *WORDS, *dask(cluster))
    assert run.stdout is not None
    stack.callback(run.stdout.close)
    line_with(run.stdout, '"stage":"transcribe"')
    await eventually(lambda: "run " in log.read_text(encoding="utf-8"))
    run.send_signal(signal.SIGINT)
    ended = report_of("".join(run.stdout.readlines()))

    assert run.wait(60) == ExitCode.INTERRUPTED
    assert ended["counts"] == {"cancelled": 2}
    assert [worker.poll() for worker in cluster.workers] == [None, None]
    # The engines are free at once: nothing works for nobody.
    shell.environ["DALSTON_FAKE_RUN_S"] = cluster.environ["DALSTON_FAKE_RUN_S"] = "60.0"
    await eventually(lambda: idle(shell), timeout_s=60)


def idle(shell: Shell) -> bool:
    """Return True if no engine of this machine's first worker is at work."""
    shown = json.loads(shell.run("engines", "status", "--json").out)["data"]
    return bool(shown) and all(each["running"] == 0 for each in shown)


def dask(cluster: DaskCluster) -> tuple[str, ...]:
    return "--runner", "dask", "--scheduler", cluster.address


async def test_a_model_on_a_gpu_is_given_to_workers_that_offer_one(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    """The command's machine has no GPU; the workers' have one, as far as their driver says."""
    slow_fake(shell, tmp_path, run_s=0.01)
    manifest = tmp_path / "engines" / "fake" / "engine.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("secrets: [", "devices: [cpu, cuda]\nsecrets: [DALSTON_FAKE_ANY_DEVICE, ")
    manifest.write_text(text, encoding="utf-8")
    shell.environ["DALSTON_FAKE_ANY_DEVICE"] = "1"
    driver = tmp_path / "driver" / "nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho '0, GPU-aaa, NVIDIA Large, 24000'\n")
    driver.chmod(0o755)
    with_gpu = {"PATH": f"{driver.parent}:{shell.environ['PATH']}"}
    cluster.environ.update(shell.environ)
    await cluster.start(0)
    record(shell, 3)
    words = ("transcribe", "in", "-o", "out", *WORDS, "--device", "cuda", *dask(cluster))
    cluster.add_worker(environ=with_gpu)
    refused = shell.run(*words)
    assert refused.code == ExitCode.UNAVAILABLE
    assert "no worker of the scheduler" in refused.out
    assert "--resources GPU=1" in refused.out

    offers = cluster.add_worker("--resources", "GPU=1", environ=with_gpu)
    done = shell.run(*words)
    assert done.code == ExitCode.OK, done.out + done.err
    shown = json.loads(shell.run("runs", "show", "--json").out)["data"]
    attempts = [attempt for job in shown["jobs"] for attempt in job["attempts"]]
    assert {attempt["device"] for attempt in attempts} == {"cuda:0"}
    assert len(attempts) == 3
    assert offers.poll() is None
