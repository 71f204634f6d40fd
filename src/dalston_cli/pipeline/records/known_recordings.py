"""What the journal knows of recordings: digests that they had, where they lay, and their jobs."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from sqlite3 import Row
from typing import NamedTuple

from dalston_cli.audio.source import given_name, shown_name
from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.records.history import list_runs
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_file
from dalston_cli.pipeline.records.named_rows import rows_by_name
from dalston_cli.pipeline.remote.address import scheme_of

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RecordingInWorkError(UnavailableError):
    """A run works on what is to be forgotten."""

    code = "recording_in_work"

    def __init__(self, name: str, run: str) -> None:
        super().__init__(
            f"the run {run} works on {shown_name(name)}",
            hint="wait until it has ended, or stop it with Ctrl-C",
        )


class KnownRecording(NamedTuple):
    """A recording, as far as the journal knows it.

    Attributes:
        name: As the user gave it.
        digests: Of the bytes that it has and had.
        recordings: Where recordings with these bytes lay; transcripts are none.
        jobs: Numbers in the journal.
    """

    name: str
    digests: tuple[str, ...]
    recordings: tuple[str, ...]
    jobs: tuple[int, ...]


def known_recordings(journal: Journal, names: Iterable[str]) -> Iterator[KnownRecording]:
    """Yield what is known of each recording; each table is read once for all of them.

    Raises:
        RecordingInWorkError: A run works on one.
    """
    wanted = tuple(names)
    digests = _all_digests(journal, wanted)
    recordings = [_recordings(journal, each) for each in digests]
    jobs = _Jobs(journal, [*wanted, *chain.from_iterable(recordings)])
    for name, of, lay in zip(wanted, digests, recordings, strict=True):
        named = [*lay, *([] if _DIGEST.fullmatch(name) else [name])]
        yield KnownRecording(name, of, lay, jobs.of(named, name))


def _all_digests(journal: Journal, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return for each recording the digests of the bytes that it has, and had in earlier runs."""
    paths = [Path(name) for name in names if not _DIGEST.fullmatch(name)]
    wanted = {os.fsencode(path.name) for path in paths}
    tables = [
        rows_by_name(journal, f"SELECT path, digest FROM {table}", "path", wanted)  # noqa: S608 - our own names
        for table in ("recordings", "files", "refused")
    ]
    return [_digests(tables, name) for name in names]


def _digests(tables: Sequence[Mapping[str | bytes, list[Row]]], name: str) -> tuple[str, ...]:
    if _DIGEST.fullmatch(name):
        return (name,)
    found: dict[str, None] = {}
    path = Path(name)
    with suppress(OSError):  # the journal may know one that is gone or locked
        if path.is_file():
            found[digest_file(path)] = None
    is_same = _same(path)
    for rows in tables:
        for row in rows.get(os.fsencode(path.name), ()):
            if is_same(Path(os.fsdecode(row["path"]))):
                found[str(row["digest"])] = None
    return tuple(found)


def _same(path: Path) -> Callable[[Path], bool]:
    """Return a test for paths of the same file, which may be gone."""
    normal, real = os.path.normpath(path.absolute()), path.parent.resolve() / path.name

    def is_same(other: Path) -> bool:
        if os.path.normpath(other.absolute()) == normal:
            return True
        return other.parent.resolve() / other.name == real

    return is_same


def _recordings(journal: Journal, digests: Iterable[str]) -> tuple[str, ...]:
    """Return where recordings with these bytes lay; transcripts are none."""
    found: dict[str, None] = {}
    for digest in digests:
        rows = journal.connection.execute(
            "SELECT path FROM recordings WHERE digest = ? UNION SELECT path FROM files"
            " WHERE digest = ? AND path NOT IN (SELECT path FROM outputs)",
            (digest, digest),
        ).fetchall()
        found |= dict.fromkeys(os.fsdecode(row["path"]) for row in rows)
    return tuple(found)


class _Jobs:
    """The jobs of recordings, by the names that they had in the folder of their run.

    Args:
        journal: The journal.
        recordings: All that will be asked for.
    """

    def __init__(self, journal: Journal, recordings: Iterable[str]) -> None:
        runs = list_runs(journal, limit=None)
        self._running = {run.run for run in runs if run.state == "running"}
        self._rows = rows_by_name(
            journal,
            "SELECT jobs.id, run, recording, folder, status FROM jobs JOIN runs ON run = runs.id",
            "recording",
            {Path(given_name(each)).name for each in recordings},
        )

    def of(self, recordings: Iterable[str], name: str) -> tuple[int, ...]:
        """Return the jobs of recordings that have the same bytes.

        Raises:
            RecordingInWorkError: A run works on one; ``name`` is for the message.
        """
        found: dict[int, None] = {}
        for recording in recordings:
            path = Path(given_name(recording))
            is_same = _same(path)
            for row in self._rows.get(path.name, ()):
                is_named = row["recording"] == recording
                if not is_named and (scheme_of(recording) or not is_same(_in(row))):
                    continue
                if row["status"] == "running" and row["run"] in self._running:
                    raise RecordingInWorkError(name, row["run"])
                found[int(row["id"])] = None
        return tuple(found)


def _in(row: Row) -> Path:
    return Path(str(row["folder"]), str(row["recording"]))
