"""Notes outputs in a journal that does not know them, by the transcripts that lie beside them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dalston_cli.errors import DalstonError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.endpoints import Evidence
from dalston_cli.pipeline.outputs.names import output_file
from dalston_cli.pipeline.outputs.recognition import owned_json
from dalston_cli.pipeline.outputs.writer import OutputSpec, OutputWriter
from dalston_cli.pipeline.records.journal import Journal, Outcome

_JSON = WRITERS["json"].extension


def note_outputs(folder: Path, journal: Journal) -> int:
    """Note the outputs in a folder and below that Dalston wrote; return the number of transcripts.

    Outputs are known by the JSON beside them, and by the formats' default options.
    """
    return sum(_note(document, journal) for document in _documents(folder))


def _documents(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.endswith(_JSON))


def _note(document: Path, journal: Journal) -> bool:
    transcript = owned_json(document)
    if transcript is None or transcript.key is None:
        return False
    stem = document.with_name(document.name.removesuffix(_JSON))
    there = tuple(
        name for name, one in WRITERS.items() if output_file(stem, one.extension).is_file()
    )
    spec = OutputSpec(formats=there, render=RenderOptions())
    digest = transcript.recording.digest
    with suppress(DalstonError):  # a file from elsewhere is left alone
        OutputWriter(spec, journal, stem, transcript.key).recognize(
            Evidence(digest=digest, stored=None)
        )
    if transcript.status == "complete":
        warnings = tuple(notice.message for notice in transcript.warnings)
        outcome = Outcome(duration_s=transcript.recording.duration_s, warnings=warnings)
        journal.remember_outcome(transcript.key, outcome, recording=digest)
    return True
