"""What outlives a run, opened for one: on this machine, and the store maybe at an address."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from dalston_cli.pipeline.endpoints import Tell
from dalston_cli.pipeline.events import Event, WarningRaised
from dalston_cli.pipeline.records.claims import CLAIMS_NAME, Claims
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.journal_schema import IN_MEMORY
from dalston_cli.pipeline.records.passing_store import PassingStore
from dalston_cli.pipeline.records.remote_claims import BothClaims, RemoteClaims
from dalston_cli.pipeline.records.remote_store import RemoteStore
from dalston_cli.pipeline.records.store import STORE_NAME, FileStore, KeptResults, ResultStore
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.settings.locations import Locations

Emit = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Records:
    """What outlives a run.

    Attributes:
        claims_here: Between runs of this machine.
        shared: Between all who share a store at an address; None where it is on this machine.
    """

    journal: Journal
    store: ResultStore
    claims_here: Claims
    shared: RemoteClaims | None

    @property
    def claims(self) -> Claims | BothClaims:
        """Claims on results."""
        here, shared = self.claims_here, self.shared
        return here if shared is None else BothClaims(here, shared)


def open_records(
    stack: AsyncExitStack,
    folder: Address | None,
    locations: Locations,
    emit: Emit,
    *,
    passing: bool = False,
) -> Records:
    """Open what a run needs, with the store at ``folder``, or on this machine.

    What has to be closed after it is put on ``stack``.

    Args:
        stack: Closes them.
        folder: Of the store; None for this machine.
        locations: Of this machine.
        emit: Takes warnings.
        passing: The run leaves nothing: all of it is in memory.
    """
    if passing:
        return _passing_records(stack, locations)
    journal = stack.enter_context(Journal(locations.state / JOURNAL_NAME))
    here = stack.enter_context(Claims(journal, locations.state / CLAIMS_NAME))
    tell = teller(emit)
    store = open_store(folder, locations, tell)
    shared = None
    if isinstance(store, RemoteStore):
        shared = stack.enter_context(RemoteClaims(store, tell))
    return Records(journal=journal, store=store, claims_here=here, shared=shared)


def open_store(
    folder: Address | None, locations: Locations, tell: Tell, *, is_listed: bool = False
) -> KeptResults:
    """Return the store at an address; that of this machine where there is none.

    Args:
        folder: The address.
        locations: The folders of this machine.
        tell: Takes warnings, in any thread.
        is_listed: A store at an address is listed once, since much is asked for.
    """
    if folder is None:
        return FileStore(locations.state / STORE_NAME)
    return RemoteStore(folder, locations.cache, tell, is_listed=is_listed)


def _passing_records(stack: AsyncExitStack, locations: Locations) -> Records:
    journal = stack.enter_context(Journal(IN_MEMORY))
    claims = stack.enter_context(Claims(journal, locations.state / CLAIMS_NAME))
    return Records(journal=journal, store=PassingStore(), claims_here=claims, shared=None)


def teller(emit: Emit) -> Tell:
    """Return what takes warnings in any thread, for the loop that runs now."""
    loop = asyncio.get_running_loop()

    def tell(code: str, text: str) -> None:
        with suppress(RuntimeError):  # the loop is closed: nothing listens any more
            loop.call_soon_threadsafe(emit, WarningRaised(code=code, message=text))

    return tell


def tell_nothing(code: str, text: str) -> None:
    """Take a warning that a run tells, too."""
    del code, text
