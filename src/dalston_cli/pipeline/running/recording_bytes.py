"""A recording's bytes: their digest, and whether they are still the same."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dalston_cli.audio import errors
from dalston_cli.audio.source import content_digest
from dalston_cli.pipeline import events
from dalston_cli.pipeline.endpoints import CLOCK_TICK_S, FileVersion, Tell
from dalston_cli.pipeline.jobs.base import JobJournal
from dalston_cli.pipeline.jobs.done import known_digest
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.request import RecordingRequest

_FETCH = "fetch"
"""The stage in which the bytes of another machine come."""

_GONE = (errors.RecordingMissingError, errors.RecordingEmptyError)
"""Errors of a file that is just being replaced, if it was there and had bytes."""


class BytesTools(Protocol):
    """What is used to get at a recording's bytes; ``JobTools`` has it."""

    @property
    def journal(self) -> JobJournal:
        """Knows the digests of recordings that did not change."""

    @property
    def spool(self) -> Spool:
        """Room for what comes from other machines."""

    @property
    def emit(self) -> Callable[[events.Event], None]:
        """Takes events."""


class RecordingBytes:
    """The bytes of one recording, from the moment on at which their digest is taken.

    Those of another machine are fetched when they are needed: for a digest that is not known, or to
    be decoded.

    Attributes:
        digest: None before it is taken.
    """

    def __init__(
        self, recording: RecordingRequest, tools: BytesTools, folder: Path, tell: Tell
    ) -> None:
        self.digest: str | None = None
        self._recording = recording
        self._source = recording.source
        self._journal = tools.journal
        self._spool = tools.spool
        self._emit = tools.emit
        self._folder = folder
        self._tell = tell
        self._version: FileVersion | None = None
        self._remembered: FileVersion | None = None
        self._file: Path | None = None
        self._give_back: Callable[[], None] | None = None

    async def take(self, *, may_return: bool) -> str:
        """Return the digest of the recording's bytes.

        Args:
            may_return: A file that was there before, and now is not, or has no bytes, is taken for
                one that is just being replaced.

        Raises:
            RecordingError: It cannot be read.
            RecordingChangedError: It is just being replaced.
        """
        self.digest = None
        self.let_go()
        await self._source.look(self._tell)
        await self._take_room()
        self._version = self._source.version()
        if self._version is not None and not self._version.stamp.is_settled:
            await asyncio.sleep(CLOCK_TICK_S)  # it could change again and look the same
            self._version = self._source.version()
        stamp = None if self._version is None else self._version.stamp
        digest = known_digest(self._source, stamp, self._journal)
        if digest is not None:
            self._remembered = self._version
        else:
            path = await self.file()
            try:
                digest = await asyncio.to_thread(content_digest, path, self._recording.name)
            except _GONE as error:
                if may_return and self._recording.size:
                    raise errors.RecordingChangedError(self._recording.name) from error
                raise
        self.digest = digest
        return digest

    async def file(self) -> Path:
        """Return a file of this machine with the bytes; one at a time may ask for it.

        Raises:
            DalstonError: It cannot be fetched, or is not what its digest was taken of.
        """
        if self._file is None:
            self._file = await self._fetched()
        return self._file

    async def _fetched(self) -> Path:
        """Fetch it; what comes from another machine takes time, which is told."""
        name, clock, most = self._recording.name, time.monotonic(), self._spool.limit
        is_elsewhere = self._source.num_bytes_fetched != 0
        if is_elsewhere:
            self._emit(events.StageStarted(recording=name, stage=_FETCH))
        file = await self._source.fetch(self._folder, self._tell, most)
        if is_elsewhere:
            elapsed_s = time.monotonic() - clock
            self._emit(
                events.StageFinished(
                    recording=name, stage=_FETCH, status="done", elapsed_s=elapsed_s
                )
            )
        return file

    def let_go(self) -> None:
        """Remove what was fetched from another machine, and give its room back."""
        if self._give_back is not None:
            if self._file is not None:
                self._file.unlink(missing_ok=True)
            self._give_back()
        self._give_back = self._file = None

    async def _take_room(self) -> None:
        """Wait for room for what comes from another machine."""
        size = self._source.num_bytes_fetched
        if size != 0:
            self._give_back = await self._spool.take(size, self._recording.name)

    def check_unchanged(self) -> None:
        """Compare the recording with what it was before its digest was taken.

        Raises:
            RecordingChangedError: It is another file now, or was written to.
        """
        if self._source.version() != self._version:
            raise errors.RecordingChangedError(self._recording.name)

    def remember_digest(self) -> None:
        """Save reading the recording again; now, that some time has passed."""
        reference, version = self._source.reference, self._version
        if reference is None or version is None or version == self._remembered:
            return
        is_settled = version.stamp.is_settled and self._source.version() == version
        if is_settled and self.digest is not None:
            self._journal.remember_digest(reference, version.stamp, self.digest)
            self._remembered = version
