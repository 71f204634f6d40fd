"""Files that are there whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from dalston_cli.errors import InputError


class OutputExistsError(InputError):
    """A file of this name is there that Dalston did not write."""

    code = "output_exists"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists and was not written by Dalston, or was changed since",
            hint="use --overwrite to replace it, or another folder with --output-dir",
        )


class OutputUnwritableError(InputError):
    """A transcript cannot be written."""

    code = "output_unwritable"

    def __init__(self, path: Path, problem: OSError) -> None:
        super().__init__(
            f"cannot write {path}: {problem.strerror or problem}",
            hint="choose another folder with --output-dir",
        )


def write_output(path: Path, text: str, *, replace: bool) -> None:
    """Write a transcript as UTF-8, with the permissions that the caller's umask leaves.

    Args:
        path: Its folders are made.
        text: Line ends are written as they are.
        replace: Whether a file that is there may be replaced.

    Raises:
        OutputExistsError: A file is there and may not be replaced.
        OutputUnwritableError: The file system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".dalston-{secrets.token_hex(8)}.tmp")
        try:
            _write(temporary, text.encode("utf-8", errors="replace"))
            _publish(temporary, path, replace=replace)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputUnwritableError(path, error) from error


def _write(path: Path, content: bytes) -> None:
    # Not tempfile's: its files are for the owner only, whatever the umask says.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _publish(temporary: Path, path: Path, *, replace: bool) -> None:
    """Give the finished file its name; without ``replace`` never over another file."""
    if replace:
        temporary.replace(path)
    else:
        try:
            path.hardlink_to(temporary)
        except FileExistsError as error:
            raise OutputExistsError(path) from error
        except OSError:  # a file system without hard links
            if path.exists():
                raise OutputExistsError(path) from None
            temporary.replace(path)
    with suppress(OSError):  # some file systems refuse to sync a folder
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
