"""Docker's daemon goes away in the middle of a batch, and comes back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from threading import Timer
from typing import Any

import pytest
from tests.acceptance.home import counts_of, events_of
from tests.docker.daemon import PrivateDaemon
from tests.docker.own_engine import made_author
from tests.docker.user import DockerUser, made_user
from tests.support.launching import FAKE
from tests.support.speech import needs_flite, say_long

pytestmark = [pytest.mark.slow, needs_flite]

NUM_RECORDINGS = 8
PATIENCE_S = 120
"""A command that has not ended by then hangs, and is ended."""


@pytest.fixture
def user(docker_daemon: str, second_daemon: PrivateDaemon) -> Iterator[DockerUser]:
    """Uses the second daemon, which is spared the build of what the first one has."""
    with made_user(docker_daemon) as first:
        built = first.run("engines", "build", "pocketsphinx")
        assert built.returncode == 0, built.stderr
        [image] = first.images("pocketsphinx")
        second_daemon.load_image(image.tags[0], source=docker_daemon)
    with made_user(second_daemon.host) as made:
        yield made


def read_events(process: Popen[str]) -> Iterator[dict[str, Any]]:
    """Return the events of a command until it ends; one that hangs is ended."""
    watch = Timer(PATIENCE_S, process.kill)
    watch.start()
    assert process.stdout is not None
    try:
        yield from map(json.loads, process.stdout)
    finally:
        watch.cancel()


def done_of(events: list[dict[str, Any]]) -> set[str]:
    return {
        event["recording"]
        for event in events
        if event.get("event") == "job_finished" and event["status"] == "done"
    }


def check_whole(out: Path) -> None:
    """No temporary file is left, and every transcript can be read."""
    for path in out.iterdir():
        assert path.suffix == ".json", path
        assert json.loads(path.read_text(encoding="utf-8"))["text"]


def test_a_lost_daemon_ends_the_run_and_the_next_run_goes_on(
    user: DockerUser, second_daemon: PrivateDaemon, tmp_path: Path
) -> None:
    say_long(tmp_path / "in", NUM_RECORDINGS)
    out = tmp_path / "out"
    command = ("transcribe", tmp_path / "in", "-o", out, "-f", "json", "--json")

    process = user.start(*command)
    events: list[dict[str, Any]] = []
    for event in read_events(process):
        events.append(event)
        if event.get("event") == "stage_progress" and len(done_of(events)) == 2:
            second_daemon.stop()
            break
    events += read_events(process)
    _, errors = process.communicate(timeout=180)

    assert process.returncode == 5, (events[-1], errors)
    report = events[-1]
    codes = {error["code"] for error in report["errors"]}
    assert codes == {"docker_unavailable"}, report["errors"]
    assert all("Docker cannot be used" in error["message"] for error in report["errors"])
    assert all(error["hint"] for error in report["errors"])
    assert [event["code"] for event in events if event.get("event") == "warning"][-1:] == [
        "engine_given_up"
    ]
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert len(before) == len(done_of(events)) < NUM_RECORDINGS
    check_whole(out)

    second_daemon.start()
    again = user.run(*command)

    assert again.returncode == 0, again.stderr
    assert counts_of(again) == {"unchanged": len(before), "done": NUM_RECORDINGS - len(before)}
    assert not done_of(events_of(again)) & done_of(events)
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    check_whole(out)


def test_auto_goes_on_locally_when_the_daemon_is_lost(
    docker_daemon: str, second_daemon: PrivateDaemon, tmp_path: Path
) -> None:
    """The engine, which is slowed down, has an image and gets an environment when it needs one."""
    say_long(tmp_path / "in", NUM_RECORDINGS)
    out = tmp_path / "out"
    with made_author(docker_daemon) as author:
        make_slow(author.source)
        author.environ["DALSTON_CATALOG_PATH"] = str(model_of(author.engine, tmp_path / "catalog"))
        built = author.run("engines", "build", author.engine)
        assert built.returncode == 0, built.stderr
        second_daemon.load_image(author.image().tags[0], source=docker_daemon)
        author.environ |= {"DOCKER_HOST": second_daemon.host, "DALSTON_LAUNCHER": "auto"}

        command = ("transcribe", tmp_path / "in", "-o", out, "-f", "json", "--model", "slow")
        process = author.start(*command, "--diarize", "--align", "never", "--json")
        events: list[dict[str, Any]] = []
        for event in read_events(process):
            events.append(event)
            if event.get("event") == "job_finished" and second_daemon.is_running():
                second_daemon.stop()
        _, errors = process.communicate(timeout=180)

    assert process.returncode == 0, (events[-1], errors)
    assert events[-1]["data"]["counts"] == {"done": NUM_RECORDINGS}
    warnings = [event for event in events if event.get("event") == "warning"]
    assert [event["code"] for event in warnings] == ["launcher_lost"]
    assert "Docker cannot be used" in warnings[0]["message"]
    assert warnings[0]["message"].endswith("going on without it")
    ready = [event["launcher"] for event in events if event.get("event") == "engine_ready"]
    assert ready == ["docker", "local"]
    used = [
        stage["launcher"]
        for path in out.iterdir()
        for stage in json.loads(path.read_text(encoding="utf-8"))["stages"]
        if stage["stage"] in {"transcribe", "diarize"}
    ]
    assert used.count("docker") >= 2
    assert used.count("local") >= 2
    check_whole(out)


def make_slow(source: Path) -> None:
    """Have the fake engine take its time, in a process or container of its own."""
    knobs = (source / "knobs.py").read_text(encoding="utf-8")
    slow = knobs.replace('_text("RUN_S", "0")', '_text("RUN_S", "0.1")')
    assert slow != knobs
    (source / "knobs.py").write_text(slow, encoding="utf-8")
    entry = (source / "engine.yaml").read_text(encoding="utf-8")
    own = entry.replace("embedded: true", "embedded: false")
    (source / "engine.yaml").write_text(own, encoding="utf-8")
    shutil.copy(FAKE / "requirements.lock", source)


def model_of(engine: str, catalog: Path) -> Path:
    """Make a catalog with the one model of an engine, called ``slow``."""
    catalog.mkdir()
    text = (FAKE.parent / "catalog" / "fake.yaml").read_text(encoding="utf-8")
    text = text.replace("id: fake", "id: slow", 1).replace("engine: fake", f"engine: {engine}")
    text = text.replace("stages: [transcribe]", "stages: [transcribe, diarize]")
    (catalog / "slow.yaml").write_text(text, encoding="utf-8")
    return catalog


def test_without_a_daemon_nothing_is_begun(docker_daemon: str, tmp_path: Path) -> None:
    say_long(tmp_path / "in", 4)
    with made_user(docker_daemon) as user:
        done = user.run(
            *("transcribe", tmp_path / "in", "-o", tmp_path / "out", "--json"),
            DOCKER_HOST=f"unix://{user.folder}/nothing.sock",
        )

    assert done.returncode == 5, done.stderr
    errors = events_of(done)[-1]["errors"]
    assert {error["code"] for error in errors} == {"docker_unavailable"}
    assert all("there is no daemon at" in error["message"] for error in errors)
    assert not (tmp_path / "out").exists()
