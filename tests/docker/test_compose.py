"""Engines that Docker Compose keeps running: what they may do, and how the CLI uses them."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container
from tests.acceptance.home import events_of
from tests.docker.stack import REPOSITORY, Stack, made_stack
from tests.docker.user import DockerUser, made_user
from tests.support import compose
from tests.support.launching import engine_entry
from tests.support.speech import needs_flite, say

from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.labels import SERVICE
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.settings.locations import Locations

pytestmark = [pytest.mark.docker, pytest.mark.slow, needs_flite]

ENGINE = "pocketsphinx"
SENTENCE = "the old man went to the store in the morning"


@contextmanager
def made_service(
    user: DockerUser,
    folder: Path,
    host: str,
    major: int = 0,
    services: Sequence[str] = (ENGINE,),
    **variables: str | Path,
) -> Iterator[Stack]:
    """A stack with some engines, which see the user's models and whose images Compose built."""
    if problem := compose.problem(major):
        is_needed = os.environ.get("CI") == "true" and not major
        (pytest.fail if is_needed else pytest.skip)(problem)
    with made_stack(folder, host, major, DALSTON_MODELS_DIR=user.models, **variables) as made:
        base = f"BASE_IMAGE={os.environ['DALSTON_BASE_IMAGE']}"
        made.run("build", "--build-arg", base, *services)
        for service in services:
            made.up(service)
        yield made


@pytest.fixture(scope="module")
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        made.models.mkdir()
        yield made


@pytest.fixture(scope="module")
def stack(
    user: DockerUser, tmp_path_factory: pytest.TempPathFactory, docker_daemon: str
) -> Iterator[Stack]:
    """Two replicas of an engine whose image Compose built."""
    folder = tmp_path_factory.mktemp("stack")
    with made_service(user, folder, docker_daemon) as made:
        made.up(ENGINE, "--scale", f"{ENGINE}=2")
        yield made


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("speech")
    return [say(f"{SENTENCE} {n}", folder / f"{n}.wav") for n in ("one", "two", "three", "four")]


def transcribe(
    user: DockerUser, out: Path, *arguments: str | Path, models: Path | None = None
) -> list[dict[str, Any]]:
    """Transcribe with pocketsphinx and nothing remembered; the events."""
    options = ("--model", "pocketsphinx-en-us", "--overwrite", "-o", out, "-f", "txt", "--json")
    seen = str(models or user.models)
    done = user.run("transcribe", *arguments, *options, DALSTON_MODELS_DIR=seen)
    assert done.returncode == 0, done.stderr
    return events_of(done)


def reused(events: list[dict[str, Any]]) -> list[bool]:
    """Of every engine that was got ready, whether it ran already."""
    return [event["reused"] for event in events if event.get("event") == "engine_ready"]


def inside(container: Container, *command: str) -> str:
    """Run a command in a container and return its output."""
    said = container.exec_run([*command]).output
    assert isinstance(said, bytes)
    return said.decode()


def status(user: DockerUser) -> list[dict[str, Any]]:
    done = user.run("engines", "status", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["data"]
    return found


def test_a_service_is_as_walled_in_as_other_containers(stack: Stack) -> None:
    for container in stack.containers(ENGINE):
        host = container.attrs["HostConfig"]
        assert container.attrs["Config"]["User"] == "65532:65532"
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["PidsLimit"] == 1024
        assert host["Memory"] == host["MemorySwap"] == 3072 * 1024**2
        assert host["MemoryReservation"] == 512 * 1024**2
        assert host["Init"] is True
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
        writable = {each["Destination"] for each in container.attrs["Mounts"] if each["RW"]}
        assert writable == {"/spool"}
        assert inside(container, "stat", "-c", "%a %u", "/run/dalston") == "700 65532\n"
        note = (
            "from pathlib import Path; from dalston_sdk.batch_sizes import BatchSizes\n"
            "BatchSizes(Path('/spool/state')).does_not_fit('k', 8, reason='', free_mb=None)"
        )
        assert inside(container, "python", "-c", note) == ""
        assert inside(container, "stat", "-c", "%a %u", "/spool/state") == "700 65532\n"
        assert "Read-only file system" in inside(container, "touch", "/models/x")


def test_a_service_cannot_reach_anything(stack: Stack) -> None:
    [one, other] = stack.containers(ENGINE)
    [network] = other.attrs["NetworkSettings"]["Networks"].values()
    places = [(network["IPAddress"], 8400), ("192.0.2.1", 80), ("example.org", 80)]
    ask = (
        "import socket, sys\n"
        f"for place in {places!r}:\n"
        "    try: socket.create_connection(place, timeout=2)\n"
        "    except OSError as error: print(type(error).__name__)\n"
        "    else: print('reached', *place)\n"
    )
    assert inside(one, "python", "-c", ask).split() == ["TimeoutError", "TimeoutError", "gaierror"]


def test_services_are_shown_as_not_owned(stack: Stack, user: DockerUser) -> None:
    found = {each["address"]: each for each in status(user)}
    assert set(found) == {stack.url(each) for each in stack.containers(ENGINE)}
    for each in found.values():
        assert (each["engine"], each["launcher"], each["owned"]) == (ENGINE, "docker", False)
        assert each["state"] == "ready"


@pytest.mark.parametrize("replicas", [1, 2])
def test_services_are_used_and_nothing_is_started(
    replicas: int, stack: Stack, user: DockerUser, recordings: list[Path], tmp_path: Path
) -> None:
    events = transcribe(user, tmp_path, *recordings, "--replicas", str(replicas))
    assert reused(events) == [True] * replicas
    assert user.containers(ended=True) == []
    assert (tmp_path / "one.txt").read_text().strip().lower().startswith("the old man went")
    assert len(stack.containers(ENGINE)) == 2


def test_services_are_never_stopped(stack: Stack, user: DockerUser) -> None:
    refused = user.run("engines", "stop", ENGINE)
    assert refused.returncode == 5
    assert "was not started by this Dalston" in refused.stderr
    everything = user.run("engines", "stop", "--all")
    assert everything.returncode == 0, everything.stderr
    assert [each.status for each in stack.containers(ENGINE)] == ["running", "running"]


def test_a_service_that_sees_other_models_is_not_used(
    stack: Stack, user: DockerUser, recordings: list[Path], tmp_path: Path
) -> None:
    events = transcribe(user, tmp_path, recordings[0], models=tmp_path / "models")
    assert reused(events) == [False]
    [own] = user.containers(ENGINE)
    assert SERVICE not in own.labels
    user.run("engines", "stop", "--all")
    assert len(stack.containers(ENGINE)) == 2


def test_a_restarted_service_is_found_at_its_new_port(
    stack: Stack, user: DockerUser, recordings: list[Path], tmp_path: Path
) -> None:
    stack.run("restart", ENGINE)
    stack.wait(ENGINE)
    assert reused(transcribe(user, tmp_path, recordings[0])) == [True]


def test_a_service_counts_as_an_engine_that_can_be_had(
    stack: Stack, user: DockerUser, docker_daemon: str
) -> None:
    base = stack.client.images.get(os.environ["DALSTON_BASE_IMAGE"])
    assert base.tag("dt-base", "other")
    try:
        launcher = DockerLauncher(
            Locations.from_environment(user.environ),
            DockerOptions(base_image="dt-base:other"),
            offline=True,
            daemon=Daemon({"DOCKER_HOST": docker_daemon}),
        )
        engine = engine_entry(REPOSITORY / "engines" / "transcribe" / ENGINE)
        assert launcher.images.refusal(engine, "cpu")
        assert launcher.refusal(engine, "cpu") is None
    finally:
        stack.client.images.remove("dt-base:other")


def test_without_a_token_nothing_is_started(stack: Stack) -> None:
    refused = stack.compose("config", DALSTON_ENGINE_TOKEN="")
    assert refused.returncode != 0
    assert "is not set, see docs/compose.md" in refused.stderr


def test_a_service_that_gets_no_gpu_is_not_started(stack: Stack) -> None:
    if "nvidia" in stack.client.info()["Runtimes"]:
        pytest.skip("the daemon gives GPUs to containers")
    name = "faster-whisper-gpu"
    image = os.environ["DALSTON_BASE_IMAGE"]  # any will do: it never runs
    (stack.folder / "image.yaml").write_text(f"services: {{{name}: {{image: '{image}'}}}}\n")
    files = "compose.yaml:image.yaml"
    refused = stack.compose("up", "-d", "--no-build", name, COMPOSE_FILE=files)
    assert refused.returncode != 0
    assert 'could not select device driver "nvidia"' in refused.stderr
    assert [each.status for each in stack.containers(name)] == ["created"]


def test_taking_it_down_leaves_nothing(stack: Stack) -> None:
    volumes = stack.volumes()
    assert f"{stack.project}_{ENGINE}-spool" in volumes
    assert {each.removeprefix(f"{stack.project}_").partition("-spool")[1] for each in volumes} == {
        "-spool"
    }
    stack.take_down()
    assert stack.left_over() == []
    left = stack.there(volumes)
    for name in left:  # see ``Stack.down``
        stack.client.volumes.get(name).remove()
    assert left < volumes  # without -v, all of them
