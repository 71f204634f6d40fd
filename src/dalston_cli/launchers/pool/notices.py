"""Events of the pool, as values for its caller."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

StartStep = Literal["environment", "process", "model"]


@dataclass(frozen=True, kw_only=True)
class Starting:
    """An engine is being started; a step may come several times, each with a new message."""

    engine: str
    launcher: str
    step: StartStep
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """An engine answers.

    Attributes:
        reused: It was running already.
        reason: Why this launcher was chosen.
    """

    engine: str
    launcher: str
    device: str
    reused: bool
    elapsed_s: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something went wrong and is being dealt with.

    Attributes:
        code: ``engine_crashed``, ``engine_silent``, ``device_lost``, ``engine_busy`` or
            ``replica_missing``.
    """

    engine: str
    launcher: str
    code: str
    message: str


PoolNotice = Starting | Ready | Trouble
OnNotice = Callable[[PoolNotice], None]


def ignore_notice(notice: PoolNotice) -> None:
    """Do nothing, for callers without interest in notices."""
