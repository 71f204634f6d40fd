"""Folders and zip archives that each hold one recording with a file for every speaker."""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from dalston_cli.audio.source import given_name, shown_name
from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.intake.folder_scan import looks_like_media
from dalston_cli.pipeline.intake.track_names import craigs_start, speaker_of
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.track_sets.archive import MOST_TEXT_BYTES, member_names, member_text
from dalston_cli.pipeline.track_sets.source import Member, TrackSet
from dalston_cli.regular_file import open_regular

MOST_TRACKS = 100
_INFO = "info.txt"
_ZOOMS_FOLDER = "Audio Record"
_SUFFIX = ".tracks"
"""Ends where outputs of a folder go before it is replaced; a folder's name may have dots."""


class NoTrackSetError(UsageError):
    """``--tracks`` was given something that is neither a folder nor an archive."""

    code = "no_track_set"

    def __init__(self, name: str, *, exists: bool = True) -> None:
        problem = "is neither a folder nor a zip archive, which --tracks takes"
        super().__init__(
            f"{name} {problem if exists else 'does not exist'}",
            hint="name the folder with one file for each speaker, or leave --tracks out",
        )


class TrackNumberError(InputError):
    """A folder or archive has too few tracks for a conversation, or too many."""

    code = "number_of_tracks"

    def __init__(self, path: Path, number: int) -> None:
        shown = shown_name(path)
        has = {0: "no track", 1: "one track"}.get(number, f"{number:,} tracks")
        super().__init__(
            f"{shown} holds {has}",
            hint=f"--tracks takes 2 to {MOST_TRACKS}, which lie side by side:"
            f" ls {shlex.quote(shown)}",
        )


def track_set_request(text: str) -> RecordingRequest:
    """Return the recording whose tracks are in a folder or archive.

    Raises:
        NoTrackSetError: It is neither.
        TrackNumberError: It has too few tracks, or too many.
        TrackArchiveError: The archive cannot be read.
    """
    path = Path(text)
    if path.is_dir():
        source, relative = _of_folder(path), Path(f"{Path(os.path.abspath(path)).name}{_SUFFIX}")  # noqa: PTH100 - links stay
    elif path.suffix.lower() == ".zip" and path.is_file():
        source, relative = _of_archive(path), Path(path.name)
    else:
        raise NoTrackSetError(shown_name(text), exists="://" in text or path.exists())
    if not 2 <= len(source.members) <= MOST_TRACKS:  # noqa: PLR2004 - one is no conversation
        raise TrackNumberError(path, len(source.members))
    stamp = source.stamp()
    return RecordingRequest(
        source=source,
        name=given_name(path),
        relative=relative,
        size=None if stamp is None else stamp.size,
    )


def _of_folder(path: Path) -> TrackSet:
    below = path / _ZOOMS_FOLDER
    prefix = f"{_ZOOMS_FOLDER}/" if below.is_dir() else ""
    folder = below if prefix else path
    try:
        names = sorted(each.name for each in folder.iterdir() if each.is_file())
        info = _text(folder / _INFO) if _INFO in names else ""
    except OSError as error:
        raise NoTrackSetError(f"{shown_name(path)} ({error.strerror})") from error
    places = {f"{prefix}{name}": name for name in names}
    return _track_set(path, places, info, is_archive=False)


def _text(path: Path) -> str:
    with open_regular(path) as file:
        return file.read(MOST_TEXT_BYTES).decode("utf-8", errors="replace")


def _of_archive(path: Path) -> TrackSet:
    names = dict(sorted(member_names(path).items(), key=lambda item: item[1]))
    places = {place: names[place] for place in _side_by_side(names)}
    info = next((place for place, name in names.items() if PurePosixPath(name).name == _INFO), None)
    text = "" if info is None else member_text(path, info)
    return _track_set(path, places, text, is_archive=True)


def _side_by_side(names: Mapping[str, str]) -> Iterator[str]:
    """Yield the recordings in Zoom's folder of tracks, or those nearest to the top."""
    media = {
        place: PurePosixPath(name).parts
        for place, name in names.items()
        if looks_like_media(name) and "__MACOSX" not in name
    }
    zooms = [place for place, parts in media.items() if _ZOOMS_FOLDER in parts[:-1]]
    depth = min(map(len, media.values()), default=0)
    yield from zooms or (place for place, parts in media.items() if len(parts) == depth)


def _track_set(path: Path, places: Mapping[str, str], info: str, *, is_archive: bool) -> TrackSet:
    """Return the tracks at some places, by what their names are."""
    is_craigs, recorded = craigs_start(info)
    members = []
    for place, text in places.items():
        name = PurePosixPath(text).name
        if looks_like_media(name) and not name.startswith("."):
            shown = given_name(name)
            members.append(Member(place=place, name=shown, speaker=speaker_of(shown)))
    return TrackSet(
        path=path,
        is_archive=is_archive,
        members=tuple(members),
        together=_INFO if is_craigs else "",
        recorded=recorded,
    )
