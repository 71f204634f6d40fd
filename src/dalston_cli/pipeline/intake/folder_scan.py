"""Recordings in a folder, in the order of their names, without reading the tree into memory."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from dalston_cli.amounts import count
from dalston_cli.audio.source import given_name
from dalston_cli.audio.transport_stream import is_text, is_transport_stream
from dalston_cli.pipeline.events import WarningRaised

WarningSink = Callable[[WarningRaised], None]


def _endings(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


AUDIO_SUFFIXES = _endings(
    "3ga aac ac3 aif aifc aiff amr ape au awb caf dts eac3 flac gsm m4a m4b m4r mka mp1 mp2 mp3 mpa"
    " mpc oga ogg opus ra rf64 snd spx tta voc w64 wav wave weba wma wv"
)
VIDEO_SUFFIXES = _endings(
    "3g2 3gp asf avi f4v flv m2t m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv qt rm rmvb vob"
    " webm wmv"
)
MEDIA_SUFFIXES = AUDIO_SUFFIXES | VIDEO_SUFFIXES
"""In lower case. A file that is named itself may have any suffix; ``.ts`` is missing because it is
TypeScript's, too."""

_MOST_SUFFIXES = 6

FOLDER = "folder"
"""Stands for a suffix where folders are counted that a scan passed over."""


def looks_like_media(name: str) -> bool:
    """Return True if the file's suffix is one of media."""
    return PurePath(name).suffix.lower() in MEDIA_SUFFIXES


def is_recording(path: Path) -> bool:
    """Return True if a file found in a folder is to be transcribed.

    Its suffix decides, and its first bytes where TypeScript has the same one.
    """
    match path.suffix.lower():
        case ".ts":
            return is_transport_stream(path)
        case ".mts":
            return not is_text(path) or is_transport_stream(path)
        case suffix:
            return suffix in MEDIA_SUFFIXES


@dataclass(kw_only=True)
class FolderScan:
    """Walks a folder; each folder is entered once, however many links lead to it.

    Hidden files and folders are passed over, and so is the output folder where it lies below.
    Folders that cannot be read are a warning.

    Attributes:
        passed_over: Files that are no recordings, and folders that were not entered, by suffix.
            Files that are named after a recording beside them are not counted.
    """

    recursive: bool
    output_folder: Path | None
    on_warning: WarningSink
    passed_over: Counter[str] = field(default_factory=Counter)
    _entered: set[tuple[int, int]] = field(default_factory=set)

    def files(self, folder: Path) -> Iterator[tuple[Path, Path]]:
        """Yield path, and path below ``folder``, of everything that looks like a recording.

        A folder with the suffix of a recording is included, so that its job reports the mistake,
        unless it is entered and holds recordings.
        """
        self._entered.update(
            _identity(known) for known in (folder, self.output_folder) if known is not None
        )
        yield from self._below(folder, Path())

    def _below(self, folder: Path, relative: Path) -> Iterator[tuple[Path, Path]]:
        others: list[str] = []
        stems: set[str] = set()
        for name, is_folder in self._entries(folder):
            path = folder / name
            if is_folder:
                yield from self._folder(path, relative / name)
            elif is_recording(path):
                stems.add(path.stem)
                yield path, relative / name
            else:
                others.append(name)
        self.passed_over.update(
            PurePath(name).suffix.lower() for name in others if not is_named_after(name, stems)
        )

    def _folder(self, path: Path, relative: Path) -> Iterator[tuple[Path, Path]]:
        identity = _identity(path)
        if identity in self._entered:
            return
        empty = True
        if self.recursive:
            self._entered.add(identity)
            for found in self._below(path, relative):
                empty = False
                yield found
        if empty and looks_like_media(path.name):
            yield path, relative
        elif not self.recursive:
            self.passed_over[FOLDER] += 1

    def _entries(self, folder: Path) -> list[tuple[str, bool]]:
        """Return sorted names, with True for folders; nothing, with a warning, if unreadable."""
        try:
            with os.scandir(folder) as entries:
                return sorted((e.name, _leads_to_folder(e)) for e in entries if e.name[0] != ".")
        except OSError as error:
            message = f"cannot read the folder {given_name(folder)}: {error.strerror}"
            self.on_warning(WarningRaised(code="folder_unreadable", message=message))
            return []


def passed_over_text(counts: Mapping[str, int]) -> str:
    """Return what a scan passed over, such as ``2 files that are no recordings (.txt 2)``."""
    suffixes = {suffix or "no ending": number for suffix, number in counts.items()}
    folders = suffixes.pop(FOLDER, 0)
    parts = []
    if suffixes:
        most = sorted(suffixes.items(), key=lambda item: (-item[1], item[0]))
        listed = [f"{suffix} {number:,}" for suffix, number in most[:_MOST_SUFFIXES]]
        listed += ["…"] if most[_MOST_SUFFIXES:] else []
        files = count(sum(suffixes.values()), "file")
        verb = "is no recording" if files.startswith("1 ") else "are no recordings"
        parts.append(f"{files} that {verb} ({', '.join(listed)})")
    if folders:
        parts.append(f"{count(folders, 'folder')} (--recursive enters them)")
    return " and ".join(parts)


def is_named_after(name: str, stems: Collection[str]) -> bool:
    """Return True if a file is named like one of the stems, with endings of its own."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in stems:
            return True
    return False


def _leads_to_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: its job will report it
        return False


def _identity(path: Path) -> tuple[int, int]:
    """Return the folder's identity, whatever its name; zeros if it does not exist yet."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)
