"""The profile ``server``: from an upload to its transcript, a worker killed, two of them."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.docker.stack import REPOSITORY, Stack, made_stack
from tests.support import compose
from tests.support.speech import needs_flite, say

pytestmark = [pytest.mark.docker, pytest.mark.slow, needs_flite]

SENTENCE = "the old man went to the store in the morning"
ENDED = {"done", "partial", "failed", "cancelled"}
_SERVICES = ("redis", "gateway", "worker")
_FOLDERS = ("src", "catalog", "engines")
_FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def stack(docker_daemon: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The image of the server, built from a copy of what goes into it; nothing runs."""
    if problem := compose.problem():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(problem)
    folder, models = (tmp_path_factory.mktemp(name) for name in ("stack", "models"))
    models.chmod(0o755)
    with made_stack(
        folder,
        docker_daemon,
        DALSTON_MODELS_DIR=models,
        DALSTON_GATEWAY_PORT="0",
        DALSTON_WORKER_JOBS="1",
        COMPOSE_PROFILES="server",
    ) as made:
        for name in _FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored, dirs_exist_ok=True)
        for name in _FILES:
            shutil.copy(REPOSITORY / name, folder / name)
        base = f"BASE_IMAGE={os.environ['DALSTON_BASE_IMAGE']}"
        made.run("build", "--build-arg", base, "gateway")
        # ``run`` builds what it runs, and on the usual base, which is not here.
        built = "".join(f"  {name}: {{pull_policy: never}}\n" for name in _SERVICES)
        (folder / "compose.override.yaml").write_text(f"services:\n{built}", encoding="utf-8")
        yield made


@pytest.fixture(scope="module")
def program(stack: Stack) -> Iterator[httpx2.Client]:
    """A program with a token of the running server."""
    without = stack.compose("run", "--rm", "--no-deps", "gateway")
    assert "there is no token" in without.stdout + without.stderr
    said = stack.run(
        "run", "--rm", "--no-deps", "-T", "gateway", "tokens", "add", "program", "--json"
    )
    [line] = [line for line in said.splitlines() if line.startswith("{")]
    token = json.loads(line)["data"]["token"]
    stack.run("up", "-d", "--no-build")
    for service in _SERVICES:
        stack.wait(service)
    [gateway] = stack.containers("gateway")
    [port] = gateway.attrs["NetworkSettings"]["Ports"]["8300/tcp"]
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port['HostPort']}",
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    ) as client:
        yield client


def hand_in(program: httpx2.Client, recording: Path) -> str:
    files = {"file": (recording.name, recording.read_bytes())}
    options = {"options": json.dumps({"model": "pocketsphinx-en-us", "align": "never"})}
    answer = program.post("/v1/jobs", files=files, data=options)
    assert answer.status_code == 202, answer.text
    number: str = answer.json()["id"]
    return number


def job_in(program: httpx2.Client, number: str, states: set[str]) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while True:
        job: dict[str, Any] = program.get(f"/v1/jobs/{number}").json()
        if job["state"] in states:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.2)


def test_a_job_survives_its_worker_and_two_workers_share_the_queue(
    stack: Stack, program: httpx2.Client, tmp_path: Path
) -> None:
    short = say(SENTENCE, tmp_path / "short.wav")
    number = hand_in(program, short)
    assert job_in(program, number, ENDED)["state"] == "done"
    text = program.get(f"/v1/jobs/{number}/transcript", params={"format": "txt"}).text
    assert text.strip().lower().startswith("the old man went")

    long = say(" and ".join([SENTENCE] * 20), tmp_path / "long.wav")
    killed = hand_in(program, long)
    job_in(program, killed, {"running"})
    [worker] = stack.containers("worker")
    worker.kill()
    stack.run("up", "-d", "--no-build", "--scale", "worker=2")
    stack.wait("worker")
    assert len(stack.containers("worker")) == 2
    others = [hand_in(program, short) for _ in range(2)]
    for each in (*others, killed):
        job = job_in(program, each, ENDED)
        assert (job["state"], job["error"]) == ("done", None), job["error"]
    text = program.get(f"/v1/jobs/{killed}/transcript", params={"format": "txt"}).text
    assert text.lower().count("morning") >= 5
    assert program.get("/health").json() == {"status": "ok"}


def test_a_redis_that_is_restarted_has_its_jobs(stack: Stack, program: httpx2.Client) -> None:
    before = program.get("/v1/jobs").json()["data"]
    [redis] = stack.containers("redis")
    redis.kill()
    stack.run("up", "-d", "--no-build", "--scale", "worker=2")
    stack.wait("redis")
    assert program.get("/v1/jobs").json()["data"] == before
