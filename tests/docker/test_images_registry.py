"""Images pushed to a real registry, and pulled from it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.own_engine import EngineAuthor, made_author
from tests.support.ports import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("docker-registry") is None,
        reason="docker-registry is missing; install it: apt-get install docker-registry",
    ),
]

START_S = 120
CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a registry for one test; the daemon has to be on this machine."""
    folder = tmp_path_factory.mktemp("registry")
    port = free_port()
    file = folder / "config.yml"
    file.write_text(CONFIGURATION.format(folder=folder / "blobs", port=port))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(["docker-registry", "serve", file], stdout=log, stderr=log)
    try:
        wait_until_it_listens(port, process, folder / "log")
        yield f"127.0.0.1:{port}/speech"
    finally:
        process.kill()
        process.wait()


def wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def author(docker_daemon: str, registry: str) -> Iterator[EngineAuthor]:
    with made_author(docker_daemon) as made:
        made.environ["DALSTON_IMAGE_REGISTRY"] = registry
        yield made


def in_registry(author: EngineAuthor) -> str:
    return f"{author.environ['DALSTON_IMAGE_REGISTRY']}/{author.engine}:1.0.0-cpu"


def test_a_pushed_image_is_pulled_until_the_engine_is_edited(author: EngineAuthor) -> None:
    assert author.run("engines", "build", author.engine).returncode == 0
    identity = str(author.image().id)
    pushed = author.run("engines", "push", author.engine)
    assert pushed.returncode == 0, pushed.stderr
    assert f"{in_registry(author)} is in the registry" in pushed.stderr
    author.remove_images()
    assert author.all_images() == []

    pulled = author.run("engines", "pull", author.engine)
    assert pulled.returncode == 0, pulled.stderr
    image = author.image()
    assert image.id == identity
    assert sorted(image.tags) == sorted([in_registry(author), f"dalston/{author.engine}:1.0.0-cpu"])
    assert author.stages() == []  # nothing was built
    again = author.run("engines", "build", author.engine)
    assert "is current" in again.stderr

    author.edit()
    outdated = author.run("engines", "push", author.engine)
    assert outdated.returncode == 5
    assert "there is no cpu image made from the engine" in outdated.stderr
    author.remove_images()
    refused = author.run("engines", "pull", author.engine)
    assert refused.returncode == 5
    assert f"{in_registry(author)} is not made from the engine {author.engine}" in refused.stderr
    assert f"hint: build it: dalston engines build {author.engine}" in refused.stderr
    assert not [one for one in author.all_images() if one.tags]


def test_what_is_not_there_cannot_be_pulled(author: EngineAuthor) -> None:
    pulled = author.run("engines", "pull", author.engine)
    assert pulled.returncode == 5
    assert f"{in_registry(author)} cannot be pulled: " in pulled.stderr


def test_without_a_registry_it_is_said_how_to_name_one(author: EngineAuthor) -> None:
    del author.environ["DALSTON_IMAGE_REGISTRY"]
    for command in ("pull", "push"):
        done = author.run("engines", command, author.engine)
        assert done.returncode == 4
        assert "hint: export DALSTON_IMAGE_REGISTRY=" in done.stderr
