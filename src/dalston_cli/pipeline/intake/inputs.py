"""Finds the recordings that the user names, one after the other, each once.

Hardly anything is opened here: a recording's job finds out if its file can be used. A file that is
named and missing is a recording that will fail, without harm to the others.
"""

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from dalston_cli.audio.source import given_name
from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.endpoints import LocalFile, StandardInput, file_of
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.folder_scan import (
    FolderScan,
    WarningSink,
    is_recording,
    looks_like_media,
    passed_over_text,
)
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.pipeline.intake.remote_scan import RemoteScan
from dalston_cli.pipeline.intake.urls import given_address
from dalston_cli.pipeline.remote.address import Address, shown_place
from dalston_cli.pipeline.remote.errors import OfflineAddressError
from dalston_cli.pipeline.request import NO_OVERRIDES, RecordingRequest
from dalston_cli.regular_file import open_regular

STDIN = "-"
STDIN_STEM = "stdin"
"""Name of the transcript of standard input in a folder."""

_BLOCK_BYTES = 65_536


class NoInputsError(UsageError):
    """The command line names no recording."""

    code = "no_inputs"

    def __init__(self) -> None:
        super().__init__(
            "nothing to transcribe was named",
            hint="name files or folders: dalston transcribe talk.mp3",
        )


class NothingFoundError(InputError):
    """There is no recording in the named places."""

    code = "nothing_found"

    def __init__(
        self, places: tuple[str, ...], passed_over: Mapping[str, int], *, recursive: bool
    ) -> None:
        listed = ", ".join(shown_place(place) for place in places[:3])
        if passed_over:
            listed += f"; passed over: {passed_over_text(passed_over)}"
        hint = "a file is taken from a folder if its ending is known, such as .wav, .mp3 or .mp4"
        super().__init__(
            f"no recordings found in {listed}",
            hint=hint if recursive else f"{hint}; add --recursive to look into the folders below",
        )


class StandardInputTwiceError(UsageError):
    """Standard input cannot be a recording and a list of names."""

    def __init__(self) -> None:
        super().__init__(
            "standard input cannot be a recording and the list of --files-from",
            hint="put the names into a file: --files-from names.txt",
        )


class NameListError(InputError):
    """The file with the names cannot be read."""

    code = "name_list"

    def __init__(self, file: str, problem: OSError) -> None:
        super().__init__(
            f"cannot read the names in {file}: {problem.strerror or problem}",
            hint="write one name per line: find talks -name '*.mp3' > names.txt",
        )


class NullInNamesError(InputError):
    """Names are separated by NUL, without ``--null``."""

    code = "name_list"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"the names in {file} hold NUL characters, as find -print0 writes them",
            hint=f"add --null: --files-from {file} --null",
        )


class InputSources(Struct, frozen=True, kw_only=True):
    """Sources of recordings.

    Attributes:
        inputs: Files, folders, patterns, URLs; ``-`` for standard input. A name that exists is
            never a pattern, even with brackets or stars.
        tracks: Each input is a folder or a zip archive of one recording, with a file for every
            speaker.
        recursive: Include folders below folders.
        files_from: A list of names; ``-`` for standard input.
        null: That list's names end with NUL.
        manifest: A CSV or JSONL file.
        latest: Of each feed and each page among the inputs only so many recordings, the newest;
            None for all.
        offline: Refuse what is on other machines.
        output_folder: Never scanned where it lies below a folder that is.
    """

    inputs: tuple[str, ...] = ()
    tracks: bool = False
    recursive: bool = False
    files_from: str | None = None
    null: bool = False
    manifest: Path | None = None
    latest: int | None = None
    offline: bool = False
    output_folder: Path | None = None


def _tell_nothing(note: str) -> None:
    del note


@dataclass(kw_only=True)
class RecordingFinder:
    """Finds every recording of ``sources``, in their order, folders sorted by name.

    Attributes:
        on_note: Takes what is being done, where that takes long.
        passed_over: What lies in the folders and is no recording; see ``FolderScan``.
    """

    sources: InputSources
    stdin: BinaryIO
    on_warning: WarningSink
    on_note: Callable[[str], None] = _tell_nothing
    passed_over: Counter[str] = field(default_factory=Counter)
    _seen: set[object] = field(default_factory=set)
    _last_folder: tuple[str | None, str] = (None, "")

    def find(self) -> Iterator[RecordingRequest]:
        """Yield every recording once.

        Raises:
            NoInputsError: Nothing is named.
            NothingFoundError: There is no recording in the named places.
            StandardInputTwiceError: Standard input is named twice.
            ManifestError, NameListError: A list cannot be read.
            UrlInputError: A URL is named that cannot be read.
            RemoteError: A folder on another machine cannot be listed.
        """
        sources = self.sources
        if not sources.inputs and sources.files_from is None and sources.manifest is None:
            raise NoInputsError
        if STDIN in sources.inputs and sources.files_from == STDIN:
            raise StandardInputTwiceError
        found = False
        for request in self._named():
            if self._is_new(request):
                found = True
                yield request
        if not found:
            places = [*sources.inputs, sources.files_from, sources.manifest]
            raise NothingFoundError(
                tuple(str(place) for place in places if place is not None),
                self.passed_over,
                recursive=sources.recursive,
            )

    def _named(self) -> Iterator[RecordingRequest]:
        sources = self.sources
        for text in sources.inputs:
            yield from self._from_input(text)
        if sources.files_from is not None:
            for name in _read_names(sources.files_from, null=sources.null, stdin=self.stdin):
                yield from self._from_path(name)
        if sources.manifest is not None:
            yield from read_manifest(sources.manifest, offline=sources.offline)

    def _from_input(self, text: str) -> Iterator[RecordingRequest]:
        if self.sources.tracks:
            from dalston_cli.pipeline.intake.track_folders import (  # noqa: PLC0415 - seldom
                track_set_request,
            )

            yield track_set_request(text)
        elif address := given_address(text):
            yield from self._named_address(address)
        elif text == STDIN:
            yield RecordingRequest(source=StandardInput(), name=STDIN, relative=Path(STDIN_STEM))
        elif not os.path.lexists(text) and glob.has_magic(text):
            yield from self._from_pattern(text)
        else:
            yield from self._from_path(text)

    def _from_pattern(self, pattern: str) -> Iterator[RecordingRequest]:
        root, rest = _split_pattern(pattern)
        any_ending = glob.has_magic(rest.suffix or "*")
        matched = False
        # Unlike glob.glob, this does not follow links to folders, which may lead back up.
        for path in sorted(root.glob(str(rest))):
            relative = path.relative_to(root)
            if any(part.startswith(".") for part in relative.parts):
                continue
            if path.is_dir():
                if "**" not in rest.parts:
                    matched = True
                    yield from self._from_folder(path, relative)
            elif not any_ending or is_recording(path):
                matched = True
                yield _request(path, relative)
        if not matched:
            message = f"nothing matches {given_name(pattern)}"
            self.on_warning(WarningRaised(code="pattern_without_match", message=message))

    def _from_path(self, name: str) -> Iterator[RecordingRequest]:
        path = Path(name)
        if address := given_address(name):
            yield from self._remote(address)
        elif _is_folder(path):
            yield from self._from_folder(path, Path())
        else:
            yield _request(path, Path(path.name))

    def _named_address(self, address: Address) -> Iterator[RecordingRequest]:
        """Yield what is at an address that the command line names.

        Only there may a feed be, or a page that plays recordings.
        """
        if not address.is_web or self.sources.offline:
            return self._remote(address)
        from dalston_cli.pipeline.intake.web import WebScan  # noqa: PLC0415 - seldom

        scan = WebScan(self.sources.latest, self.on_warning, self.on_note)
        found = scan.recordings(address)
        return self._remote(address) if found is None else found

    def _remote(self, address: Address) -> Iterator[RecordingRequest]:
        if self.sources.offline:
            raise OfflineAddressError(address)
        scan = RemoteScan(self.sources.recursive, self.on_warning, self.passed_over)
        return scan.recordings(address)

    def _from_folder(self, folder: Path, prefix: Path) -> Iterator[RecordingRequest]:
        """Yield a folder's recordings; the folder itself if it is empty and named like audio."""
        scan = FolderScan(
            recursive=self.sources.recursive,
            output_folder=self.sources.output_folder,
            on_warning=self.on_warning,
            passed_over=self.passed_over,
        )
        empty = True
        for path, relative in scan.files(folder):
            empty = False
            yield _request(path, prefix / relative if prefix.parts else relative)
        if empty and looks_like_media(folder.name):
            yield _request(folder, Path(folder.name))

    def _is_new(self, request: RecordingRequest) -> bool:
        """Return True unless this file was named before, under this name or through a link."""
        file = file_of(request.source)
        real = self._real(str(file)) if file else request.source.reference or STDIN
        key = real if request.overrides is NO_OVERRIDES else (real, request.overrides)
        if key not in self._seen:
            self._seen.add(key)
            return True
        message = f"{request.name} was named before; it is transcribed once"
        self.on_warning(WarningRaised(code="named_twice", message=message, recording=request.name))
        return False

    def _real(self, file: str) -> str:
        """Return a file's path without links; the last folder's is remembered, not asked again."""
        folder, name = os.path.split(file)
        if name in {"", ".."} or os.path.islink(file):  # noqa: PTH114 - often
            return os.path.realpath(file)
        if folder != self._last_folder[0]:
            self._last_folder = folder, os.path.realpath(folder)
        return f"{self._last_folder[1]}/{name}"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no file can have
        return False


def _request(path: Path, relative: Path) -> RecordingRequest:
    try:
        size = path.stat().st_size
    except (OSError, ValueError):  # not there, or a name that no file can have
        size = None
    return RecordingRequest(
        source=LocalFile(path), name=given_name(path), relative=relative, size=size
    )


def _split_pattern(pattern: str) -> tuple[Path, Path]:
    """Return the folders before the first wildcard, and the rest in pathlib's spelling."""
    parts = Path(pattern).parts
    first = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    varying = [part if part == "**" else part.replace("**", "*") for part in parts[first:]]
    if varying[-1] == "**":
        varying.append("*")
    return Path(*parts[:first]), Path(*varying)


def _read_names(file: str, *, null: bool, stdin: BinaryIO) -> Iterator[str]:
    """Yield names, in order, without empty ones, from a file, or from ``stdin`` if it is ``-``.

    With ``null`` names end with NUL, and may hold line breaks.

    Raises:
        NameListError: The file cannot be read.
        NullInNamesError: A name holds NUL.
    """
    separator = b"\0" if null else b"\n"
    try:
        with (
            nullcontext(stdin) if file == "-" else open_regular(Path(file), or_given=True) as stream
        ):
            for name in _split(stream, separator):
                if "\0" in name:
                    raise NullInNamesError(file)
                yield name
    except OSError as error:
        raise NameListError(file, error) from error


def _split(stream: BinaryIO, separator: bytes) -> Iterator[str]:
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        *whole, rest = (rest + block).split(separator)
        yield from filter(None, (_name(part, separator) for part in whole))
    if name := _name(rest, separator):
        yield name


def _name(part: bytes, separator: bytes) -> str:
    return os.fsdecode(part.removesuffix(b"\r") if separator == b"\n" else part)
