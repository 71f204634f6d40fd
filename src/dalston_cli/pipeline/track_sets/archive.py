"""Zip archives of tracks: what is in them, and taking it out.

Names in an archive are data: nothing is written under them. What is taken out is counted while it
is, whatever the archive says of itself.
"""

import lzma
import shlex
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.atomic_file import new_file
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError

MOST_MEMBERS = 10_000
MOST_TEXT_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 20
_IS_UTF8 = 0x800
"""The flag of a name's encoding: APPNOTE.TXT of PKWARE, appendix D."""
_KEPT_FREE_BYTES = 1 << 28
"""What is left of the disk when all has been taken out."""

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, KeyError, ValueError),
)
"""What the library raises of archives that it cannot read; of names that are no text, too."""


class TrackArchiveError(InputError):
    """An archive of tracks cannot be used."""

    code = "track_archive"

    def __init__(self, path: Path, problem: str, hint: str | None = None) -> None:
        quoted = shlex.quote(shown_name(path))
        super().__init__(
            f"{shown_name(path)} {problem}",
            hint=hint or f"take it apart: unzip {quoted} -d tracks, then name the folder",
        )


def member_names(path: Path) -> Mapping[str, str]:
    """Return the files in an archive: what their names are meant to be, by what the library says.

    Of two of one name there is the last one.

    Raises:
        TrackArchiveError: It cannot be read.
    """
    with _opened(path) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise TrackArchiveError(path, f"holds {len(infos):,} files")
        return {info.filename: _meant(info) for info in infos if not info.is_dir()}


def _meant(info: zipfile.ZipInfo) -> str:
    """Return a name as its writer meant it.

    macOS writes UTF-8 and does not say so, and old programs of Windows write its separator.
    """
    name = info.filename
    if not info.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def member_text(path: Path, name: str) -> str:
    """Return a small text file of an archive, its beginning where it is large.

    Raises:
        TrackArchiveError: It cannot be read.
    """
    with _opened(path) as archive, archive.open(name) as member:
        return member.read(MOST_TEXT_BYTES).decode("utf-8", errors="replace")


def extract(path: Path, targets: Mapping[str, Path], most_bytes: int) -> None:
    """Write members of an archive to files of our own names.

    Args:
        path: The archive.
        targets: The file for each member's name.
        most_bytes: That all of them may have together.

    Raises:
        TrackArchiveError: It is damaged or encrypted, or holds too much.
    """
    left = most_bytes
    with _opened(path) as archive:
        for name, target in targets.items():
            with archive.open(name) as member, new_file(target) as file:
                while block := member.read(_BLOCK_BYTES):
                    left -= len(block)
                    if left < 0:
                        raise TrackArchiveError(
                            path,
                            f"holds more than {readable_size(most_bytes)} of tracks",
                            "if that is right, allow it: --spool-limit GB",
                        )
                    if shutil.disk_usage(target.parent).free < _KEPT_FREE_BYTES:
                        raise TrackArchiveError(path, "does not fit on the disk of the cache")
                    file.write(block)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what is wrong with it is an error with its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGE as error:
        raise TrackArchiveError(path, f"is no zip archive that can be read: {error}") from error
    except RuntimeError as error:  # the library's way to say that a password is wanted
        raise TrackArchiveError(path, "is encrypted") from error
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise TrackArchiveError(path, problem, "look at its permissions") from error
