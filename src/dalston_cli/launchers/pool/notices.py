"""Events of the pool, as values for its caller; a run passes the first two on as they are."""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from dalston_sdk.wire import Health

_LEAST_STEP = 1_000_000

StartStep = Literal["environment", "process", "model"]


class _Notice(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Something that happened to an engine."""


class Starting(_Notice, frozen=True, kw_only=True, tag="engine_starting"):
    """An engine is being started; a step may come several times, each with more to tell.

    Attributes:
        message: A line of what builds its environment or image.
        done_bytes: Downloaded so far, for the environment.
        total_bytes: To be downloaded in all; 0 where it is not known.
        part: What is done of it, from 0 to 1, where no bytes are told, as for images.
    """

    engine: str
    launcher: str
    step: StartStep
    message: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    part: float = 0.0


class Ready(_Notice, frozen=True, kw_only=True, tag="engine_ready"):
    """An engine answers.

    Attributes:
        reused: It was running already.
        reason: Why this launcher was chosen.
    """

    engine: str
    launcher: str
    device: str
    reused: bool
    elapsed_s: float = 0.0
    reason: str = ""


class PassedOver(_Notice, frozen=True, kw_only=True, tag="engine_passed_over"):
    """A running engine of another owner is not used.

    Attributes:
        address: Where it listens; empty if that is not known.
    """

    engine: str
    launcher: str
    address: str
    reason: str


class Trouble(_Notice, frozen=True, kw_only=True, tag="engine_trouble"):
    """Something went wrong and is being dealt with.

    Attributes:
        code: ``engine_crashed``, ``engine_silent``, ``device_lost``, ``engine_busy``,
            ``replica_missing`` or ``not_split``.
    """

    engine: str
    launcher: str
    code: str
    message: str


class Taken(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine takes of the machine.

    Attributes:
        model: The loaded model as its library calls it; None while none is.
        replicas: Processes that were used of it.
        threads: Processor threads of each; None where it does not tell.
        memory_mb: Of one process, the largest of them.
        vram_mb: Likewise, on the GPU; None without one.
    """

    engine: str
    device: str
    model: str | None = None
    replicas: int = 1
    threads: int | None = None
    memory_mb: float = 0.0
    vram_mb: float | None = None


def taken_by(engine: str, device: str, replicas: Sequence[Health]) -> Taken | None:
    """Return what the replicas of an engine take, which answered so; None where none did."""
    if not replicas:
        return None
    most = max(replicas, key=lambda health: health.rss_mb)
    return Taken(
        engine=engine,
        device=device,
        model=most.loaded.runtime_id if most.loaded else None,
        replicas=len(replicas),
        threads=most.threads,
        memory_mb=round(most.rss_mb, 1),
        vram_mb=max((each.vram_mb for each in replicas if each.vram_mb is not None), default=None),
    )


PoolNotice = Starting | Ready | PassedOver | Trouble
OnNotice = Callable[[PoolNotice], None]


class ByteSteps:
    """Passes on a count of bytes at every hundredth, and at every megabyte at most."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._told = (0, 0)

    def count(self, done: int, total: int) -> None:
        """Take a count: the bytes that are there, and all there are; 0 while unknown."""
        step = max(_LEAST_STEP, total // 100)
        mark = done // step, total
        if mark != self._told or done == total:
            self._told = mark
            self._tell(done, total)


def ignore_notice(notice: PoolNotice) -> None:
    """Do nothing, for callers without interest in notices."""
