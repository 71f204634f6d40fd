"""Memory limits of containers: those of all engines together stay below the machine's memory.

An engine that starts gets what the others leave, and equal shares are made room for: an engine of
ours that may take more is given less, but never less than it takes now and some more. What engines
of other owners take, such as services of Compose, counts as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dalston_cli.errors import EngineUnavailableError

_PART = 0.8
"""Share of the machine's memory for all engines together."""
_HEADROOM = 1.25
_LEAST_MB = 300
"""With less, an engine does not even start."""


class MemoryTakenError(EngineUnavailableError):
    """The engines that run leave no memory for another one."""

    code = "memory_taken"

    def __init__(self, engine: str, left_mb: int, total_mb: int) -> None:
        super().__init__(
            f"engine {engine} cannot be started: of the {total_mb:,} MB that engines may take "
            f"together, those that run leave {max(0, left_mb):,} MB",
            hint="see which take most with dalston engines stats, then: dalston engines stop NAME",
        )


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The memory of a running container.

    Attributes:
        limit_mb: The most that it may take; None if it has no limit.
        used_mb: Its present use.
        ours: Its limit may be changed.
    """

    id: str
    limit_mb: int | None
    used_mb: float
    ours: bool

    @property
    def needed_mb(self) -> int:
        """Its present use, and some more."""
        return int(self.used_mb * _HEADROOM)


@dataclass(frozen=True, kw_only=True)
class Division:
    """The limit of a new container, and new limits of running ones by their ids."""

    limit_mb: int
    lowered: dict[str, int] = field(default_factory=dict)


def divide_memory(
    engine: str, total_mb: int, ceiling_mb: int | None, running: Sequence[Taken]
) -> Division:
    """Divide the memory of a machine among its engines and a new one.

    Args:
        engine: Name of the new engine.
        total_mb: Memory of the machine.
        ceiling_mb: The most that the new one is to get; None for no such limit.
        running: Every container of an engine.

    Raises:
        MemoryTakenError: The others leave too little.
    """
    budget = int(_PART * total_mb)
    ours = [one for one in running if one.ours]
    free = budget - sum(one.needed_mb for one in running if not one.ours)
    share = free // (len(ours) + 1)
    limits = {one.id: _lowered(one, share) for one in ours}
    left = free - sum(limits.values())
    limit = min(left, ceiling_mb or left)
    if limit < min(_LEAST_MB, ceiling_mb or _LEAST_MB):
        raise MemoryTakenError(engine, left, budget)
    lowered = {one.id: limits[one.id] for one in ours if limits[one.id] != one.limit_mb}
    return Division(limit_mb=limit, lowered=lowered)


def _lowered(one: Taken, share: int) -> int:
    """Return the limit of a running container of ours where each is to have a share."""
    limit = max(share, one.needed_mb)
    return limit if one.limit_mb is None else min(limit, one.limit_mb)
