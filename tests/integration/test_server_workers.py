"""``dalston serve`` and ``dalston worker`` on one queue: deaths, stops, stores, what is left."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.pipeline_home import write_recording
from tests.support.redis_server import RedisServer, needs_redis, redis_server
from tests.support.remote_stores import BUCKET, WebFiles, s3_store, s3_variables, web_server
from tests.support.served import ServerHome, served, worker

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import forget_all, store_of

pytestmark = needs_redis

BOTH = {"diarize": True}
SPEECH = {"model": "speech"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as started:
        yield started


@contextmanager
def made_home(**knobs: str) -> Iterator[ServerHome]:
    home = ServerHome(knobs)
    try:
        yield home
    finally:
        home.close()


def hand_in(client: httpx2.Client, path: Path, **options: Any) -> str:
    data = {"options": json.dumps({"model": "speech", **options})}
    answer = client.post("/v1/jobs", files={"file": (path.name, path.read_bytes())}, data=data)
    assert answer.status_code == 202, answer.text
    number: str = answer.json()["id"]
    return number


def job_that(client: httpx2.Client, number: str, **wanted: Any) -> dict[str, Any]:
    """Wait until a job has some state, or a stage with some state."""
    deadline = time.monotonic() + 150
    while True:
        answer = client.get(f"/v1/jobs/{number}")
        if answer.status_code == 200:
            job: dict[str, Any] = answer.json()
            states = {name: stage["state"] for name, stage in job["stages"].items()}
            if wanted.items() <= {"state": job["state"], **states}.items():
                return job
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def events_of(client: httpx2.Client, number: str) -> list[tuple[str, dict[str, Any]]]:
    lines = client.get(f"/v1/jobs/{number}/events").text.splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event:")]
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data:")]
    return [*zip(kinds, data, strict=True)]


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_server(WebFiles()) as files:
        yield files


def test_a_worker_does_what_a_server_is_given(
    server: RedisServer, web: WebFiles, tmp_path: Path
) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=4)
    web.files["/talk.wav"] = talk.read_bytes()
    web.authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    queue = ("--queue", server.url, "--url-host", web.url.removeprefix("https://"))
    with made_home(RUN_S="0.5") as home, served(home, *queue) as gateway:
        home.environ["SSL_CERT_FILE"] = str(tmp_path / "authority.pem")  # for workers alone
        with gateway.client() as client:
            number = hand_in(client, talk, **BOTH)
            assert client.get(f"/v1/jobs/{number}").json()["state"] == "queued"
            with worker(home, *queue, "--jobs", "1") as first:
                with first.client() as state:
                    assert state.get("/health").json() == {"status": "ok"}
                    assert "dalston_recordings_in_work" in state.get("/metrics").text
                    assert state.get("/v1/jobs").status_code == 404
                job_that(client, number, transcribe="running")
                assert first.stop() == 0  # as Ctrl-C does: the job waits again
            assert client.get(f"/v1/jobs/{number}").json()["state"] == "queued"
            with worker(home, *queue, "--jobs", "1") as second:
                told = events_of(client, number)
                assert told[-1][1]["state"] == "done"
                assert told[-1][1]["started_at"] is not None
                finished = {data["stage"] for kind, data in told if kind == "stage_finished"}
                assert {"transcribe", "diarize"} <= finished
                text = client.get(f"/v1/jobs/{number}/transcript", params={"format": "txt"})
                assert len(text.text.split()) >= 8
                jobs = home.server_folder / "jobs"
                until(lambda: [each.name for each in (jobs / number).iterdir()] == ["out"])

                for path, end in (("talk", "done"), ("nothing", "failed")):
                    body = {"url": f"{web.url}/{path}.wav?sig=secret", "options": SPEECH}
                    fetched = client.post("/v1/jobs", json=body).json()["id"]
                    assert "secret" not in str(job_that(client, fetched, state=end))
                    assert ("stage_started", {"stage": "fetch"}) in events_of(client, fetched)
                until(lambda: not list(jobs.glob("*/upload")))
                assert web.gets() == ["/talk.wav?sig=secret", "/nothing.wav?sig=secret"]

                removed = hand_in(client, write_recording(tmp_path / "long.wav", seconds=60))
                job_that(client, removed, transcribe="running")
                assert client.delete(f"/v1/jobs/{removed}").status_code == 204
                with second.client() as state:
                    until(lambda: "in_work 0.0" in state.get("/metrics").text)
                assert client.get(f"/v1/jobs/{removed}").status_code == 404
                server.kill()
                assert client.get("/health").status_code == 503
                assert client.get("/v1/jobs").status_code == 503
                server.start()
                until(lambda: client.get("/health").status_code == 200)
                assert second.stop() == 0
            assert not (jobs / removed).exists()
        assert gateway.stop() == 0


@pytest.mark.slow  # two homes, and so two engines; test_job_files has the files alone
def test_machines_share_a_store(server: RedisServer, tmp_path: Path) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=2)
    with s3_store() as store, made_home() as home, made_home() as elsewhere, ExitStack() as stack:
        variables = s3_variables(store, tmp_path)
        for each in (home, elsewhere):
            each.environ |= {**variables, "DALSTON_QUEUE": server.url}
        context = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in variables.items():
            context.setenv(name, value)
        stack.callback(forget_all)
        store_of(Address(f"s3://{BUCKET}")).system.mkdir(BUCKET)
        place = ("--store", f"s3://{BUCKET}/served")
        gateway = stack.enter_context(served(home, *place))
        refused = elsewhere.run("worker", "--port", "0")
        assert refused.returncode == 4
        assert "the files of this queue's jobs are in s3://" in refused.stderr
        stack.enter_context(worker(elsewhere, *place))
        client = stack.enter_context(gateway.client())
        number = hand_in(client, talk, **BOTH)
        assert job_that(client, number, state="done")["duration_s"] == 2.0
        transcript = client.get(f"/v1/jobs/{number}/transcript").json()
        assert [each["speaker"] for each in transcript["segments"]] == ["SPEAKER_00", "SPEAKER_01"]
        until(lambda: stored() == [f"jobs/{number}/transcript.json"])
        assert [*(home.server_folder / "jobs").iterdir()] == []
        assert client.delete(f"/v1/jobs/{number}").status_code == 204
        assert stored() == []


def stored() -> list[str]:
    folder = Address(f"s3://{BUCKET}/served")
    entries = store_of(folder).entries(folder, recursive=True)
    paths = [one.path for one in entries if not one.is_folder]
    return [path for path in paths if not path.startswith("jobs/marks/")]


@pytest.mark.slow  # the lease of a worker that was killed lasts half a minute
def test_killed_workers_and_a_killed_redis_lose_nothing(
    server: RedisServer, tmp_path: Path
) -> None:
    log, queue = tmp_path / "runs", ("--queue", server.url, "--jobs", "1")
    talks = [write_recording(tmp_path / f"{n}.wav", seconds=4, seed=n) for n in range(4)]
    with (
        made_home(RUN_S="0.5", LOAD_LOG=str(log)) as home,
        served(home, "--queue", server.url) as gateway,
        gateway.client() as client,
        worker(home, *queue) as first,
        worker(home, *queue) as second,
    ):
        numbers = [hand_in(client, talk, **BOTH) for talk in talks]
        job_that(client, numbers[0], transcribe="done", diarize="running")
        first.process.kill()
        second.process.kill()
        for each in (first, second):
            each.process.wait()
        with worker(home, *queue) as third, worker(home, *queue) as fourth:
            numbers.append(hand_in(client, write_recording(tmp_path / "l.wav", seconds=20), **BOTH))
            job_that(client, numbers[-1], transcribe="running")
            server.kill()
            time.sleep(1)  # workers go on without it
            server.start()
            for number in numbers:
                assert job_that(client, number, state="done")["error"] is None
            assert third.stop() == fourth.stop() == 0
        runs = Counter(log.read_text().splitlines())
        transcribed, told = runs["run speech"], runs["run speakers"]
        assert len(numbers) <= transcribed <= len(numbers) + 1  # the other one's was finished
        assert len(numbers) <= told <= len(numbers) + 2  # those that two workers were killed in
        for number in numbers:
            assert client.get(f"/v1/jobs/{number}/transcript").status_code == 200
        assert gateway.stop() == 0


def test_what_a_worker_lacks_is_said(server: RedisServer) -> None:
    with made_home() as home:
        without = home.run("worker")
        assert (without.returncode, "a worker needs the queue" in without.stderr) == (2, True)
        secret = home.run("worker", "--queue", "redis://:open-sesame@127.0.0.1:1/0")
        assert secret.returncode == 2
        assert "DALSTON_QUEUE" in secret.stderr
        assert "open-sesame" not in secret.stderr
        silent = home.run("serve", "--port", "0", "--queue", "redis://127.0.0.1:1/0")
        assert silent.returncode == 5
        assert "redis-cli -u redis://127.0.0.1:1/0 ping" in silent.stderr
        alone = home.run("serve", "--port", "0", "--store", "s3://talks")
        assert (alone.returncode, "without --queue" in alone.stderr) == (2, True)
