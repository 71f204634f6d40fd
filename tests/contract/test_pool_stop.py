"""Engines that make room for others: stopped when nothing uses them, and left alone else."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.support.launching import EngineHome, engine_entry, finish, num_running
from tests.support.waiting import eventually

from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import Pool


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


async def test_an_idle_engine_has_ended_when_stop_returns_and_starts_again(
    home: EngineHome,
) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec(), replicas=2)
        await finish(handle, home.audio)
        before = {process.pid for process in home.processes()}
        assert len(before) == 2
        await pool.stop(engine_entry(), ("cpu",))
        assert not home.processes()
        await finish(await pool.acquire(home.spec()), home.audio)
        assert not before & {process.pid for process in home.processes()}


async def test_an_engine_on_another_device_goes_on(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec())
        await pool.stop(engine_entry(), ("cuda:0",))
        assert len(home.processes()) == 1


async def test_an_engine_that_another_process_uses_is_kept_and_that_is_told(
    home: EngineHome,
) -> None:
    notices: list[PoolNotice] = []
    async with (
        Pool(home.launchers) as theirs,
        Pool(home.launchers, on_event=notices.append) as ours,
    ):
        spec = home.spec({"RUN_S": "4"})
        handle = await theirs.acquire(spec)
        await ours.acquire(spec)
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(lambda: num_running(handle))
        await ours.stop(spec.engine, ("cpu",))
        assert len(home.processes()) == 1
        await work
    [told] = [notice for notice in notices if isinstance(notice, Trouble)]
    assert told.code == "engine_kept"
    assert told.message == ("engine fake goes on, and keeps its memory: another process uses it")
