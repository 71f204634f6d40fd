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


class EngineHandle(ReplicaSet):
    """The replicas of one engine, for its users; made by ``Pool.acquire``."""

    def __init__(self, provisioner: Provisioner, *, limits: PoolLimits) -> None:
        super().__init__(provisioner)
        self._limits = limits

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all replicas share."""
        return self.provisioner.fingerprint

    async def health(self) -> tuple[Health, ...]:
        """Ask each replica how it is; those that do not answer are missing from the result."""
        answers = await asyncio.gather(
            *(ask_health(replica.instance.address) for replica in self.replicas),
            return_exceptions=True,
        )
        return tuple(answer for answer in answers if isinstance(answer, Health))

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[EngineSlot]:
        """Wait for a free slot of any replica, and hold it.

        Raises:
            EngineUnavailableError: All replicas were lost, and none can be started.
        """
        slot = EngineSlot(self, self._limits)
        await slot.reserve()
        try:
            yield slot
        finally:
            slot.release()
