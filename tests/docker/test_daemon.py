"""The daemons that the tests here get."""

import os
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from tests.docker.daemon import (
    HOST,
    IMAGE,
    PrivateDaemon,
    connected,
    left_over,
    problem_of_shared,
    processes_with,
)

MEMORY_MB = 64
ASK_LIMITS = """
for name in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [ ! -f $name ] || cat $name
done
for name in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do
    [ ! -f $name ] || cat $name
done
touch /made 2>/dev/null && echo writable
python3 -c 'import sys; print(*sys.version_info[:2])'
"""


def lasting(client: docker.DockerClient) -> Container:
    """Start a container that runs until it is ended."""
    return client.containers.run(
        os.environ[IMAGE],
        ["sleep", "infinity"],
        detach=True,
        init=True,
        network_mode="none",
        labels={"dalston.engine": "none"},
    )


def test_clients_are_led_to_the_daemon(docker_daemon: str) -> None:
    assert os.environ["DOCKER_HOST"] == docker_daemon
    client = docker.from_env()
    try:
        assert client.ping()
        image = client.images.get(os.environ["DALSTON_BASE_IMAGE"])
        assert os.environ[IMAGE] in image.tags
    finally:
        client.close()


def test_the_base_image_runs_within_limits(docker_daemon: str) -> None:
    with connected(docker_daemon) as client:
        said = client.containers.run(
            os.environ[IMAGE],
            ["sh", "-c", ASK_LIMITS],
            remove=True,
            network_mode="none",
            read_only=True,
            mem_limit=f"{MEMORY_MB}m",
            pids_limit=50,
            cap_drop=["ALL"],
            user="65532:65532",
        )
    assert said.decode().splitlines() == [str(MEMORY_MB * 1024**2), "50", "3 11"]


def test_what_is_left_is_named(docker_daemon: str) -> None:
    with connected(docker_daemon) as client:
        container = lasting(client)
        volume = client.volumes.create(labels={"dalston.engine": "none"})
        network = client.networks.create("dt-left", labels={"dalston.engine": "none"})
        try:
            named = left_over(docker_daemon)
            assert f"container {container.name} (dalston.engine=none)" in named
            assert f"volume {volume.name} (dalston.engine=none)" in named
            assert "network dt-left (dalston.engine=none)" in named
        finally:
            container.remove(force=True)
            volume.remove()
            network.remove()


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, f"{HOST} and {IMAGE} not set", id="nothing-set"),
        pytest.param(
            {HOST: "unix:///nowhere/d.sock", IMAGE: "any"},
            "no Docker daemon at unix:///nowhere/d.sock",
            id="no-daemon",
        ),
    ],
)
def test_without_a_daemon_it_is_said_how_to_get_one(environ: dict[str, str], says: str) -> None:
    problem = problem_of_shared(environ)
    assert problem
    assert says in problem
    assert ".ci/docker" in problem


def test_a_daemon_without_the_base_image_is_no_use(docker_daemon: str) -> None:
    problem = problem_of_shared({HOST: docker_daemon, IMAGE: "dalston-test-base:none"})
    assert problem
    assert "has no image dalston-test-base:none" in problem


def test_a_second_daemon_keeps_its_containers_while_it_is_stopped(
    docker_daemon: str, second_daemon: PrivateDaemon
) -> None:
    second_daemon.load_image(os.environ[IMAGE], source=docker_daemon)
    with connected(second_daemon.host) as client:
        name = str(lasting(client).name)
    assert not any(name in line for line in left_over(docker_daemon))

    second_daemon.stop()
    assert not second_daemon.answers()

    second_daemon.start()
    with connected(second_daemon.host) as client:
        [kept] = client.containers.list(all=True, ignore_removed=True)
        assert (kept.name, kept.status) == (name, "exited")

        kept.start()
        second_daemon.kill()
    assert not second_daemon.answers()
    folder = str(second_daemon.folder)
    assert processes_with(folder), "a killed daemon leaves its container running"

    second_daemon.remove()
    assert not second_daemon.folder.exists()
    assert not processes_with(folder)
    assert folder not in Path("/proc/mounts").read_text()


def test_a_second_daemon_starts_once(second_daemon: PrivateDaemon) -> None:
    second_daemon.start()
    assert second_daemon.answers()
    second_daemon.stop()
    second_daemon.stop()
    assert not second_daemon.is_running()
