"""Recordings of which something is known: by files beside them that have their name."""

import sys
from dataclasses import dataclass
from pathlib import Path

import av
from msgspec.structs import replace

from dalston_cli.evaluation.material import Material, joined
from dalston_cli.evaluation.nist import READERS
from dalston_cli.evaluation.reading import read_materials


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A recording and what is known of it."""

    recording: Path
    known: Material


def read_references(folder: Path) -> list[Reference]:
    """Return every WAV file in ``folder`` of which something is known, by name."""
    found = [read_reference(path) for path in sorted(folder.glob("*.wav"))]
    return [each for each in found if each.known.files]


def read_reference(recording: Path) -> Reference:
    """Read the files beside a WAV file that have its name."""
    with av.open(str(recording)) as file:
        assert file.duration is not None  # a WAV file's header says it
        duration_s = file.duration / av.time_base
    beside = [recording.with_suffix(suffix) for suffix in READERS]
    found = (read_materials(path, _tell) for path in beside if path.exists())
    parts = [part for each in found for part in each.values()]
    nothing = Material(name=recording.stem, files=())
    return Reference(
        recording=recording, known=replace(joined([*parts, nothing]), duration_s=duration_s)
    )


def _tell(message: str) -> None:
    print(message, file=sys.stderr)
