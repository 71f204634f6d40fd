"""The place of outputs: reading, comparing and writing files, of this machine or of another one.

Paths name outputs everywhere; what they stand for only a place knows.
"""

import os
import stat
from pathlib import Path
from typing import Protocol

from dalston_cli.atomic_file import write_whole
from dalston_cli.audio.source import given_name
from dalston_cli.formats.options import RenderOptions
from dalston_cli.pipeline.endpoints import FileStamp, reference_of
from dalston_cli.pipeline.outputs.folder import OutputUnwritableError, write_error
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.local_file import digest_once
from dalston_cli.regular_file import NotRegularError


class OutputPlace(Protocol):
    """Files by their paths; as text, where a path object for each would take too long."""

    def reference(self, path: Path) -> str:
        """Return the name of an output in the journal."""

    def text(self, path: Path | str) -> str:
        """Return the name of an output as text that JSON can hold."""

    def exists(self, path: Path | str) -> bool:
        """Return True if something is there."""

    def stamp(self, path: Path | str) -> FileStamp | None:
        """Return the stamp of what is there; None for nothing.

        Raises:
            DalstonError: It is no file, or cannot be looked at.
        """

    def digest(self, path: Path, journal: Journal) -> str:
        """Return the digest of what is there, which is read only if the journal does not know it.

        Raises:
            DalstonError: It cannot be read.
        """

    def read(self, path: Path) -> bytes:
        """Return what is there.

        Raises:
            DalstonError: It cannot be read.
        """

    def read_up_to(self, path: Path, most_bytes: int) -> bytes | None:
        """Return what is there; None where nothing is, or it is larger, or cannot be read."""

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> FileStamp:
        """Write in one step, and return the stamp of what is there then.

        Args:
            path: The output.
            data: All of it.
            overwrite: Replace whatever is there; otherwise only what was looked at.

        Raises:
            DalstonError: It cannot be written, or another program wrote there meanwhile.
        """


class LocalPlace:
    """Files of this machine."""

    def reference(self, path: Path) -> str:
        """Return the absolute path."""
        return reference_of(path)

    def text(self, path: Path | str) -> str:
        """Return the path; undecodable bytes are replaced."""
        return given_name(path)

    def exists(self, path: Path | str) -> bool:
        """Return True if something is there."""
        return os.path.exists(path)  # noqa: PTH110 - often

    def stamp(self, path: Path | str) -> FileStamp | None:
        """Return the stamp of the file that is there; None for nothing.

        Raises:
            OutputUnwritableError: No regular file is in the way.
        """
        try:
            status = os.stat(path)  # noqa: PTH116 - often
            if not stat.S_ISREG(status.st_mode):
                raise NotRegularError(Path(path))
            return FileStamp.from_stat(status)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OutputUnwritableError(Path(path), error) from error

    def digest(self, path: Path, journal: Journal) -> str:
        """Return the digest of a file; see ``OutputPlace``."""
        try:
            return digest_once(journal, path)
        except OSError as error:  # a folder, a pipe, or one that others do not let us read
            raise OutputUnwritableError(path, error) from error

    def read(self, path: Path) -> bytes:
        """Return what is there."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise OutputUnwritableError(path, error) from error

    def read_up_to(self, path: Path, most_bytes: int) -> bytes | None:
        """Return what is there; None where nothing is, or it is larger, or cannot be read."""
        try:
            return None if path.stat().st_size > most_bytes else path.read_bytes()
        except OSError:
            return None

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> FileStamp:
        """Write in one step.

        Raises:
            OutputUnwritableError, OutputDiskFullError: The system refuses.
        """
        del overwrite  # the file was looked at a moment ago; file systems know no condition
        try:
            write_whole(path, data)
            return FileStamp.of(path)
        except OSError as error:
            raise write_error(path, error) from error


HERE = LocalPlace()


def options_at(options: RenderOptions, path: Path, place: OutputPlace) -> RenderOptions:
    """Return the options of an output, which has a folder where it is a file of this machine."""
    return options.at(path) if place is HERE else options
