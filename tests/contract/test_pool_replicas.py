"""Replicas of one engine: each gets what it has slots for, and the work is spread evenly."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.support.launching import EngineHome, finish

from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import EngineHandle, Pool

NUM_SLOTS = 2


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


async def watch(handle: EngineHandle, seen: list[tuple[int, ...]]) -> None:
    """Note how many requests each replica has in progress, again and again."""
    while True:
        if answers := await handle.health():
            seen.append(tuple(health.running for health in answers))
        await asyncio.sleep(0.02)


async def test_each_replica_has_as_much_to_do_as_it_has_slots(home: EngineHome) -> None:
    notices: list[PoolNotice] = []
    seen: list[tuple[int, ...]] = []
    async with Pool(home.launchers, on_event=notices.append) as pool:
        spec = home.spec({"RUN_S": "0.5", "SLOTS": str(NUM_SLOTS)})
        handle = await pool.acquire(spec, replicas=2)
        assert handle.slots == 2 * NUM_SLOTS
        watcher = asyncio.create_task(watch(handle, seen))
        await asyncio.gather(*(finish(handle, home.audio) for _ in range(9)))
        watcher.cancel()
    assert max(map(max, seen)) == NUM_SLOTS
    assert (NUM_SLOTS, NUM_SLOTS) in seen
    assert not [notice for notice in notices if isinstance(notice, Trouble)]


async def test_two_requests_are_not_given_to_one_of_two(home: EngineHome) -> None:
    seen: list[tuple[int, ...]] = []
    async with Pool(home.launchers) as pool:
        spec = home.spec({"RUN_S": "0.7", "SLOTS": str(NUM_SLOTS)})
        handle = await pool.acquire(spec, replicas=2)
        watcher = asyncio.create_task(watch(handle, seen))
        await asyncio.gather(*(finish(handle, home.audio) for _ in range(2)))
        watcher.cancel()
    assert max(seen) == (1, 1)
