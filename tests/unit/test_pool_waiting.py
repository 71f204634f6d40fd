"""Requests that wait for a slot: which is woken, and what becomes of unused slots."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import cast

import pytest

from dalston_cli.launchers.base import EngineInstance
from dalston_cli.launchers.pool.provisioner import Provisioner
from dalston_cli.launchers.pool.readiness import Replica
from dalston_cli.launchers.pool.replicas import ReplicaSet, Reservation
from dalston_sdk.client import EngineClient
from dalston_sdk.wire import Health


class Counted(Replica):
    """A replica that counts how often it was looked at."""

    looks = 0

    def is_free(self, *, alone: bool) -> bool:
        self.looks += 1
        return super().is_free(alone=alone)


class Ready:
    """Gives replicas of two slots, all of them at once."""

    def __init__(self) -> None:
        self.launcher = type("Remote", (), {"manages": False})

    async def take(self, missing: int, *, taken: Collection[str]) -> list[Replica]:
        del taken
        return [
            Counted(
                instance=cast("EngineInstance", type("Instance", (), {"identity": str(number)})),
                client=cast("EngineClient", None),
                health=Health(
                    status="ready",
                    engine="counted",
                    version="0",
                    protocol=1,
                    oldest_protocol=1,
                    fingerprint="",
                    device="cpu",
                    pid=0,
                    slots=2,
                    running=0,
                    rss_mb=0.0,
                    uptime_s=0.0,
                ),
                connection=AsyncExitStack(),
            )
            for number in range(missing)
        ]

    def avoid(self, instance: EngineInstance) -> None:
        """Do nothing: none is asked for again."""


async def full(replicas: int) -> tuple[ReplicaSet, list[Reservation]]:
    """Return replicas of which every slot is held."""
    found = ReplicaSet(cast("Provisioner", Ready()))
    await found.grow(replicas)
    return found, [await found.reserve(alone=False) for _ in range(2 * replicas)]


async def queue(replicas: ReplicaSet, number: int, order: list[int]) -> list[asyncio.Task[None]]:
    """Return requests that wait, and note their numbers as they get slots."""

    async def one(place: int) -> None:
        await replicas.reserve(alone=False)
        order.append(place)

    waiting = [asyncio.create_task(one(place)) for place in range(number)]
    await asyncio.sleep(0)
    return waiting


async def turns() -> None:
    """Let every task go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def end(waiting: list[asyncio.Task[None]]) -> None:
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_slot_wakes_the_first_that_waits_and_no_other() -> None:
    replicas, held = await full(8)
    order: list[int] = []
    waiting = await queue(replicas, 100, order)
    counted = [each for each in replicas.replicas if isinstance(each, Counted)]
    before = sum(each.looks for each in counted)

    for reservation in held[:3]:
        replicas.release(reservation)
    await turns()

    assert order == [0, 1, 2]
    looks = sum(each.looks for each in counted) - before
    assert looks <= 2 * 3 * len(counted), "as many as slots, not as many as requests that wait"
    await end(waiting)


async def test_a_request_that_ends_in_the_moment_of_its_turn_gives_the_slot_on() -> None:
    replicas, held = await full(1)
    order: list[int] = []
    waiting = await queue(replicas, 2, order)

    replicas.release(held[0])
    waiting[0].cancel()  # it has its slot, and has not gone on yet
    await turns()

    assert order == [1]
    assert replicas.replicas[0].active == 2
    await end(waiting)


async def test_one_that_wants_a_replica_alone_does_not_stop_those_behind_it() -> None:
    replicas, held = await full(1)
    alone = asyncio.create_task(replicas.reserve(alone=True))
    await asyncio.sleep(0)
    order: list[int] = []
    waiting = await queue(replicas, 1, order)

    replicas.release(held[0])
    await turns()
    assert order == [0]
    assert not alone.done()

    for _ in range(2):
        replicas.release(held[1])
    assert (await alone).num_slots == 2
    await end(waiting)


@pytest.mark.parametrize("left", [0, 1])
async def test_a_dropped_replica_keeps_no_request_waiting(left: int) -> None:
    replicas, _ = await full(1 + left)
    order: list[int] = []
    waiting = await queue(replicas, 3, order)
    first = replicas.replicas[0]

    await replicas.drop(first)
    if left:
        replicas.release(Reservation(replicas.replicas[0], 2))
    await turns()

    assert first not in replicas.replicas
    assert order == [0, 1, 2][: len(order)]
    assert len(order) >= 2, "of a new replica's slots, or those of the one that is left"
    await end(waiting)
