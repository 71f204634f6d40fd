"""Which results of the store go: by age, by the room that they take, or of unknown origin."""

import time
from collections.abc import Sequence

from dalston_cli.pipeline.records.entry import StoredSize
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.pipeline.records.traces import is_attributed


def stored_sizes(store: KeptResults) -> tuple[StoredSize, ...]:
    """Return every value of the store, the oldest first."""
    return tuple(sorted(store.sizes(), key=lambda each: (each.stored_at, each.key)))


def select_results(
    store: KeptResults,
    *,
    older_than_s: float | None = None,
    max_bytes: int | None = None,
    unattributed: bool = False,
) -> tuple[StoredSize, ...]:
    """Return the results that go.

    Args:
        store: The store.
        older_than_s: Those stored longer ago, in seconds; None for no such limit.
        max_bytes: The oldest go until the others take no more than this; None for no limit.
        unattributed: Those of an earlier version, which do not tell what they are about.
    """
    every = stored_sizes(store)
    going: dict[str, StoredSize] = {}
    if older_than_s is not None:
        before = time.time() - older_than_s
        going |= {each.key: each for each in every if each.stored_at < before}
    if unattributed:
        unknown = {file.key for file in store.files() if not is_attributed(file)}
        going |= {each.key: each for each in every if each.key in unknown}
    if max_bytes is not None:
        going |= {each.key: each for each in _too_many(every, going, max_bytes)}
    return tuple(going.values())


def _too_many(
    every: Sequence[StoredSize], going: dict[str, StoredSize], max_bytes: int
) -> list[StoredSize]:
    """Return the oldest results besides those that go already, until the rest fits."""
    staying = [each for each in every if each.key not in going]
    total = sum(each.size_bytes for each in staying)
    more = []
    for each in staying:
        if total <= max_bytes:
            break
        more.append(each)
        total -= each.size_bytes
    return more
