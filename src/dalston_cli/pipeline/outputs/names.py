"""Names of outputs: one per recording and format, decided before anything runs."""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.outputs.folder import ignores_case
from dalston_cli.pipeline.remote.address import safe_path
from dalston_cli.pipeline.remote.recording import address_of
from dalston_cli.pipeline.request import RecordingRequest

_DIGITS = 8
_MAX_NAME_BYTES = 255
_MOST_LISTED = 5


class OutputCollisionError(InputError):
    """Two recordings' transcripts would be the same file."""

    code = "output_collision"

    def __init__(self, names: Sequence[str], output: Path, *, placed: bool) -> None:
        more = len(names) - _MOST_LISTED
        listed = ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
        super().__init__(
            f"the transcripts of {listed} would all be {output}",
            hint="give each a name of its own in the manifest's column output"
            if placed
            else "transcribe them into different folders, each with its own --output-dir",
        )


class OutputIsInputError(InputError):
    """A transcript would replace a recording."""

    code = "output_is_input"

    def __init__(self, output: str) -> None:
        super().__init__(
            f"a transcript would replace the recording {output}",
            hint="choose another folder with --output-dir",
        )


class NoFolderError(UsageError):
    """A recording lies in no folder, and its transcript is to lie beside it."""

    code = "no_folder"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"--output-beside: {name} is no file, and nothing can lie beside it",
            hint="choose a folder with --output-dir",
        )


def name_outputs(
    recordings: Sequence[RecordingRequest],
    folder: Path,
    extensions: Sequence[str],
    *,
    room: int = 0,
) -> tuple[Path, ...]:
    """Return one path per recording, to which a format's extension is added.

    The tree below the input folder is mirrored without suffixes: ``talks/a.wav`` becomes
    ``talks/a``. Recordings of one name from different folders get the folders below the deepest
    one that holds them all; those of one name in one folder keep their suffixes (``a.wav.srt``
    and ``a.mp3.srt``), and addresses that differ in nothing that a file name can hold get a few
    digits of their digest. The same recordings give the same names. A name that a manifest gives
    stays as it is. ``room`` is left in names for more characters before the extension.

    Raises:
        OutputCollisionError: Some recordings still have the same name.
        OutputIsInputError: A transcript would replace a recording.
    """
    fold = _folded if ignores_case(folder) else str
    stems = [recording.relative.with_suffix("") for recording in recordings]
    for clash in _clashes(stems, fold):
        movable = [index for index in clash if not recordings[index].is_placed]
        for index, stem in _below_common_folder(recordings, movable).items():
            stems[index] = stem
    return _told_apart(recordings, stems, folder, extensions, room)


def name_beside(
    recordings: Sequence[RecordingRequest], extensions: Sequence[str], *, room: int = 0
) -> tuple[Path, ...]:
    """Return one path per recording, in its own folder, to which an extension is added.

    ``talks/a.wav`` becomes ``talks/a``; recordings of one name in one folder keep their suffixes,
    and a name that a manifest gives counts. ``room`` as in ``name_outputs``.

    Raises:
        NoFolderError: A recording lies in no folder.
        OutputCollisionError: Some recordings still have the same name.
        OutputIsInputError: A transcript would replace a recording.
    """
    stems = []
    for recording in recordings:
        path = file_of(recording.source)
        if path is None:
            raise NoFolderError(recording.name)
        stems.append(path.with_name(recording.relative.with_suffix("").name))
    return _told_apart(recordings, stems, Path(), extensions, room)


def _told_apart(
    recordings: Sequence[RecordingRequest],
    stems: list[Path],
    folder: Path,
    extensions: Sequence[str],
    room: int,
) -> tuple[Path, ...]:
    """Return the paths, with the recordings' suffixes where they are the same otherwise."""
    ignoring, here = ignores_case(folder), os.getcwd()  # noqa: PTH109 - its text, once

    def fold(name: str) -> str:
        # One folder may be named in two ways.
        place = os.path.abspath(name) if ".." in name else os.path.join(here, name)  # noqa: PTH100, PTH118 - often
        return _folded(place) if ignoring else place

    clashes = _clashes(stems, fold)
    for distinguish in (_with_suffix, _with_digest):
        if not clashes:
            break
        for index in (index for clash in clashes for index in clash):
            if not recordings[index].is_placed:
                stems[index] = distinguish(stems[index], recordings[index])
        clashes = _clashes(stems, fold)
    for clash in clashes:
        names = [recordings[index].name for index in clash]
        output = folder / output_file(stems[clash[0]], extensions[0])
        placed = any(recordings[index].is_placed for index in clash)
        raise OutputCollisionError(names, output, placed=placed)
    longest = max(map(len, extensions), default=0) + room
    paths = tuple(folder / _shortened(stem, longest) for stem in stems)
    _refuse_inputs(recordings, paths, extensions)
    return paths


def output_file(stem: Path, extension: str) -> Path:
    """Return the file of one format; the stem may contain dots."""
    return stem.with_name(stem.name + extension)


def _clashes(stems: Sequence[Path], fold: Callable[[str], str]) -> list[list[int]]:
    """Return groups of recordings, by index, whose outputs would have the same name."""
    first: dict[str, int] = {}
    groups: dict[int, list[int]] = {}  # a list for each recording would take much room
    for index, stem in enumerate(stems):
        before = first.setdefault(fold(str(stem)), index)
        if before != index:
            groups.setdefault(before, [before]).append(index)
    return [groups[before] for before in sorted(groups)]


def _with_suffix(stem: Path, recording: RecordingRequest) -> Path:
    return output_file(stem, recording.relative.suffix)


def _with_digest(stem: Path, recording: RecordingRequest) -> Path:
    """Return a name for one address only; the same where the recording is a file of ours."""
    address = address_of(recording.source)
    if address is None:
        return stem
    return output_file(stem, f"-{hashlib.sha256(address.shown.encode()).hexdigest()[:_DIGITS]}")


def _below_common_folder(
    recordings: Sequence[RecordingRequest], indices: Sequence[int]
) -> Mapping[int, Path]:
    """Return stems below the deepest common folder; nothing if that is each one's own."""
    folders = [_folders(recordings[index]) for index in indices]
    known = [folder for folder in folders if folder is not None]
    if len(known) < len(folders) or len(set(known)) <= 1:
        return {}
    levels = zip(*known, strict=False)  # as deep as the shallowest
    common = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    return {
        index: safe_path("/".join((*folder[common:], stem.name)))
        for index, folder in zip(indices, known, strict=True)
        for stem in [recordings[index].relative.with_suffix("")]
    }


def _folders(recording: RecordingRequest) -> tuple[str, ...] | None:
    """Return the folders above a recording, the outermost first; None where it lies in none."""
    address = address_of(recording.source)
    if address is not None:
        path = unquote(address.path) if address.is_web else address.path
        return (address.scheme, address.host, *path.split("/")[:-1])
    file = file_of(recording.source)
    # Without "..", which would lead out of the output folder.
    return None if file is None else tuple(os.path.abspath(file).split("/")[1:-1])  # noqa: PTH100 - links stay


def _shortened(stem: Path, room: int) -> Path:
    """Return a stem whose name leaves ``room`` bytes; a digest replaces what is cut off."""
    raw = os.fsencode(stem.name)
    if len(raw) + room <= _MAX_NAME_BYTES:
        return stem
    digits = hashlib.sha256(raw).hexdigest()[:_DIGITS]
    kept = raw[: _MAX_NAME_BYTES - room - len(digits) - 1].decode("utf-8", errors="ignore")
    return stem.with_name(f"{kept}-{digits}")


def _refuse_inputs(
    recordings: Sequence[RecordingRequest], paths: Sequence[Path], extensions: Sequence[str]
) -> None:
    risky = [each for each in recordings if _suffix(each) in extensions]
    if not risky:
        return
    outputs = {output_file(path, extension) for path in paths for extension in extensions}
    outputs |= {_in_real_folder(output) for output in outputs}
    for recording in risky:
        if not outputs.isdisjoint(_places(recording)):
            raise OutputIsInputError(recording.name)


def _suffix(recording: RecordingRequest) -> str | None:
    file = file_of(recording.source)
    if file is not None:
        return file.suffix
    address = address_of(recording.source)
    return None if address is None else PurePosixPath(address.path).suffix


def _places(recording: RecordingRequest) -> tuple[Path, ...]:
    """Return the paths at which a file that is written takes the recording's place."""
    file, address = file_of(recording.source), address_of(recording.source)
    if file is not None:
        return (_in_real_folder(file), Path(os.path.realpath(file)))
    return () if address is None else (Path(os.path.normpath(address.shown)),)


def _in_real_folder(path: Path) -> Path:
    """Return a path whose folder has one name only; the file itself may be a link."""
    return Path(os.path.realpath(path.parent)) / path.name


def _folded(name: str) -> str:
    """Return the name as a file system that ignores case compares it, accents composed."""
    return unicodedata.normalize("NFC", name).casefold()
