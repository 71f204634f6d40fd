"""Claims in a store that several machines share: of all that need a result, one works on it.

A claim is a file that is created only where none is, which the store itself decides. It names its
holder, a process that writes a file of its own every few seconds. A holder whose file is gone, or
did not change for a while, is dead: each machine measures that with its own clock. The claim of a
dead holder is not replaced: it is followed by one whose name has the dead holder's in it, which
again only one process can create. So a store needs to know no other condition.

Claims save work and nothing else: what counts is what the store has. A process that cannot reach
the store for a while may lose its claims, and the work may be done twice.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

import msgspec
from msgspec import Struct

from dalston_cli.pipeline.endpoints import Tell, in_daemon_thread
from dalston_cli.pipeline.records.claims import Claims
from dalston_cli.pipeline.records.remote_store import RemoteStore, StoreUnusableError
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import NoConditionsError
from dalston_cli.pipeline.remote.filesystem import Condition, Store

CLAIMS_NAME = "claims"
HOLDERS_NAME = "holders"

BEAT_S = 10.0
"""Between two signs of life."""

DEAD_AFTER_S = 40.0
"""Without a sign of life."""

_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""Between looks at a claim that another process has; the last one again and again."""

_LOOK_S = 1.0
"""The life of a holder is looked at no more often, however many jobs wait for it."""

_MOST_BYTES = 4096
_ANY = Condition(there=None, any=True)

_Files = tuple[Address, ...]
"""Those that make up a claim: of dead holders, and the last one ours."""


class _Claim(Struct, frozen=True, kw_only=True):
    """One claim as a file.

    Attributes:
        token: Of one job; what tells whether a write whose answer was lost was ours.
    """

    holder: str
    token: str


@dataclass(kw_only=True)
class _Sign:
    """A file that changes as long as a process lives, as it was seen last.

    Attributes:
        changed_at, looked_at: By this machine's clock that never goes back.
    """

    content: bytes | None
    changed_at: float
    looked_at: float

    @property
    def is_of_the_living(self) -> bool:
        """True if it is there and changed not long ago."""
        return self.content is not None and time.monotonic() - self.changed_at < DEAD_AFTER_S


class RemoteClaims:
    """The claims of one process in a shared store, which end with it.

    Attributes:
        on_wait: Called when a job begins to wait for another machine, or another process.
    """

    def __init__(self, store: RemoteStore, tell: Tell) -> None:
        self._store = store
        self._folder = store.folder
        self._tell = tell
        self._name = secrets.token_hex(8)
        self._ready: bool | None = None
        self._preparing = asyncio.Lock()
        self._num_asking = 0
        self._asked = threading.Condition()
        self._signs: dict[Address, _Sign] = {}
        self._looking = threading.Lock()
        self._unreleased: list[Address] = []
        self._ended = threading.Event()
        self._writing = threading.Lock()  # no sign of life is written after the last one is removed
        self.on_wait: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of everything, also of what jobs began to ask for that were cancelled."""
        self._ended.set()
        with self._asked:  # after that time others take the claims anyway
            self._asked.wait_for(lambda: not self._num_asking, timeout=DEAD_AFTER_S)
        if self._ready:
            with suppress(StoreUnusableError), self._writing:
                self._release(())
                self._remove(self._holder(self._name))

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[None]:
        """Wait until no other process works on the result under ``key``, and hold it.

        Raises:
            StoreUnusableError: The store cannot be asked.
        """
        async with self._preparing:
            if self._ready is None:
                await self._in_thread(self._prepare)
        if not self._ready:
            yield
            return
        claim = await self._taken(_Claim(holder=self._name, token=secrets.token_hex(8)), key)
        try:
            yield
        finally:
            await self._in_thread(partial(self._release, claim))

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Do ``work`` in a thread, which goes on if the job is cancelled: the end waits for it."""

        def counted() -> None:
            try:
                work()
            finally:
                with self._asked:
                    self._num_asking -= 1
                    self._asked.notify_all()

        with self._asked:
            self._num_asking += 1
        await in_daemon_thread(counted)

    async def _taken(self, mine: _Claim, key: str) -> _Files:
        """Return the files that make up a claim, the last one ours, once it can be had."""
        number = 0
        while not (claim := await self._looked(mine, key, is_first_look=number == 0)):
            if number == 0:
                self.on_wait()
            await asyncio.sleep(_PAUSES_S[min(number, len(_PAUSES_S) - 1)])
            number += 1
        return claim

    async def _looked(self, mine: _Claim, key: str, *, is_first_look: bool) -> _Files:
        """Take a claim in a thread; let go of it where the job was cancelled meanwhile."""
        taken: list[_Files] = []
        cancelled = threading.Event()

        def let_go() -> None:
            with suppress(IndexError):  # once, whichever thread is first
                self._release(taken.pop())

        def take() -> None:
            taken.append(self._take(mine, key, is_first_look=is_first_look))
            if cancelled.is_set():
                let_go()

        try:
            await self._in_thread(take)
        except asyncio.CancelledError:
            cancelled.set()
            if taken:
                await self._in_thread(let_go)
            raise
        return taken[0]

    def _take(self, mine: _Claim, key: str, *, is_first_look: bool) -> _Files:
        """Take a claim; return nothing where another process that lives has it.

        Where one is likely to be there it is looked at before it is written, which some stores
        allow only once a second.
        """
        name, first = key, b""
        before: _Files = ()
        while True:
            address = self._folder.below(f"{CLAIMS_NAME}/{name}")
            there = None if is_first_look else self._read(address)
            if there is None and self._create(address, mine):
                return self._standing((*before, address), first)
            there = there or self._read(address)
            if there is None:
                return ()  # it was let go of in between
            claim = _decoded(there)
            if claim is not None and claim.token == mine.token:  # the answer was lost
                return self._standing((*before, address), first)
            if self._is_held(address, claim):
                return ()
            first = first or there
            before = (*before, address)
            name = f"{key}.{claim.holder if claim else 'torn'}"

    def _standing(self, claim: _Files, first: bytes) -> _Files:
        """Return a claim, unless it follows one that is not there any more.

        Who held that then let go of all of it, the first file first, and others may have begun
        there anew.
        """
        if len(claim) > 1 and self._read(claim[0]) != first:
            self._release(claim[-1:])
            return ()
        return claim

    def _is_held(self, address: Address, claim: _Claim | None) -> bool:
        """Return True if the holder of a claim lives; of a torn claim, if it is new."""
        if claim is not None and claim.holder == self._name:
            return True
        return self._lives(address if claim is None else self._holder(claim.holder))

    def _lives(self, sign: Address) -> bool:
        """Return True unless a file is gone, or has been the same for long."""
        with self._looking:
            now, known = time.monotonic(), self._signs.get(sign)
            if known is None or now - known.looked_at >= _LOOK_S:
                content = self._read(sign)
                is_same = known is not None and known.content == content
                changed_at = known.changed_at if known is not None and is_same else now
                known = _Sign(content=content, changed_at=changed_at, looked_at=now)
                self._signs[sign] = known
            return known.is_of_the_living

    def _release(self, claims: _Files) -> None:
        """Remove the files of a claim, the first one first; later where the store is silent now."""
        self._unreleased += claims
        with suppress(IndexError):  # each is taken by one thread
            while True:
                claim = self._unreleased.pop(0)
                try:
                    self._remove(claim)
                except StoreUnusableError:
                    self._unreleased.append(claim)
                    return

    def _prepare(self) -> None:
        """Find out whether there can be claims, once."""
        with self._writing:
            if self._ready is None:
                self._ready = self._begin()

    def _begin(self) -> bool:
        """Begin to give signs of life; return False where the store knows no conditions.

        Some stores accept a condition and ignore it.
        """
        holder = self._holder(self._name)
        try:
            self._create(holder, self._name)
            is_unconditional = self._create(holder, self._name)
        except NoConditionsError:
            is_unconditional = True
        if is_unconditional:
            self._remove(holder)
            self._tell(
                "no_claims",
                f"{self._folder.shown} knows no conditional writes: where several machines work on"
                " the same recordings at once, a stage may be done twice",
            )
            return False
        threading.Thread(target=self._beat, daemon=True).start()
        return True

    def _beat(self) -> None:
        """Give signs of life until this process lets go."""
        holder, number = self._holder(self._name), 0
        while not self._ended.wait(BEAT_S):
            number += 1
            content = msgspec.json.encode([self._name, number])
            with suppress(StoreUnusableError), self._writing:
                if self._ended.is_set():
                    return
                self._store.ask(partial(_written, holder, content))
                self._release(())

    def _create(self, address: Address, content: object) -> bool:
        data = msgspec.json.encode(content)
        return self._store.ask(lambda store: store.create(address, data))

    def _read(self, address: Address) -> bytes | None:
        return self._store.ask(lambda store: store.content(address, _MOST_BYTES))

    def _remove(self, address: Address) -> None:
        self._store.ask(lambda store: store.remove(address))

    def _holder(self, name: str) -> Address:
        return self._folder.below(f"{HOLDERS_NAME}/{name}")


class BothClaims:
    """Claims between runs of this machine, and then in a store that others share."""

    def __init__(self, here: Claims, shared: RemoteClaims) -> None:
        self._here = here
        self._shared = shared

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[None]:
        """Wait until no other job works on the result under ``key``, and hold it."""
        async with self._here.held(key), self._shared.held(key):
            yield


def _written(address: Address, content: bytes, store: Store) -> None:
    store.write(address, content, _ANY)


def _decoded(data: bytes) -> _Claim | None:
    """Return a claim; None for one that is not, or not yet, written whole."""
    try:
        return msgspec.json.decode(data, type=_Claim)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
