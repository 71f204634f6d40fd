"""Scaling with real processes: which replicas are stopped, and which go on."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from tests.support.launching import EngineHome, finish, num_running, pass_over
from tests.support.waiting import eventually

from dalston_cli.launchers.base import NotOursError
from dalston_cli.launchers.pool.pool import EngineHandle, Pool
from dalston_cli.launchers.remote.launcher import RemoteEngine
from dalston_cli.launchers.scale import RunningReplicas, as_one, running_replicas, scale_engine


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


async def works(handle: EngineHandle) -> bool:
    return await num_running(handle) == 1


async def test_a_busy_replica_is_kept_although_it_is_the_newest(home: EngineHome) -> None:
    spec = home.spec({"RUN_S": "2"})
    old = home.local.start(spec, replica=5)
    await scale_engine(home.launchers, spec, 2, on_problem=pass_over)
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(spec, replicas=2)
        work = asyncio.create_task(finish(handle, home.audio))  # by the one with the lower number
        await eventually(partial(works, handle))
        scaled = await scale_engine(home.launchers, spec, 1, on_problem=pass_over)
        await work
    assert [each.identity for each in scaled.stopped] == [old.identity]
    [left] = home.local.find()
    assert left.started_at > old.started_at


async def test_the_last_one_finishes_its_work_before_it_stops(home: EngineHome) -> None:
    spec = home.spec({"RUN_S": "1"})
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(spec)
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(partial(works, handle))
        scaled = await scale_engine(home.launchers, spec, 0, on_problem=pass_over)
        await work
    assert len(scaled.stopped) == 1
    assert home.processes() == []


async def test_what_is_reached_at_a_url_is_not_scaled(home: EngineHome) -> None:
    launchers = home.make_launchers(remotes={"fake": (RemoteEngine(url="http://127.0.0.1:9"),)})
    with pytest.raises(NotOursError, match="cannot be scaled"):
        await scale_engine(launchers, home.spec(), 1, on_problem=pass_over)
    scaled = await scale_engine(launchers, home.spec(), 0, on_problem=pass_over)
    assert scaled.stopped == ()
    assert await running_replicas(launchers, "fake", on_problem=pass_over) == ()


def test_what_several_launchers_run_is_one_for_the_first() -> None:
    several = (
        RunningReplicas(launcher="docker", devices=("cuda:0",), replicas=1, keep_alive_s=9),
        RunningReplicas(launcher="local", devices=("cuda:0", "cuda:1"), replicas=2, keep_alive_s=5),
    )
    assert as_one(several) == RunningReplicas(
        launcher="docker", devices=("cuda:0", "cuda:1"), replicas=3, keep_alive_s=9
    )
