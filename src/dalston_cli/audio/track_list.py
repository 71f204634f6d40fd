"""A recording that consists of several files, one for each speaker: the list of its tracks.

The list is a file beside the tracks, which are named by their numbers: it holds no path. Its bytes
depend on those of the tracks and on what is known of them, and on nothing else.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

LIST_NAME = "tracks.json"


class TrackFile(Struct, frozen=True, kw_only=True):
    """One track.

    Attributes:
        name: The file's own name, as text.
        speaker: Who is recorded, by the file's name.
        digest: ``sha256:<hex>`` of its bytes.
        start_s: Where it begins, in seconds from the first, where a file beside it says so.
    """

    name: str
    speaker: str
    digest: str
    start_s: float | None = None


class TrackList(Struct, frozen=True, kw_only=True):
    """All tracks of a recording.

    Attributes:
        recorded: Date and time of the recording, where a file beside them says so.
        told_by: That file, as a reason names it.
    """

    tracks: tuple[TrackFile, ...]
    recorded: str | None = None
    told_by: str = ""

    def write(self, folder: Path) -> Path:
        """Write the list beside its tracks; return its path."""
        path = folder / LIST_NAME
        path.write_bytes(msgspec.json.encode(self))
        return path


def read_track_list(path: Path) -> TrackList:
    """Read what ``TrackList.write`` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=TrackList)


def track_path(listed: Path, number: int) -> Path:
    """Return the file of a track: beside its list, named by its number."""
    return listed.with_name(str(number))
