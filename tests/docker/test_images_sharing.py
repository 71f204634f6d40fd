"""Builds that are broken off or meet each other, and what they leave."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from tests.docker.own_engine import EngineAuthor, made_author
from tests.support.launching import FAKE, engine_entry

from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images.prune import find_stale, measure_disk

pytestmark = pytest.mark.slow

END_S = 240


@pytest.fixture
def author(docker_daemon: str) -> Iterator[EngineAuthor]:
    with made_author(docker_daemon) as made:
        yield made


def wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    """Read what it says until it says ``words``."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if words in line:
            return
    pytest.fail(f"never said {words!r}:\n{''.join(said)}")


def wait_until_nothing_is_built(author: EngineAuthor) -> None:
    deadline = time.monotonic() + END_S
    while author.building():
        assert time.monotonic() < deadline, "the builder's container is still there"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGINT, id="Ctrl-C"), pytest.param(signal.SIGKILL, id="kill -9")]
)
def test_an_abandoned_build_ends(author: EngineAuthor, how: signal.Signals) -> None:
    author.lock((FAKE / "requirements.lock").read_text())
    process = author.start("engines", "build", author.engine, "-v")
    wait_for(process, "Collecting ")  # the first of many packages
    assert author.building()
    os.kill(process.pid, how)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == (130 if how == signal.SIGINT else -how)
    assert "Traceback" not in said
    wait_until_nothing_is_built(author)
    assert author.all_images() == []
    if how == signal.SIGINT:
        assert list(author.runtime.iterdir()) == []


def test_the_second_of_two_builds_takes_what_the_first_made(author: EngineAuthor) -> None:
    author.lock((FAKE / "requirements.lock").read_text())
    first = author.start("engines", "build", author.engine, "-v")
    wait_for(first, "Step 2/")
    second = author.run("engines", "build", author.engine, "-v")
    first.communicate(timeout=END_S)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "another process gets this image; waiting for it" in second.stderr
    assert "Step" not in second.stderr
    assert len(author.all_images()) == 1
    assert list(author.runtime.iterdir()) == []


def test_an_outdated_image_stays_while_a_container_has_it(author: EngineAuthor) -> None:
    assert author.run("engines", "build", author.engine).returncode == 0
    listed = author.run("engines", "images", author.engine)
    assert f"dalston/{author.engine}:1.0.0-cpu" in listed.stdout
    assert listed.stdout.rstrip().endswith("current")

    author.edit()
    data = json.loads(author.run("engines", "images", author.engine, "--json").stdout)["data"]
    assert [each["state"] for each in data] == ["outdated"]
    unknown = author.run("engines", "images", author.engine, DALSTON_ENGINES_PATH="")
    assert unknown.stdout.rstrip().endswith("unknown")

    old = author.image()
    container = author.client.containers.create(str(old.id), network_mode="none")
    try:
        done = author.run("engines", "prune", author.engine, "-y")
        assert done.returncode == 0, done.stderr
        assert [image.id for image in author.all_images()] == [old.id]
    finally:
        container.remove(force=True)
    assert author.run("engines", "prune", author.engine, "-y", "--json").returncode == 0
    assert author.all_images() == []


def test_prune_removes_what_is_outdated_and_nothing_else(author: EngineAuthor) -> None:
    for _ in range(2):
        author.edit()
        assert author.run("engines", "build", author.engine).returncode == 0
    assert len(author.all_images()) == 2
    assert len(author.stages()) == 3  # the packages once, the code twice
    current = author.image().id

    refused = author.run("engines", "prune", author.engine)
    assert refused.returncode == 2
    assert "hint: dalston engines prune -y" in refused.stderr
    assert len(author.all_images()) == 2

    done = author.run("engines", "prune", author.engine, "-y", "--keep-builds")
    assert done.returncode == 0, done.stderr
    assert "removed 1 image and 1 part of builds; " in done.stderr
    assert [image.id for image in author.all_images()] == [current]
    assert len(author.stages()) == 2


def test_prune_gives_back_what_builds_keep(author: EngineAuthor, docker_daemon: str) -> None:
    with (author.source / "engine.py").open("a") as file:
        file.write("\n# " + "x" * 3_000_000 + "\n")
    assert author.run("engines", "build", author.engine).returncode == 0
    author.edit()
    assert author.run("engines", "build", author.engine).returncode == 0
    current = author.image().id

    daemon = Daemon({"DOCKER_HOST": docker_daemon})
    stale = find_stale(daemon, {author.engine: engine_entry(author.source)}, [author.engine])
    foretold = measure_disk(daemon, stale)
    before = author.client.df()["LayersSize"]
    assert foretold.images_bytes == before
    done = author.run("engines", "prune", author.engine, "-y", "--json")
    freed = before - author.client.df()["LayersSize"]

    assert done.returncode == 0, done.stderr
    assert author.stages() == []
    assert [image.id for image in author.all_images()] == [current]
    assert foretold.stale_bytes == freed > 9_000_000
    assert json.loads(done.stdout)["data"]["freed_bytes"] == freed
