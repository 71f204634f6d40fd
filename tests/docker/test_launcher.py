"""Engines as containers: started, used again, replaced, ended, and what is left of them."""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from tests.docker.launching import DockerHome, docker_of, health_of, made_home
from tests.support.launching import finish, request
from tests.support.waiting import eventually

from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.folders import NUM_KEPT
from dalston_cli.launchers.docker.containers.memory import MemoryTakenError, divide_memory
from dalston_cli.launchers.docker.containers.starter import MountMissingError
from dalston_cli.launchers.docker.daemon import DaemonUnavailableError
from dalston_cli.launchers.failure import EngineCrashedError, NoLogError
from dalston_cli.launchers.folder import RuntimeFolderError
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Ready
from dalston_cli.launchers.pool.pool import Pool
from dalston_sdk.wire import TranscribeResult

pytestmark = pytest.mark.docker

HURRY = PoolLimits(pause_s=0.01, restarts=1)


@pytest.fixture
def home(docker_daemon: str) -> Iterator[DockerHome]:
    with made_home(docker_daemon) as made:
        yield made


def in_runtime(home: DockerHome) -> list[str]:
    """List the runtime folder, without locks."""
    return [path.name for path in home.locations.runtime.iterdir() if path.name != "images"]


async def test_an_engine_works_in_a_container_and_is_used_again(home: DockerHome) -> None:
    notices: list[PoolNotice] = []
    for _ in range(2):
        async with Pool(home.docker_launchers, on_event=notices.append) as pool:
            done = await finish(await pool.acquire(home.spec()), home.audio, request("words"))
            assert isinstance(done.result, TranscribeResult)
            assert done.result.segments
    assert [notice.reused for notice in notices if isinstance(notice, Ready)] == [False, True]
    [instance] = home.found()
    assert instance.owned
    assert (await health_of(instance)).fingerprint == home.docker.fingerprint(home.spec())  # type: ignore[union-attr]  # it answers


async def test_what_is_started_is_found_by_others(home: DockerHome) -> None:
    started = home.start()
    [found] = home.found(docker_of(home.with_docker()))
    assert replace(found, started_at=started.started_at) == started
    assert home.docker.state(found).state == "running"
    assert home.docker.last_started("fake") == found.started_at


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        pytest.param({}, {"environment": {"SLOTS": "2"}}, id="variables"),
        pytest.param({"memory_mb": 500}, {}, id="memory"),
        pytest.param({"cpus": 0.5}, {}, id="cores"),
    ],
)
async def test_another_fingerprint_replaces_an_idle_engine(
    home: DockerHome, options: dict[str, Any], changes: dict[str, Any]
) -> None:
    async with Pool(home.docker_launchers) as pool:
        await pool.acquire(home.spec())
    [old] = home.found()
    launchers = home.with_docker(**options)
    async with Pool(launchers) as pool:
        await pool.acquire(home.spec(**changes))
        await eventually(lambda: home.docker.state(old).state == "exited")
        assert home.docker.state(old).clean
        [new] = home.found(docker_of(launchers))
    assert new.fingerprint != old.fingerprint


async def test_replicas_have_numbers_and_sockets_of_their_own(home: DockerHome) -> None:
    async with Pool(home.docker_launchers) as pool:
        await pool.acquire(home.spec(replicas=2), replicas=2)
        found = home.found()
    assert sorted(each.replica for each in found) == [0, 1]
    assert len({each.address.socket for each in found}) == 2


def test_limits_of_all_engines_stay_below_the_machines_memory(home: DockerHome) -> None:
    total_mb = home.docker.daemon.facts.memory_mb
    share_mb = int(0.8 * total_mb)
    limits = []
    for number in range(3):
        home.start() if number == 0 else home.docker.start(home.spec(), replica=number)
        limits.append([each.attrs["HostConfig"]["Memory"] // 10**6 for each in home.containers()])
    assert limits[0] == [share_mb]
    assert limits[1] == [share_mb - share_mb // 2, share_mb // 2]
    assert [sum(each) <= share_mb for each in limits] == [True] * 3
    assert min(limits[2]) >= share_mb // 3

    [first, *_] = home.found()
    read = "import json; print(json.dumps(open('/sys/fs/cgroup/memory.max').read()))"
    if home.docker.daemon.facts.raw.get("CgroupVersion") == "2":
        assert int(home.inside(first, read)) <= (share_mb // 3 + 1) * 10**6


def test_an_engine_without_room_is_not_started(home: DockerHome) -> None:
    home.start()
    with pytest.raises(MemoryTakenError, match="engine fake cannot be started"):
        divide_memory("fake", 100, None, home.docker._containers.memory())


async def test_stopping_leaves_only_a_log(home: DockerHome) -> None:
    instance = home.start()
    await eventually(lambda: health_of(instance))
    await asyncio.to_thread(home.docker.stop, instance, timeout_s=10)
    assert home.found() == []
    assert home.docker.state(instance).clean
    assert in_runtime(home) == []
    assert any("listens on" in line for line in home.docker.logs("fake", lines=20, follow=False))
    assert home.docker.remove("fake").num_logs == 1
    assert home.containers() == []
    assert home.docker.state(instance).state == "gone"
    assert home.docker.tail(instance, lines=5) == []
    with pytest.raises(NoLogError):
        home.docker.logs("fake", lines=5, follow=False)


async def test_an_engine_that_does_not_answer_is_ended(home: DockerHome) -> None:
    instance = home.start()
    await eventually(lambda: health_of(instance))
    home.client.containers.get(instance.identity).pause()
    await asyncio.to_thread(home.docker.stop, instance, timeout_s=1)
    assert home.found() == []


async def test_an_idle_engine_ends_and_its_folder_goes(home: DockerHome) -> None:
    instance = home.start(keep_alive_s=0.2)
    await eventually(lambda: home.docker.state(instance).state == "exited")
    assert home.docker.state(instance).clean
    assert home.found() == []
    assert in_runtime(home) == []


async def test_a_log_is_followed_to_the_end_of_its_container(home: DockerHome) -> None:
    instance = home.start()
    lines = home.docker.logs("fake", lines=1000, follow=True)
    first = await asyncio.to_thread(next, lines)
    assert "starting the engine" in first
    await eventually(lambda: health_of(instance))
    stopping = asyncio.to_thread(home.docker.stop, instance, timeout_s=10)
    rest, _ = await asyncio.gather(asyncio.to_thread(list, lines), stopping)
    assert any("listens on" in line for line in rest)


async def test_a_followed_log_can_be_left(home: DockerHome) -> None:
    instance = home.start()
    await eventually(lambda: health_of(instance))
    lines = home.docker.logs("fake", lines=1, follow=True)
    next(lines)
    lines.close()  # type: ignore[attr-defined]  # a generator
    assert home.docker.state(instance).state == "running"


async def test_a_crash_tells_its_exit_code_and_the_last_lines(home: DockerHome) -> None:
    async with Pool(home.docker_launchers, limits=HURRY) as pool:
        spec = home.spec({"CRASH_BEFORE_READY": "1"})
        with pytest.raises(EngineCrashedError, match=r"ended with exit code \d+") as caught:
            await pool.acquire(spec)
    assert "starting the engine" in caught.value.message
    assert home.found() == []


async def test_a_crash_in_mid_work_is_answered_with_another_container(home: DockerHome) -> None:
    async with Pool(home.docker_launchers, limits=HURRY) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "1"}))
        work = asyncio.create_task(finish(handle, home.audio))
        [first] = home.found()
        await eventually(lambda: _is_working(first))
        home.client.containers.get(first.identity).kill()
        assert isinstance((await work).result, TranscribeResult)
    end = home.docker.state(first)
    assert (end.exit_code, end.clean, end.out_of_memory) == (137, False, False)


async def _is_working(instance: Any) -> bool:
    health = await health_of(instance)
    return health is not None and health.running > 0


async def test_too_much_memory_is_told(home: DockerHome) -> None:
    launchers = home.with_docker(memory_mb=16)
    async with Pool(launchers, limits=HURRY) as pool:
        with pytest.raises(EngineCrashedError, match="took more memory than it may") as caught:
            await pool.acquire(home.spec())
    assert "DALSTON_ENGINE_MEMORY_MB" in str(caught.value.hint)


def test_only_the_newest_logs_are_kept(home: DockerHome) -> None:
    instances = [home.start() for _ in range(NUM_KEPT + 2)]
    for instance in instances:
        home.client.containers.get(instance.identity).kill()
    assert home.found() == []
    assert len(home.containers()) == NUM_KEPT
    kept = {container.id for container in home.containers()}
    assert kept == {instance.identity for instance in instances[-NUM_KEPT:]}


async def test_what_was_never_started_or_lost_its_container_goes(home: DockerHome) -> None:
    instance = home.start()
    made = home.client.containers.create(
        home.client.containers.get(instance.identity).attrs["Image"],
        labels={
            labels.HOME: str(home.locations.runtime),
            labels.ENGINE: "fake",
            labels.FINGERPRINT: "f",
            labels.REPLICA: "0",
            labels.DEVICE: "cpu",
            labels.MODELS: "1:/nowhere",
        },
    )
    socket = instance.address.socket
    assert socket is not None
    orphan = socket.parent.with_name("fake-01234567-3")
    orphan.mkdir()
    others = socket.parent.with_name("mine")
    others.mkdir()
    assert [each.identity for each in home.found()] == [instance.identity]
    assert [each.id for each in home.containers()] == [instance.identity]
    assert not orphan.exists()
    assert others.exists()
    assert made.id not in {
        each.id for each in home.client.containers.list(all=True, ignore_removed=True)
    }


async def test_others_containers_are_never_touched(home: DockerHome, docker_daemon: str) -> None:
    with made_home(docker_daemon) as other:
        theirs = other.start()
        ours = home.start()
        home.docker.stop(ours, timeout_s=0)
        home.docker.remove("fake")
        assert home.found() == []
        assert other.docker.state(theirs).state == "running"
        [found] = other.found()
        assert found.identity == theirs.identity


def test_processes_that_start_at_once_share_one_container(home: DockerHome) -> None:
    home.docker.prepare(home.spec(), Preparation(print))
    processes = [
        Popen(
            [sys.executable, "-m", "tests.docker.acquire"],
            cwd=Path(__file__).parents[2],
            env=os.environ | home.variables | {"DOCKER_HOST": home.host},
            stdout=PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    got = [each.communicate()[0] for each in processes]
    assert got == [home.containers()[0].id] * 3
    assert len(home.containers()) == 1


async def test_weights_put_into_a_new_folder_are_seen_by_a_new_container(home: DockerHome) -> None:
    spec = home.spec()
    home.start()
    (home.locations.models / "fake").rmdir()  # as when its last model is removed
    (home.locations.models / "fake").mkdir()
    [found] = home.found()
    assert found.fingerprint != home.docker.fingerprint(spec)


def test_weights_that_are_not_there_are_named(home: DockerHome) -> None:
    missing = home.folder / "no-such-weights"
    with pytest.raises(MountMissingError, match="no-such-weights") as caught:
        home.start(weights=(missing,))
    assert str(missing) in str(caught.value.hint)
    assert home.containers() == []
    assert home.found() == []
    assert in_runtime(home) == []


def test_a_folder_too_deep_for_a_socket_is_refused(home: DockerHome) -> None:
    deep = home.folder / ("d" * 90)
    home.locations = replace(home.locations, runtime=deep)
    with pytest.raises(RuntimeFolderError, match="too long"):
        home.start(docker_of(home.with_docker()))
    assert home.containers() == []


def test_what_an_engine_takes_is_told(home: DockerHome) -> None:
    launcher = docker_of(home.with_docker(memory_mb=300))
    usage = launcher.usage(home.start(launcher))
    assert usage.memory_limit_mb == 300
    assert usage.memory_mb is not None
    assert 1 < usage.memory_mb < 300
    assert usage.processes


def test_a_daemon_that_is_not_there_is_an_error_only_where_it_was_asked_for(
    home: DockerHome,
) -> None:
    nowhere = f"unix://{home.folder}/nothing.sock"
    asked = docker_of(home.with_docker(host=nowhere))
    for action in (asked.find, lambda: asked.prepare(home.spec(), Preparation(print))):
        with pytest.raises(DaemonUnavailableError, match=r"nothing\.sock"):
            action()
    assert "nothing.sock" in (asked.refusal(home.spec().engine, "cpu") or "")
