"""The replicas of one engine that we use: who is free, who is missing, who is let go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dalston_cli.launchers.pool.member import Member
from dalston_cli.launchers.pool.supply import Supply


class Crew:
    """As many ready engines as are wanted, refilled when one is lost.

    Args:
        supply: Where they come from.
    """

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self.members: tuple[Member, ...] = ()
        self._wanted = 0
        self._changed = asyncio.Condition()
        self._refilling: asyncio.Task[None] | None = None

    async def grow(self, replicas: int) -> None:
        """Have at least so many, as far as they can be had.

        Raises:
            EngineUnavailableError: There is not one.
        """
        self._wanted = max(self._wanted, replicas)
        if len(self.members) < self._wanted:
            await self._refill()

    @asynccontextmanager
    async def slot(self, *, alone: bool) -> AsyncIterator[Member]:
        """Hold a slot of the replica that has least to do; waits for one.

        Args:
            alone: Hold all slots of a replica, so that none of our other requests is harmed by
                what this one does to it.

        Raises:
            EngineUnavailableError: There is no replica, and none can be had.
        """
        member, num_slots = await self._reserve(alone=alone)
        try:
            yield member
        finally:
            async with self._changed:
                member.active -= num_slots
                self._changed.notify_all()

    async def drop(self, member: Member, *, stop_s: float | None = None) -> None:
        """Use ``member`` no more; whoever waits for it goes on with the others or a new one.

        Args:
            member: May be dropped already, by another request that it let down.
            stop_s: Stop it, and how long it may go on with what runs; None lets it be.
        """
        self.supply.avoid(member.instance)
        async with self._changed:
            known = member in self.members
            self.members = tuple(each for each in self.members if each is not member)
            self._changed.notify_all()
        if not known:
            return
        await member.close()
        launcher = self.supply.launcher
        if not launcher.manages:
            return
        if stop_s is not None and member.instance.owned:
            await asyncio.to_thread(launcher.stop, member.instance, timeout_s=stop_s)
        if self.members:
            self._start_refill()  # the others go on meanwhile

    async def close(self) -> None:
        """Close the connections; the engines go on until their keep-alive is over."""
        if self._refilling is not None:
            self._refilling.cancel()
            await asyncio.wait([self._refilling])
        for member in self.members:
            await member.close()
        self.members = ()

    async def _reserve(self, *, alone: bool) -> tuple[Member, int]:
        while True:
            async with self._changed:
                free = [member for member in self.members if _is_free(member, alone=alone)]
                if free:
                    chosen = min(free, key=lambda member: member.load)
                    num_slots = chosen.health.slots if alone else 1
                    chosen.active += num_slots
                    return chosen, num_slots
                if self.members:
                    await self._changed.wait()
                    continue
            await self._refill()

    async def _refill(self) -> None:
        """Wait until what is missing is there; one that waits may give up without the others."""
        await asyncio.shield(self._start_refill())

    def _start_refill(self) -> asyncio.Task[None]:
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._fill())
            self._refilling.add_done_callback(_take_exception)
        return self._refilling

    async def _fill(self) -> None:
        missing = self._wanted - len(self.members)
        if missing <= 0:
            return
        taken = frozenset(member.instance.identity for member in self.members)
        members = await self.supply.take(missing, taken=taken)
        async with self._changed:
            self.members += tuple(members)
            self._changed.notify_all()


def _is_free(member: Member, *, alone: bool) -> bool:
    return member.active == 0 if alone else member.active < member.health.slots


def _take_exception(task: asyncio.Task[None]) -> None:
    """Those who waited have seen it; with nobody waiting the other replicas go on without."""
    if not task.cancelled():
        task.exception()
