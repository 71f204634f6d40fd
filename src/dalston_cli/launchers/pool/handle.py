"""One engine of a pool: its replicas, seen as one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dalston_cli.launchers.contact import ask_health
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.provisioner import Provisioner
from dalston_cli.launchers.pool.replicas import ReplicaSet
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_sdk.wire import Health


class EngineHandle:
    """The replicas of one engine; made by ``Pool.acquire``.

    Attributes:
        fingerprint: The fingerprint that all replicas share.
    """

    def __init__(self, provisioner: Provisioner, *, limits: PoolLimits) -> None:
        self.fingerprint = provisioner.fingerprint
        self._limits = limits
        self._replicas = ReplicaSet(provisioner)

    @property
    def slots(self) -> int:
        """Number of requests that are worked on at the same time, over all replicas."""
        return self._replicas.slots

    async def health(self) -> tuple[Health, ...]:
        """Ask each replica how it is; those that do not answer are missing from the result."""
        answers = await asyncio.gather(
            *(ask_health(replica.instance.address) for replica in self._replicas.replicas),
            return_exceptions=True,
        )
        return tuple(answer for answer in answers if isinstance(answer, Health))

    async def grow(self, replicas: int) -> None:
        """Have at least ``replicas``, or as many as can be started.

        Raises:
            EngineUnavailableError: There is not one.
        """
        await self._replicas.grow(replicas)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[EngineSlot]:
        """Wait for a free slot of any replica, and hold it.

        Raises:
            EngineUnavailableError: All replicas were lost, and none can be started.
        """
        slot = EngineSlot(self._replicas, self._limits)
        await slot.reserve()
        try:
            yield slot
        finally:
            slot.release()

    async def close(self) -> None:
        """Close the connections; the engines run until their keep-alive is over."""
        await self._replicas.close()
