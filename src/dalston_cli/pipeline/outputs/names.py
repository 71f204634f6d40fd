"""Names of outputs: one per recording and format, decided before anything runs."""

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.outputs.folder import ignores_case
from dalston_cli.pipeline.request import RecordingRequest

_MAX_NAME_BYTES = 255
_MOST_LISTED = 5


class OutputCollisionError(InputError):
    """Two recordings' transcripts would be the same file."""

    code = "output_collision"

    def __init__(self, names: Sequence[str], output: Path) -> None:
        more = len(names) - _MOST_LISTED
        listed = ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
        super().__init__(
            f"the transcripts of {listed} would all be {output}",
            hint="transcribe them into different folders, each with its own --output-dir",
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
    recordings: Sequence[RecordingRequest], folder: Path, extensions: Sequence[str]
) -> tuple[Path, ...]:
    """Return one path per recording, to which a format's extension is added.

    The tree below the input folder is mirrored without suffixes: ``talks/a.wav`` becomes
    ``talks/a``. Recordings of one name from different folders get the folders below the deepest
    one that holds them all; those of one name in one folder keep their suffixes (``a.wav.srt``
    and ``a.mp3.srt``). The same recordings give the same names.

    Raises:
        OutputCollisionError: Some recordings still have the same name.
        OutputIsInputError: A transcript would replace a recording.
    """
    fold = _folded if ignores_case(folder) else str
    stems = [recording.relative.with_suffix("") for recording in recordings]
    for clash in _clashes(stems, fold):
        for index, stem in _below_common_folder(recordings, clash).items():
            stems[index] = stem
    return _told_apart(recordings, stems, folder, extensions)


def name_beside(
    recordings: Sequence[RecordingRequest], extensions: Sequence[str]
) -> tuple[Path, ...]:
    """Return one path per recording, in its own folder, to which an extension is added.

    ``talks/a.wav`` becomes ``talks/a``; recordings of one name in one folder keep their suffixes,
    and a name that a manifest gives counts.

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
    return _told_apart(recordings, stems, Path(), extensions)


def _told_apart(
    recordings: Sequence[RecordingRequest],
    stems: list[Path],
    folder: Path,
    extensions: Sequence[str],
) -> tuple[Path, ...]:
    """Return the paths, with the recordings' suffixes where they are the same otherwise."""
    ignoring, here = ignores_case(folder), os.getcwd()  # noqa: PTH109 - its text, once

    def fold(name: str) -> str:
        # One folder may be named in two ways.
        place = os.path.abspath(name) if ".." in name else os.path.join(here, name)  # noqa: PTH100, PTH118 - often
        return _folded(place) if ignoring else place

    for clash in _clashes(stems, fold):
        for index in clash:
            stems[index] = output_file(stems[index], recordings[index].relative.suffix)
    for clash in _clashes(stems, fold):
        names = [recordings[index].name for index in clash]
        raise OutputCollisionError(names, folder / output_file(stems[clash[0]], extensions[0]))
    longest = max(map(len, extensions), default=0)
    paths = tuple(folder / _shortened(stem, longest) for stem in stems)
    _refuse_inputs(recordings, paths, extensions)
    return paths


def output_file(stem: Path, extension: str) -> Path:
    """Return the file of one format; the stem may contain dots."""
    return stem.with_name(stem.name + extension)


def _clashes(stems: Sequence[Path], fold: Callable[[str], str]) -> list[list[int]]:
    """Return groups of recordings, by index, whose outputs would have the same name."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, stem in enumerate(stems):
        groups[fold(str(stem))].append(index)
    return [indices for indices in groups.values() if len(indices) > 1]


def _below_common_folder(
    recordings: Sequence[RecordingRequest], indices: Sequence[int]
) -> Mapping[int, Path]:
    """Return stems below the deepest common folder; nothing if that is each one's own."""
    files = {index: file_of(recordings[index].source) for index in indices}
    absolute = {index: file.absolute() for index, file in files.items() if file is not None}
    parents = {str(file.parent) for file in absolute.values()}
    if len(absolute) < len(files) or len(parents) == 1:
        return {}
    common = os.path.commonpath(parents)
    return {index: file.relative_to(common).with_suffix("") for index, file in absolute.items()}


def _shortened(stem: Path, room: int) -> Path:
    """Return a stem whose name leaves ``room`` bytes; a digest replaces what is cut off."""
    raw = os.fsencode(stem.name)
    if len(raw) + room <= _MAX_NAME_BYTES:
        return stem
    digits = hashlib.sha256(raw).hexdigest()[:8]
    kept = raw[: _MAX_NAME_BYTES - room - len(digits) - 1].decode("utf-8", errors="ignore")
    return stem.with_name(f"{kept}-{digits}")


def _refuse_inputs(
    recordings: Sequence[RecordingRequest], paths: Sequence[Path], extensions: Sequence[str]
) -> None:
    files = ((recording.name, file_of(recording.source)) for recording in recordings)
    risky = [(name, file) for name, file in files if file and file.suffix in extensions]
    if not risky:
        return
    outputs = {
        output_file(path, extension).absolute() for path in paths for extension in extensions
    }
    for name, file in risky:
        if file.absolute() in outputs:
            raise OutputIsInputError(name)


def _folded(name: str) -> str:
    """Return the name as a file system that ignores case compares it, accents composed."""
    return unicodedata.normalize("NFC", name).casefold()
