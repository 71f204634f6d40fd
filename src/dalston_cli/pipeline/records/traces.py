"""Everything that is kept of one recording: finding it, and removing it.

Results are found by the digests of the recording and of its audio, which they name themselves; the
journal knows its transcripts, and where it lay. What tells what belongs to a recording goes last,
so that the same command finishes a removal that was interrupted.
"""

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dalston_cli.audio.request import AudioInfo
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import UnavailableError, UsageError
from dalston_cli.pipeline.endpoints import reference_of
from dalston_cli.pipeline.records.entry import StoredFile
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_file
from dalston_cli.pipeline.records.known_recordings import KnownRecording, known_recordings
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.pipeline.remote.address import scheme_of
from dalston_cli.review.naming import corrections_path


class NothingKeptError(UsageError):
    """Nothing is known of a recording."""

    code = "nothing_kept"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"nothing is kept of {shown_name(name)}",
            hint="name it by the path that it had, or by the digest in its JSON: sha256:…",
        )


class NotRemovedError(UnavailableError):
    """The system refuses to remove a file."""

    code = "not_removed"

    def __init__(self, error: OSError) -> None:
        name, reason = shown_name(error.filename or "a file"), error.strerror or error
        super().__init__(
            f"{name} cannot be removed: {reason}",
            hint="look at its permissions, then run the same command again: it removes the rest",
        )


@dataclass(frozen=True, kw_only=True)
class Traces:
    """All that is kept of one recording.

    Attributes:
        name: As the user gave it.
        digests: Of the bytes that it has and had.
        recordings: Where recordings with these bytes lay, copies included.
        outputs: Transcripts as they were written.
        edited: Transcripts that were changed since they were written, and corrections of people.
        elsewhere: Transcripts on other machines, where nothing is removed.
        results: Keys in the store; what tells which belong together is last.
        jobs: Numbers in the journal.
        size_bytes: Of outputs and results.
        num_unknown: Results of an earlier version, which do not tell what they are about.
    """

    name: str
    digests: tuple[str, ...]
    recordings: tuple[str, ...] = ()
    outputs: tuple[Path, ...] = ()
    edited: tuple[Path, ...] = ()
    elsewhere: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    jobs: tuple[int, ...] = ()
    size_bytes: int = 0
    num_unknown: int = 0


@dataclass
class _Results:
    """Keys of the store by what they are about, and the size of each value."""

    of: dict[str, list[str]] = field(default_factory=dict)
    audio: dict[str, set[str]] = field(default_factory=dict)
    same_audio: dict[frozenset[str], list[str]] = field(default_factory=dict)
    prepared: dict[str, list[str]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    num_unknown: int = 0


def find_traces(journal: Journal, store: KeptResults, names: Iterable[str]) -> tuple[Traces, ...]:
    """Return what is kept of each recording: paths, also of files that are gone, or digests.

    Raises:
        NothingKeptError: Nothing is kept of one.
        RecordingInWorkError: A run works on one.
    """
    results = _read(store)
    return tuple(_traces(journal, results, known) for known in known_recordings(journal, names))


def remove_traces(
    journal: Journal, store: KeptResults, traces: Traces, *, edited: bool = False
) -> None:
    """Remove what is kept; edited transcripts stay unless ``edited``.

    Raises:
        NotRemovedError: A file cannot be removed; the same call again removes the rest.
    """
    _remove(traces, store, edited=edited)
    connection = journal.connection
    connection.execute("PRAGMA secure_delete = ON")
    outputs = [os.fsencode(reference_of(path)) for path in (*traces.outputs, *traces.edited)]
    connection.execute("BEGIN IMMEDIATE")
    _strip_reports(journal, traces.jobs)  # the rows of the journal go all at once
    for number in traces.jobs:
        connection.execute("DELETE FROM jobs WHERE id = ?", (number,))
    for path_bytes in outputs:
        connection.execute("DELETE FROM files WHERE path = ?", (path_bytes,))
        connection.execute("DELETE FROM outputs WHERE path = ?", (path_bytes,))
    for digest in traces.digests:
        connection.execute("DELETE FROM outputs WHERE recording = ?", (digest,))
        for table in ("files", "recordings", "refused"):
            connection.execute(f"DELETE FROM {table} WHERE digest = ?", (digest,))  # noqa: S608 - names from this line
        connection.execute("DELETE FROM results WHERE recording = ?", (digest,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remove_results(store: KeptResults, keys: Iterable[str]) -> None:
    """Remove values of the store, in this order; those that are gone are no error.

    Raises:
        NotRemovedError: The system refuses.
        StoreUnusableError: The other machine does.
    """
    try:
        for key in keys:
            store.remove(key)
    except OSError as error:
        raise NotRemovedError(error) from error


def _remove(traces: Traces, store: KeptResults, *, edited: bool) -> None:
    try:
        for path in (*traces.outputs, *(traces.edited if edited else ())):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise NotRemovedError(error) from error
    remove_results(store, traces.results)


def _read(store: KeptResults) -> _Results:
    results = _Results()
    for file in store.files():
        results.sizes[file.key] = file.size_bytes
        about = _audio_info(file.value)
        if about is not None:
            digest = about.info.digest
            results.prepared.setdefault(digest, []).append(file.key)
            channels = {channel.audio_digest for channel in about.channels}
            results.audio.setdefault(digest, set()).update(channels)
        elif file.of:
            for digest in file.of:
                results.of.setdefault(digest, []).append(file.key)
        else:
            results.num_unknown += 1
    for digest, channels in results.audio.items():
        results.same_audio.setdefault(frozenset(channels), []).append(digest)
    return results


def is_attributed(file: StoredFile) -> bool:
    """Return True if a file of the store tells what it is about."""
    return bool(file.of) or _audio_info(file.value) is not None


def _audio_info(value: bytes) -> AudioInfo | None:
    try:
        return msgspec.json.decode(value, type=AudioInfo)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _traces(journal: Journal, results: _Results, known: KnownRecording) -> Traces:
    name, digests, recordings, jobs = known
    audio = set[str]().union(*(results.audio.get(digest, ()) for digest in digests))
    twins = results.same_audio.get(frozenset(audio), ()) if audio else ()
    about = dict.fromkeys((*digests, *sorted(twins), *sorted(audio)))
    stored = [key for digest in about for key in results.of.get(digest, ())]
    last = [key for digest in digests for key in results.prepared.get(digest, ())]
    outputs, edited, elsewhere = _outputs(journal, digests, jobs)
    found = tuple(dict.fromkeys((*stored, *last)))
    if not (found or outputs or edited or elsewhere or jobs or recordings):
        raise NothingKeptError(name)
    return Traces(
        name=name,
        digests=digests,
        recordings=recordings,
        outputs=outputs,
        edited=edited,
        elsewhere=elsewhere,
        results=found,
        jobs=jobs,
        size_bytes=sum(results.sizes[key] for key in found) + sum(map(_size, outputs)),
        num_unknown=results.num_unknown,
    )


def _outputs(
    journal: Journal, digests: Collection[str], jobs: Iterable[int]
) -> tuple[tuple[Path, ...], tuple[Path, ...], tuple[str, ...]]:
    """Return the transcripts that are there: as they were written, and those that were edited.

    And the addresses of those that were written on other machines.
    """
    connection = journal.connection
    paths: dict[bytes, None] = {}
    for digest in digests:
        rows = connection.execute("SELECT path FROM outputs WHERE recording = ?", (digest,))
        paths |= dict.fromkeys(bytes(row["path"]) for row in rows.fetchall())
    for number in jobs:
        row = connection.execute(
            "SELECT outputs, folder FROM jobs JOIN runs ON run = runs.id WHERE jobs.id = ?",
            (number,),
        ).fetchone()
        for text in json.loads(row["outputs"]):
            place = text if scheme_of(text) else reference_of(Path(row["folder"]) / text)
            paths[os.fsencode(place)] = None
    kept: list[Path] = []
    edited: list[Path] = []
    for each in paths:
        rows = connection.execute("SELECT digest, recording FROM outputs WHERE path = ?", (each,))
        written = {row["digest"] for row in rows.fetchall() if row["recording"] in {None, *digests}}
        path = Path(os.fsdecode(each))
        if written and path.is_file():
            (kept if _digest_or_none(path) in written else edited).append(path)
        if written and (corrections := corrections_path(path)).is_file():
            edited.append(corrections)
    elsewhere = (os.fsdecode(each) for each in paths)
    return tuple(kept), tuple(edited), tuple(each for each in elsewhere if scheme_of(each))


def _strip_reports(journal: Journal, jobs: Iterable[int]) -> None:
    """Take a recording's errors out of the reports of its runs."""
    connection = journal.connection
    for number in jobs:
        row = connection.execute(
            "SELECT runs.id, recording, report FROM jobs JOIN runs ON run = runs.id"
            " WHERE jobs.id = ?",
            (number,),
        ).fetchone()
        if row is None or not row["report"]:
            continue
        report = json.loads(row["report"])
        others = [one for one in report.get("errors", ()) if one.get("recording") != row[1]]
        if len(others) != len(report.get("errors", ())):
            report["errors"] = others
            connection.execute(
                "UPDATE runs SET report = ? WHERE id = ?", (json.dumps(report), row["id"])
            )


def _digest_or_none(path: Path) -> str | None:
    try:
        return digest_file(path)
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
