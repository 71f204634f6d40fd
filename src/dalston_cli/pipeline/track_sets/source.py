"""A recording with a file for each speaker, in a folder or a zip archive, as a source."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from dalston_cli.audio.source import content_digest
from dalston_cli.audio.track_list import LIST_NAME, TrackFile, TrackList, track_path
from dalston_cli.pipeline.endpoints import (
    FileStamp,
    FileVersion,
    Tell,
    in_daemon_thread,
    reference_of,
)


class Member(Struct, frozen=True, kw_only=True):
    """A track before it is read.

    Attributes:
        place: Below the folder, or in the archive as it is written there.
        speaker: By the name of the file.
    """

    place: str
    name: str
    speaker: str


class TrackSet(Struct, frozen=True, kw_only=True):
    """The tracks of one recording.

    Attributes:
        path: The folder or the archive.
        members: In the order of their names.
        together: The file that says that all begin together; empty for none.
        recorded: The date and time that it says.
    """

    path: Path
    is_archive: bool
    members: tuple[Member, ...]
    together: str = ""
    recorded: str | None = None
    num_bytes_fetched = 0

    @property
    def reference(self) -> str:
        """The absolute path, and that it stands for its tracks: as a file it is another one."""
        return f"{reference_of(self.path)}//tracks"

    def stamp(self) -> FileStamp | None:
        """Return what changes when one of the files does; None where one cannot be reached."""
        version = self.version()
        return None if version is None else version.stamp

    def version(self) -> FileVersion | None:
        """Return the state of all files now; None where one cannot be reached."""
        try:
            states = [path.stat() for path in self._files()]
        except OSError:
            return None
        facts = [(each.st_dev, each.st_ino, each.st_mtime_ns, each.st_size) for each in states]
        names = [(member.place, member.speaker) for member in self.members]
        digest = hashlib.sha256(repr((facts, names)).encode(errors="surrogateescape")).digest()
        stamp = FileStamp(
            size=sum(each.st_size for each in states),
            mtime_ns=max(each.st_mtime_ns for each in states),
            inode=int.from_bytes(digest[:7]),
            device=0,
        )
        return FileVersion(stamp=stamp, changed_ns=max(each.st_ctime_ns for each in states))

    async def look(self, tell: Tell) -> None:
        """Do nothing: the file system answers at once."""

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Return the list of the tracks; links to them, or what was in the archive, lie beside it.

        Raises:
            TrackArchiveError: The archive is damaged, encrypted, or holds too much.
        """
        del tell
        return await in_daemon_thread(lambda: self._write(folder / "tracks", most_bytes))

    def _write(self, place: Path, most_bytes: int) -> Path:
        place.mkdir(parents=True, exist_ok=True)
        listed = place / LIST_NAME
        targets = [track_path(listed, number) for number in range(len(self.members))]
        if self.is_archive:
            from dalston_cli.pipeline.track_sets.archive import extract  # noqa: PLC0415 - seldom

            names = [member.place for member in self.members]
            extract(self.path, dict(zip(names, targets, strict=True)), most_bytes)
        else:
            for path, target in zip(self._files(), targets, strict=True):
                target.unlink(missing_ok=True)
                target.symlink_to(path.absolute())
        tracks = tuple(
            TrackFile(
                name=member.name,
                speaker=member.speaker,
                digest=content_digest(target, member.name),
                start_s=0.0 if self.together else None,
            )
            for member, target in zip(self.members, targets, strict=True)
        )
        return TrackList(tracks=tracks, recorded=self.recorded).write(place)

    def _files(self) -> Iterator[Path]:
        if self.is_archive:
            yield self.path
        else:
            yield from (self.path / member.place for member in self.members)
