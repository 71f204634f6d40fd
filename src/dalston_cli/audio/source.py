"""A recording's file: opening it, whatever its name is made of, and the digest of its bytes.

Paths are data. They are handed to the system as bytes and never to a media library, which would
read ``concat:a|b`` or ``http://…`` in them, or refuse names that are not text.
"""

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from dalston_cli.audio import errors


def given_name(path: Path | str) -> str:
    """Return a path as text: undecodable bytes are replaced."""
    text = os.fspath(path)
    if text.isascii():
        return text  # that very text: it may be there a hundred thousand times
    return os.fsencode(path).decode("utf-8", errors="replace")


def shown_name(path: Path | str) -> str:
    """Return a path as one printable line: control characters are escaped as well."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in given_name(path)
    )


def open_source(path: Path, name: str) -> BufferedReader:
    """Open a recording for reading, from its beginning.

    Raises:
        RecordingMissingError, RecordingIsDirectoryError, NotRegularFileError,
        RecordingUnreadableError, RecordingEmptyError: As they say.
    """
    try:
        # Without O_NONBLOCK, opening a pipe that has no writer would wait for ever.
        descriptor = os.open(os.fsencode(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(name, error) from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise errors.RecordingIsDirectoryError(name)
        if not stat.S_ISREG(status.st_mode):
            raise errors.NotRegularFileError(name)
        if status.st_size == 0:
            raise errors.RecordingEmptyError(name)
    except errors.RecordingError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def content_digest(path: Path, name: str | None = None) -> str:
    """Return ``sha256:<hex>`` of a recording's bytes, read in blocks.

    Raises:
        RecordingError: The file cannot be read; the leaves of ``open_source``.
    """
    name = shown_name(path) if name is None else name
    with open_source(path, name) as source:
        try:
            return digest_of(source)
        except OSError as error:
            raise errors.RecordingUnreadableError(name, error.strerror or str(error)) from error


def digest_of(source: BufferedReader) -> str:
    """Return ``sha256:<hex>`` of what is left to read in an open file."""
    return f"sha256:{hashlib.file_digest(source, 'sha256').hexdigest()}"


def _refusal(name: str, error: OSError) -> errors.RecordingError:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return errors.RecordingMissingError(name)
        case errno.ENXIO:  # a socket
            return errors.NotRegularFileError(name)
        case _:
            return errors.RecordingUnreadableError(name, error.strerror or str(error))
