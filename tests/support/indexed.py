"""Folders of transcripts for ``dalston search``, ``stats`` and ``redact``."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.writers import json as json_writer
from dalston_cli.review.corrected import machine_digest
from dalston_cli.review.edits import TextEdit
from dalston_cli.review.log import Entry, Subject, open_log
from dalston_cli.review.naming import corrections_path
from dalston_cli.search.session import Search, Searched
from dalston_sdk.wire import Segment, Transcript


def put(path: Path, what: Transcript | str | Sequence[Segment], **recording: object) -> Path:
    """Write a transcript of segments, or of one text, as Dalston does."""
    if isinstance(what, str):
        what = [segment(what, 1.0, 5.0)]
    if not isinstance(what, Transcript):
        what = transcript(what)
    changed = {"name": f"{path.stem}.wav", "digest": f"sha256:{path.stem}"} | recording
    what = msgspec.structs.replace(
        what, recording=msgspec.structs.replace(what.recording, **changed)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_writer.render(what, RenderOptions()), encoding="utf-8")
    return path


def correct(path: Path, number: int, text: str) -> Path:
    """Correct a segment of a transcript, as ``dalston review`` does; return the corrections."""
    machine = read_transcript(path)
    with open_log(corrections_path(path)) as log:
        before = log.read()
        revision = 1 if before is None else len(before.entries) + 1
        subject = Subject(
            version=1,
            transcript=machine_digest(machine),
            recording=machine.recording.name,
            language=machine.language,
        )
        made = Entry(
            revision=revision,
            at="2026-01-01T00:00:00Z",
            edit=TextEdit(f"s{number}", text),
            was={f"s{number}": machine.segments[number]},
        )
        log.append((made,) if before else (subject, made))
    return corrections_path(path)


def ask(
    state: Path, query: str, *folders: Path, updates: bool = True
) -> tuple[Searched, list[str]]:
    """Return the answer to a query, and the warnings."""
    told: list[str] = []
    search = Search(
        query=query,
        folders=folders,
        limit=20,
        updates=updates,
        tell=told.append,
        progress=lambda _: None,
    )
    return search.run(state), told


def found(state: Path, query: str, *folders: Path) -> list[str]:
    """Return the names of the transcripts that are found, in the order of names."""
    answer, _ = ask(state, query, *folders)
    return sorted(hit.transcript.stem for hit in answer.found.hits)
