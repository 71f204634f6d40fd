"""Reading a daemon's description of containers."""

from typing import Any

import pytest

from dalston_cli.launchers.base import ExitState, Usage
from dalston_cli.launchers.docker.containers.container_list import container_usage, exit_state
from dalston_cli.launchers.docker.containers.network import published_address
from dalston_cli.launchers.docker.containers.starter import MountMissingError, explain_start
from dalston_cli.launchers.docker.daemon import DaemonFacts, DaemonRefusedError

FACTS = DaemonFacts(
    product="Docker", version="28.0", rootless=False, machine="x86_64", cpus=8, memory_mb=10_000
)


@pytest.mark.parametrize(
    ("status", "code", "killed", "expected"),
    [
        ("running", 0, False, ExitState(state="running")),
        ("paused", 0, False, ExitState(state="running")),
        ("exited", 0, False, ExitState(state="exited", exit_code=0, clean=True)),
        ("exited", 3, False, ExitState(state="exited", exit_code=3)),
        ("exited", 137, False, ExitState(state="exited", exit_code=137)),
        ("exited", 137, True, ExitState(state="exited", exit_code=137, out_of_memory=True)),
        ("exited", 0, True, ExitState(state="exited", exit_code=0, clean=True)),
        ("dead", 137, False, ExitState(state="exited", exit_code=137)),
    ],
)
def test_the_end_of_a_container(status: str, code: int, killed: bool, expected: ExitState) -> None:
    state = {"Status": status, "ExitCode": code, "OOMKilled": killed}
    assert exit_state(state) == expected


def stats(*, spent: int = 50, memory: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "cpu_stats": {
            "cpu_usage": {"total_usage": 1000 + spent},
            "system_cpu_usage": 10_400,
            "online_cpus": 4,
        },
        "precpu_stats": {"cpu_usage": {"total_usage": 1000}, "system_cpu_usage": 10_000},
        "memory_stats": memory or {"usage": 30_000_000, "stats": {"inactive_file": 10_000_000}},
        "pids_stats": {"current": 7},
    }


@pytest.mark.parametrize(
    ("found", "limit", "expected"),
    [
        pytest.param(
            stats(),
            50_000_000,
            Usage(cpu_percent=50.0, memory_mb=20.0, memory_limit_mb=50.0, processes=7),
            id="second-cgroups",
        ),
        pytest.param(
            stats(memory={"usage": 30_000_000, "stats": {"total_inactive_file": 5_000_000}}),
            0,
            Usage(cpu_percent=50.0, memory_mb=25.0, processes=7),
            id="first-cgroups",
        ),
        pytest.param({"memory_stats": {}, "cpu_stats": {}}, 0, Usage(), id="nothing"),
    ],
)
def test_what_a_container_takes(found: dict[str, Any], limit: int, expected: Usage) -> None:
    assert container_usage(found, memory_limit=limit) == expected


def test_a_published_port_is_read_with_its_token() -> None:
    container = {
        "NetworkSettings": {"Ports": {"8400/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32771"}]}},
        "Config": {"Env": ["A=b", "DALSTON_ENGINE_TOKEN=se=cret"]},
    }
    address = published_address(container, "127.0.0.1")
    assert address is not None
    assert (address.url, address.token) == ("http://127.0.0.1:32771", "se=cret")


@pytest.mark.parametrize("ports", [None, {}, {"8400/tcp": None}, {"80/tcp": [{"HostPort": "1"}]}])
def test_no_port_is_no_address(ports: Any) -> None:
    container = {"NetworkSettings": {"Ports": ports}, "Config": {"Env": None}}
    assert published_address(container, "127.0.0.1") is None


@pytest.mark.parametrize(
    "said",
    [
        'invalid mount config for type "bind": bind source path does not exist: /data/w x',
        "statfs /data/w x: no such file or directory",
    ],
    ids=["docker", "podman"],
)
def test_a_folder_that_the_daemon_does_not_find_is_named(said: str) -> None:
    error = explain_start("fake", DaemonRefusedError(said), FACTS, None)
    assert isinstance(error, MountMissingError)
    assert "does not find /data/w x," in error.message


def test_other_refusals_stay_as_they_are() -> None:
    error = DaemonRefusedError("the disk is full")
    assert explain_start("fake", error, FACTS, None) is error
