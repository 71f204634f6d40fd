"""What workers share with the command: a mark tells that it is the same for both."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.records.opening import tell_nothing
from dalston_cli.pipeline.records.remote_store import RemoteStore
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.filesystem import Condition
from dalston_cli.pipeline.runners.dask.claims import forget_the_dead, lock_file
from dalston_cli.pipeline.runners.dask.errors import Unfit
from dalston_cli.pipeline.runners.dask.messages import Site
from dalston_cli.private_file import make_private_file, make_private_folder
from dalston_cli.settings.locations import Locations

_RUNS_NAME = "runs"
"""In a store at an address."""

_ANY = Condition(there=None, any=True)
_MOST_BYTES = 4096


@contextmanager
def shared_site(environment: Environment, store: Address | None) -> Iterator[Site]:
    """Keep a mark in the store by which workers know that they share it.

    Raises:
        StateFolderError: The folder cannot be written.
        StoreUnusableError: The store at the address cannot.
    """
    locations = environment.locations
    site = Site(
        run=secrets.token_hex(16),
        state=locations.state,
        models=locations.models,
        store=None if store is None else store.url,
    )
    with _mark_here(site) if store is None else _mark_there(store, site.run, locations):
        yield site


def check_site(site: Site) -> None:
    """Make sure that this worker shares the store with the command.

    Raises:
        Unfit: It does not.
    """
    if site.store is not None:
        _check_there(Address(site.store), site.run)
    elif not (site.shared / site.run).exists():
        raise Unfit(
            f"worker {{worker}} does not see the command's folder of results, {site.state}",
            "workers need a shared folder: export DALSTON_STATE_DIR=/shared/dalston/state for the "
            "command, or a store at an address: --store s3://BUCKET/FOLDER; see docs/cluster.md",
        )


def _check_there(folder: Address, run: str) -> None:
    mark = folder.below(f"{_RUNS_NAME}/{run}")
    try:
        there = _remote(folder).ask(lambda store: store.content(mark, _MOST_BYTES))
    except DalstonError as error:
        raise Unfit(f"worker {{worker}}: {error.message}", error.hint or "") from None
    if there is None:
        raise Unfit(
            f"worker {{worker}} finds another store than the command at {folder.shown}",
            "give workers the variables of the command, such as AWS_ENDPOINT_URL",
        )


@contextmanager
def _mark_there(folder: Address, run: str, locations: Locations) -> Iterator[None]:
    mark = folder.below(f"{_RUNS_NAME}/{run}")
    opened = _remote(folder, locations)
    opened.ask(lambda store: store.write(mark, run.encode(), _ANY))
    try:
        yield
    finally:
        with suppress(DalstonError):
            opened.ask(lambda store: store.remove(mark))


@contextmanager
def _mark_here(site: Site) -> Iterator[None]:
    mark, descriptor = site.shared / site.run, None
    try:
        make_private_folder(site.shared)
        forget_the_dead(site.shared)
        with suppress(OSError):  # a file system without locks
            descriptor = lock_file(mark)
        make_private_file(mark)
    except OSError as error:
        raise StateFolderError(site.state, error.strerror or str(error)) from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
        if descriptor is not None:
            os.close(descriptor)


def _remote(folder: Address, locations: Locations | None = None) -> RemoteStore:
    return RemoteStore(folder, (locations or Locations.from_environment()).cache, tell_nothing)
