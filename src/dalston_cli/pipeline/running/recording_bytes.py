"""A recording's bytes: their digest, and whether they are still the same."""

import asyncio
from pathlib import Path

from dalston_cli.audio import errors
from dalston_cli.audio.source import content_digest
from dalston_cli.pipeline.endpoints import CLOCK_TICK_S, FileVersion
from dalston_cli.pipeline.jobs.base import JobJournal
from dalston_cli.pipeline.jobs.done import known_digest
from dalston_cli.pipeline.request import RecordingRequest

_GONE = (errors.RecordingMissingError, errors.RecordingEmptyError)
"""Errors of a file that is just being replaced, if it was there and had bytes."""


class RecordingBytes:
    """The bytes of one recording, from the moment on at which their digest is taken.

    Attributes:
        digest: None before it is taken.
    """

    def __init__(self, recording: RecordingRequest, journal: JobJournal, folder: Path) -> None:
        self.digest: str | None = None
        self._recording = recording
        self._source = recording.source
        self._journal = journal
        self._folder = folder
        self._version: FileVersion | None = None

    async def take(self, *, may_return: bool) -> tuple[Path, str]:
        """Return the recording as a file, and the digest of its bytes.

        Args:
            may_return: A file that was there before, and now is not, or has no bytes, is taken for
                one that is just being replaced.

        Raises:
            RecordingError: It cannot be read.
            RecordingChangedError: It is just being replaced.
        """
        self.digest = None
        path = await self._source.fetch(self._folder)
        self._version = self._source.version()
        if self._version is not None and not self._version.stamp.is_settled:
            await asyncio.sleep(CLOCK_TICK_S)  # it could change again and look the same
            self._version = self._source.version()
        stamp = None if self._version is None else self._version.stamp
        digest = known_digest(self._source, stamp, self._journal)
        if digest is None:
            try:
                digest = await asyncio.to_thread(content_digest, path, self._recording.name)
            except _GONE as error:
                if may_return and self._recording.size:
                    raise errors.RecordingChangedError(self._recording.name) from error
                raise
        self.digest = digest
        return path, digest

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
        if reference is None or version is None or self._source.version() != version:
            return
        if version.stamp.is_settled and self.digest is not None:
            self._journal.remember_digest(reference, version.stamp, self.digest)
