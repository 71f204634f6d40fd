"""Events of the pool, as values for its caller; a run passes the first two on as they are."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

StartStep = Literal["environment", "process", "model"]


class _Notice(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Something that happened to an engine."""


class Starting(_Notice, frozen=True, kw_only=True, tag="engine_starting"):
    """An engine is being started; a step may come several times, each with a new message."""

    engine: str
    launcher: str
    step: StartStep
    message: str = ""


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


class Trouble(_Notice, frozen=True, kw_only=True, tag="engine_trouble"):
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
