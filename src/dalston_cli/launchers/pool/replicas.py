"""The replicas of one engine that a run uses, and the only count of their slots."""

import asyncio
from collections.abc import Hashable

from msgspec import Struct

from dalston_cli.launchers.pool.provisioner import Provisioner
from dalston_cli.launchers.pool.readiness import Replica


class Reservation(Struct, frozen=True):
    """Slots of a replica that one request holds."""

    replica: Replica
    num_slots: int


class ReplicaSet:
    """As many ready replicas as are wanted, refilled when one is lost.

    Capacity follows the replicas: it rises when one joins and falls when one is lost.

    Attributes:
        kept_whole: Kinds of requests that are not split over replicas.
    """

    def __init__(self, provisioner: Provisioner) -> None:
        self.provisioner = provisioner
        self.replicas: tuple[Replica, ...] = ()
        self.kept_whole: set[Hashable] = set()
        self._wanted = 0
        self._waiting: dict[asyncio.Future[Reservation | None], bool] = {}
        self._refilling: asyncio.Task[None] | None = None

    @property
    def slots(self) -> int:
        """Number of requests that are worked on at the same time, over all replicas."""
        return sum(replica.slots for replica in self.replicas)

    @property
    def has_waiting(self) -> bool:
        """True if a request waits for a slot."""
        return any(not turn.done() for turn in self._waiting)

    @property
    def has_idle(self) -> bool:
        """True if a replica does nothing, and no request waits for one."""
        return not self.has_waiting and any(each.active == 0 for each in self.replicas)

    @property
    def are_several(self) -> bool:
        """True if there are several replicas, or are to be."""
        return max(self._wanted, len(self.replicas)) > 1

    async def grow(self, replicas: int) -> None:
        """Have at least ``replicas``, or as many as can be started.

        Raises:
            EngineUnavailableError: There is not one.
        """
        self._wanted = max(self._wanted, replicas)
        if len(self.replicas) < self._wanted:
            await self._refill()

    async def reserve(self, *, alone: bool) -> Reservation:
        """Wait for a slot of the replica with the lowest load.

        With ``alone`` take all its slots: a request that may crash it then harms no other of ours.

        Raises:
            EngineUnavailableError: There is no replica, and none can be started.
        """
        while True:
            reservation = self._reserved(alone=alone)
            if reservation is None and self.replicas:
                reservation = await self._turn(alone=alone)
            elif reservation is None:
                await self._refill()
            if reservation is not None and reservation.replica in self.replicas:
                return reservation

    def _reserved(self, *, alone: bool) -> Reservation | None:
        """Return slots of the free replica with the lowest load; None where none is free."""
        free = [each for each in self.replicas if each.is_free(alone=alone)]
        if not free:
            return None
        replica = min(free, key=lambda each: each.load)
        num_slots = replica.slots if alone else 1
        replica.active += num_slots
        return Reservation(replica, num_slots)

    async def _turn(self, *, alone: bool) -> Reservation | None:
        """Wait for the slots that are handed over; None where another look is needed."""
        turn: asyncio.Future[Reservation | None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = alone
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and (reservation := turn.result()):
                self.release(reservation)
            raise
        finally:
            self._waiting.pop(turn, None)

    def reserve_idle(self) -> Reservation | None:
        """Take a slot of a replica that does nothing; None without one, or if requests wait."""
        if not self.has_idle:
            return None
        replica = next(each for each in self.replicas if each.active == 0)
        replica.active += 1
        return Reservation(replica, 1)

    def release(self, reservation: Reservation) -> None:
        """Give slots back; those of a replica that was dropped are gone with it."""
        reservation.replica.active -= reservation.num_slots
        self._notify()

    async def drop(self, replica: Replica, *, stop_s: float | None = None) -> None:
        """Stop using ``replica``; waiting requests go on with the others or a new one.

        ``stop_s`` stops the engine, after so many seconds for what runs; None leaves it running.
        """
        self.provisioner.avoid(replica.instance)
        if replica not in self.replicas:
            return
        self.replicas = tuple(each for each in self.replicas if each is not replica)
        self._notify()
        await replica.close()
        launcher = self.provisioner.launcher
        if not launcher.manages:
            return
        if stop_s is not None and replica.instance.owned:
            await asyncio.to_thread(launcher.stop, replica.instance, timeout_s=stop_s)
        if self.replicas:
            self._start_refill()  # the other replicas work meanwhile

    async def close(self) -> None:
        """Close the connections; the engines run until their keep-alive is over."""
        if self._refilling is not None:
            self._refilling.cancel()
            await asyncio.wait([self._refilling])
        for replica in self.replicas:
            await replica.close()
        self.replicas = ()

    def _notify(self) -> None:
        """Hand what is free to the requests that wait, in the order in which they came.

        Only these are woken: with many replicas, many wait, and each would look at all of them.
        """
        for turn, alone in tuple(self._waiting.items()):
            if turn.done():
                continue  # it was cancelled, or has its slots
            reservation = self._reserved(alone=alone)
            if reservation is not None or not self.replicas:
                turn.set_result(reservation)
            elif not alone:
                return

    async def _refill(self) -> None:
        """Wait for the missing replicas; a waiter that is cancelled does not cancel the others."""
        await asyncio.shield(self._start_refill())

    def _start_refill(self) -> asyncio.Task[None]:
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._fill())
            self._refilling.add_done_callback(_take_exception)
        return self._refilling

    async def _fill(self) -> None:
        missing = self._wanted - len(self.replicas)
        if missing <= 0:
            return
        taken = frozenset(replica.instance.identity for replica in self.replicas)
        joined = await self.provisioner.take(missing, taken=taken)
        self.replicas += tuple(joined)
        self._notify()


def _take_exception(task: asyncio.Task[None]) -> None:
    """Mark the exception as seen: if no request waits for it, the other replicas go on."""
    if not task.cancelled():
        task.exception()
