"""Keeps an index as the folder is: what is new or changed is read, what is gone is removed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dalston_cli.collection.files import FoundFile, Tell, found_files
from dalston_cli.collection.reading import Read, read_found
from dalston_cli.file_state import FileState
from dalston_cli.search.dates import day_of, words_of
from dalston_cli.search.index import Index
from dalston_cli.search.passages import passages
from dalston_sdk.wire import Transcript

_TOGETHER = 500
"""Files that are written to the disk at once; a killed update loses no more."""

Progress = Callable[[int], None]


@dataclass(kw_only=True)
class Changes:
    """What an update did, in numbers of transcripts.

    Attributes:
        problems: What is wrong with each file that could not be read.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    total: int = 0
    problems: list[str] = field(default_factory=list)


class _Known(NamedTuple):
    """A file as the index knows it; see ``FileState.text`` for its states."""

    id: int
    state: str
    digest: str
    corrections: str | None
    corrections_digest: str | None
    problem: str | None

    def is_as_before(self, found: FoundFile) -> bool:
        """Return True if neither the file nor its corrections changed."""
        corrections = found.corrections and found.corrections.text
        return (self.state, self.corrections) == (found.state.text, corrections)


def update(index: Index, tell: Tell, progress: Progress = lambda _: None) -> Changes:
    """Bring an index up to date.

    A file is read if its state is another, or its corrections' is; what it holds is indexed if that
    has another digest.

    Args:
        index: The index of a folder.
        tell: Takes a message about each folder that cannot be read.
        progress: Takes the number of files read so far.
    """
    changes = Changes()
    known = _known(index)
    waiting: list[FoundFile] = []
    num_read = 0
    for found in found_files(index.folder, tell):
        key = os.fsencode(found.path.relative_to(index.folder))
        before = known.get(key)
        if before is not None and before.is_as_before(found):
            _keep(index.folder, found, before, changes)
            del known[key]
        else:
            waiting.append(found)
        if len(waiting) >= _TOGETHER:
            num_read += _read_waiting(index, waiting, known, changes)
            progress(num_read)
    _read_waiting(index, waiting, known, changes)
    if known:
        with index.changing():
            for gone in known.values():
                index.remove_file(gone.id)
                changes.removed += gone.problem is None
        index.forget_removed()
    return changes


def _keep(folder: Path, found: FoundFile, before: _Known, changes: Changes) -> None:
    changes.total += before.problem is None
    if before.problem:
        changes.problems.append(f"{folder / found.path} {before.problem}")


def _read_waiting(
    index: Index, waiting: list[FoundFile], known: dict[bytes, _Known], changes: Changes
) -> int:
    number = len(waiting)
    if waiting:
        with index.changing():
            for found in waiting:
                key = os.fsencode(found.path.relative_to(index.folder))
                _read_one(index, found, key, known.pop(key, None), changes)
        waiting.clear()
    return number


def _read_one(
    index: Index, found: FoundFile, key: bytes, before: _Known | None, changes: Changes
) -> None:
    read = read_found(found)
    if read.problem:
        changes.problems.append(f"{found.path} {read.problem}")
    changes.total += read.transcript is not None
    states = _columns(found, read)
    same = before and (before.digest, before.corrections_digest) == (
        read.digest,
        read.corrections_digest,
    )
    if before and same and before.problem == read.problem:
        index.rows(
            "UPDATE files SET state = ?, digest = ?, corrections_state = ?,"
            " corrections_digest = ?, problem = ? WHERE id = ?",
            (*states, before.id),
        )
        return
    if before:
        index.remove_file(before.id)
    if read.transcript is None:
        changes.removed += before is not None and before.problem is None
        index.insert(
            "INSERT INTO files (path, state, digest, corrections_state, corrections_digest,"
            " problem) VALUES (?, ?, ?, ?, ?, ?)",
            (key, *states),
        )
        return
    changes.changed += before is not None
    changes.added += before is None
    _add(index, found, key, states, read.transcript)


def _columns(found: FoundFile, read: Read) -> tuple[object, ...]:
    corrections = found.corrections and _kept(found.corrections)
    return (_kept(found.state), read.digest, corrections, read.corrections_digest, read.problem)


def _kept(state: FileState) -> str:
    """Return what is kept of a file's state; nothing where it says too little of what was read."""
    return state.text if state.is_settled else ""


def _add(
    index: Index, found: FoundFile, key: bytes, states: tuple[object, ...], transcript: Transcript
) -> None:
    day, source = day_of(transcript.recording, found.state.mtime_ns / 1e9)
    words = words_of(day)
    file = index.insert(
        "INSERT INTO files (path, state, digest, corrections_state, corrections_digest, problem,"
        " recording, recording_digest, day, day_source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key, *states, transcript.recording.name, transcript.recording.digest, words, source),
    )
    [[first]] = index.rows("SELECT coalesce(max(id), 0) + 1 FROM passages")
    said = list(enumerate(passages(transcript), start=first))
    index.insert_many(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(n, file, p.start, p.end, p.speaker, p.text, p.times) for n, p in said],
    )
    index.insert_many(
        "INSERT INTO words (rowid, text, speaker, day) VALUES (?, ?, ?, ?)",
        [(n, p.text, p.speaker, words) for n, p in said],
    )


def _known(index: Index) -> dict[bytes, _Known]:
    return dict(_known_files(index))


def _known_files(index: Index) -> Iterator[tuple[bytes, _Known]]:
    for row in index.rows(
        "SELECT path, id, state, digest, corrections_state, corrections_digest, problem FROM files"
    ):
        yield row[0], _Known(*row[1:])
