"""The progress of a job, for callers that ask once and for those that follow it."""

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
from msgspec import Struct

from dalston_cli.pipeline.events import (
    Event,
    JobFinished,
    JobStarted,
    ModelLoading,
    PartialText,
    StageFinished,
    StageProgress,
    StageStarted,
    WarningRaised,
)

_TOLD = (
    JobStarted
    | ModelLoading
    | PartialText
    | StageFinished
    | StageProgress
    | StageStarted
    | WarningRaised
)
_EVERY_S = 0.5
"""Between two events that tell how far one stage is."""


class StageState(Struct, kw_only=True, omit_defaults=True):
    """How far a stage is, in seconds of audio."""

    state: str
    done_s: float | None = None
    total_s: float | None = None
    elapsed_s: float | None = None
    reason: str | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of a job that another process works on; see ``Progress``."""

    stages: dict[str, StageState] = {}
    duration_s: float | None = None


class Progress:
    """What is known of a job in work.

    Attributes:
        stages: By name, in the order in which they began.
        duration_s: Of the recording; None until it is known.
    """

    def __init__(self) -> None:
        self.stages: dict[str, StageState] = {}
        self.duration_s: float | None = None
        self._told: list[tuple[str, str]] = []
        self._progress_at: dict[str, float] = {}
        self._more = asyncio.Event()
        self._ended = False

    def take(self, event: Event) -> None:
        """Take an event of the run."""
        match event:
            case StageStarted():
                self.stages[event.stage] = StageState(state="running")
            case StageProgress():
                state = self.stages.setdefault(event.stage, StageState(state="running"))
                state.done_s, state.total_s = event.done_s, event.total_s
                if not self._is_due(event):
                    return
            case StageFinished():
                self.stages[event.stage] = StageState(
                    state=event.status, elapsed_s=event.elapsed_s, reason=event.reason
                )
                self.duration_s = event.duration_s or self.duration_s
            case JobFinished():
                return
            case _:
                pass
        if isinstance(event, _TOLD):
            data = msgspec.to_builtins(event)
            kind = data.pop("event")
            data.pop("recording", None)
            self._tell(kind, msgspec.json.encode(data).decode())

    def state(self) -> bytes:
        """Return what is known now, for another process to read as ``Seen``."""
        return msgspec.json.encode(Seen(stages=self.stages, duration_s=self.duration_s))

    def told(self, *, after: int) -> tuple[tuple[str, str], ...]:
        """Return the kinds and data of all events behind the first ``after`` ones."""
        return tuple(self._told[after:])

    def warn(self, code: str, message: str) -> None:
        """Take a warning."""
        self.take(WarningRaised(code=code, message=message))

    def end(self) -> None:
        """Let those that follow know that nothing more comes."""
        self._ended = True
        self._wake()

    async def follow(self, after: int) -> AsyncIterator[tuple[int, str, str]]:
        """Yield each event with its number, from the one behind ``after`` on, until the end.

        All of them where there were not so many yet: ``after`` is of work that was begun anew.
        """
        number = after if 0 <= after <= len(self._told) else 0
        while True:
            more = self._more
            while number < len(self._told):
                kind, data = self._told[number]
                number += 1
                yield number, kind, data
            if self._ended:
                return
            await more.wait()

    def _is_due(self, event: StageProgress) -> bool:
        now, last = time.monotonic(), self._progress_at.get(event.stage)
        if last is not None and now - last < _EVERY_S and event.done_s < event.total_s:
            return False
        self._progress_at[event.stage] = now
        return True

    def _tell(self, kind: str, data: str) -> None:
        self._told.append((kind, data))
        self._wake()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()
