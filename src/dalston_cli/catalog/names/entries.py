"""Makes catalog entries for weights that were found by a folder's or a repository's name."""

import hashlib
import math
import os
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dalston_cli.catalog.names.detect import Detected, WeightFiles
from dalston_cli.catalog.names.spelling import FolderName, HubName
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HttpsFile
from dalston_cli.regular_file import read_regular

_NOT_IN_IDS = re.compile(r"[^a-z0-9._-]+")
_MAX_ID = 64
_MAX_DEPTH = 3
_MAX_FILES = 5000
_MAX_READ = 16 * 1024 * 1024
_MB = 10**6
_RANK = 2
"""Above the model that comes with Dalston, below all others: these are not measured."""

UNKNOWN_LICENCE = "unknown"


def files_in(place: FolderName) -> WeightFiles:
    """Return the files of a folder, or the one file that was named.

    Raises:
        OSError: The folder cannot be read.
    """
    root = place.path if place.path.is_dir() else place.path.parent
    paths = _walk(root) if place.path.is_dir() else [place.path]
    sizes = {path.relative_to(root).as_posix(): path.stat().st_size for path in paths}

    def read(name: str) -> bytes | None:
        return read_regular(root / name) if 0 < sizes.get(name, 0) <= _MAX_READ else None

    return WeightFiles(name=_name_of(place.path), sizes=sizes, read=read)


def _name_of(path: Path) -> str:
    """Return the name of a folder or file; of a snapshot in the hub's cache the repository's."""
    if path.parent.name == "snapshots":
        return path.parents[1].name.rpartition("--")[2]
    return path.name


def _walk(root: Path) -> list[Path]:
    """Return the files near the top: a folder of recordings is not to be searched to its end."""
    found: list[Path] = []
    folders = [root]
    while folders and len(found) < _MAX_FILES:
        for path in sorted(folders.pop().iterdir()):
            if path.is_file():
                found.append(path)
            elif _is_near(path, root):
                folders.append(path)
    return found


def _is_near(path: Path, root: Path) -> bool:
    near = len(path.relative_to(root).parts) < _MAX_DEPTH
    return near and path.is_dir() and not path.is_symlink()


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A repository at one commit, with what its page says about it."""

    place: HubName
    commit: str
    licence: str = ""
    gated: bool = False


def folder_id(place: FolderName) -> str:
    """Return the folder's name with a digest of its path, so that no two folders share an id."""
    digest = hashlib.sha256(os.fsencode(place.path)).hexdigest()[:8]
    return f"{_slug(_name_of(place.path))}-{digest}"


def hub_id(place: HubName, taken: Container[str] = ()) -> str:
    """Return an id made of the repository's name that is not ``taken``."""
    slug = _slug(str(place))
    if slug not in taken:
        return slug
    return f"{slug}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"


def folder_entry(
    model_id: str, place: FolderName, files: WeightFiles, detected: Detected
) -> ModelEntry:
    """Return an entry that uses the weights where they lie."""
    return _entry(
        detected,
        id=model_id,
        name=os.fsencode(place.path).decode(errors="replace"),
        licence=UNKNOWN_LICENCE,
        source={"kind": "file", "path": str(place.path)},
        size_mb=_size_mb(files, tuple(files.sizes)),
    )


def hub_entry(model_id: str, pin: Pin, files: WeightFiles, detected: Detected) -> ModelEntry:
    """Return an entry that goes on to mean this commit."""
    return _entry(
        detected,
        id=model_id,
        aliases=[str(pin.place)],
        name=str(pin.place),
        licence=pin.licence or UNKNOWN_LICENCE,
        gated=pin.gated,
        source={
            "kind": "hf",
            "repo": pin.place.repo,
            "revision": pin.commit,
            "files": list(detected.files),
        },
        size_mb=_size_mb(files, detected.files),
    )


def https_entry(model_id: str, files: Sequence[HttpsFile], detected: Detected) -> ModelEntry:
    """Return an entry for files on web servers, whose sizes are not known."""
    wanted = [msgspec.structs.asdict(file) for file in files if file.path in detected.files]
    return _entry(
        detected,
        id=model_id,
        name=model_id,
        licence=UNKNOWN_LICENCE,
        source={"kind": "https", "files": wanted},
        size_mb=0,
    )


def _entry(detected: Detected, **fields: object) -> ModelEntry:
    return ModelEntry.read(
        {
            "engine": detected.engine,
            "runtime_model_id": detected.runtime_model_id,
            "stages": [stage.value for stage in detected.stages],
            "languages": list(detected.languages),
            "rank": _RANK,
            "capabilities": msgspec.structs.asdict(detected.capabilities),
            **fields,
        }
    )


def _slug(text: str) -> str:
    """Return ``text`` as an id may be written."""
    slug = _NOT_IN_IDS.sub("-", text.lower()).strip("-._")
    return slug[:_MAX_ID].rstrip("-._") or "model"


def _size_mb(files: WeightFiles, paths: tuple[str, ...]) -> int:
    return math.ceil(sum(files.sizes[path] for path in paths) / _MB)
