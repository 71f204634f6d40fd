"""A store in memory, for a run whose results are not asked for again."""

from collections.abc import Callable
from typing import Self, TypeVar

from msgspec import Struct

from dalston_cli.pipeline.records.entry import Value

Found = TypeVar("Found")


class PassingStore:
    """Stage results that go with their run; see ``ResultStore``."""

    def __init__(self) -> None:
        self._values: dict[str, Struct] = {}

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none."""
        value = self._values.get(key)
        return value if isinstance(value, kind) else None

    async def look_up(self, ask: Callable[[Self], Found]) -> Found:
        """Return what ``ask`` finds here."""
        return ask(self)

    async def keep(
        self, key: str, value: Struct, *, of: tuple[str, ...] = (), costly: bool = True
    ) -> None:
        """Keep ``value`` as long as the run lasts."""
        del of, costly
        self._values[key] = value
