"""Recordings that a run could not use, and which of them their user knows about.

A refusal holds for a path and its bytes: one that changes is a new recording.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Row

from msgspec import Struct

from dalston_cli.audio.errors import RecordingMissingError, RecordingUnreadableError
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.endpoints import reference_of
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_bytes, digest_file
from dalston_cli.pipeline.remote.address import Address


class Refusal(Struct, frozen=True, kw_only=True):
    """A recording that an earlier run could not use.

    Attributes:
        accepted: Its user said so, and wants no alarm until it changes.
    """

    path: str
    digest: str
    accepted: bool


class NotRefusedError(UsageError):
    """No run has refused what is to be accepted."""

    code = "not_refused"

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(
            f"{shown_name(path)} {reason}: there is nothing to accept",
            hint="dalston runs show names what the last run could not use",
        )


class Refusals:
    """What the journal knows of recordings that cannot be used."""

    def __init__(self, journal: Journal) -> None:
        self._connection = journal.connection

    def note(self, reference: str, digest: str) -> Refusal | None:
        """Note that a recording is refused; return what was known of the same bytes before."""
        path = os.fsencode(reference)
        row = self._connection.execute("SELECT * FROM refused WHERE path = ?", (path,)).fetchone()
        if row is not None and row["digest"] == digest:
            return Refusal(path=reference, digest=digest, accepted=bool(row["accepted"]))
        moved = self._moved(digest) if row is None else None
        self._connection.execute(
            "INSERT OR REPLACE INTO refused (path, digest, accepted) VALUES (?, ?, ?)",
            (path, digest, bool(moved and moved.accepted)),
        )
        return moved

    def _moved(self, digest: str) -> Refusal | None:
        """Return what is known of the same bytes in a file that is gone: it was moved.

        Empty files are all the same, so that another one could be meant.
        """
        if digest == digest_bytes(b""):
            return None
        rows = self._connection.execute("SELECT * FROM refused WHERE digest = ?", (digest,))
        every = [_refusal(row) for row in rows.fetchall()]
        return next((each for each in every if not Path(each.path).exists()), None)

    def accept(
        self, names: Iterable[Path | Address], *, accepted: bool = True
    ) -> tuple[Refusal, ...]:
        """Accept recordings, and all in a folder that are refused; or accept them no more.

        Raises:
            NotRefusedError: One was not refused, or has changed since; then none is accepted.
            RecordingError: One is missing or cannot be read.
        """
        found = {each.path: each for name in names for each in self._refused(name)}
        self._connection.execute("BEGIN IMMEDIATE")
        for each in found.values():
            self._connection.execute(
                "UPDATE refused SET accepted = ? WHERE path = ? AND digest = ?",
                (accepted, os.fsencode(each.path), each.digest),
            )
        self._connection.execute("COMMIT")
        return tuple(
            Refusal(path=each.path, digest=each.digest, accepted=accepted)
            for each in found.values()
        )

    def _refused(self, name: Path | Address) -> list[Refusal]:
        """Return what is refused: a file, or all in a folder that has not changed since.

        What is on another machine is not fetched: if it has changed, its next run finds out.
        """
        if isinstance(name, Address):
            row = self._row(name.shown)
            if row is None:
                raise NotRefusedError(name.shown, "was not refused by any run")
            return [_refusal(row)]
        if name.is_dir():
            below = os.fsencode(reference_of(name)).rstrip(b"/") + b"/"
            rows = self._connection.execute(
                "SELECT * FROM refused WHERE substr(path, 1, ?) = ?", (len(below), below)
            )
            every = [_refusal(row) for row in rows.fetchall()]
            found = [each for each in every if _digest_or_none(Path(each.path)) == each.digest]
            if not found:
                raise NotRefusedError(name, "has no recording that a run could not use")
            return found
        row = self._row(reference_of(name))
        digest = _digest(name)
        if row is None:
            raise NotRefusedError(name, "was not refused by any run")
        if row["digest"] != digest:
            raise NotRefusedError(name, "has changed since a run refused it")
        return [_refusal(row)]

    def _row(self, reference: str) -> Row | None:
        row: Row | None = self._connection.execute(
            "SELECT * FROM refused WHERE path = ?", (os.fsencode(reference),)
        ).fetchone()
        return row


def _refusal(row: Row) -> Refusal:
    return Refusal(
        path=os.fsdecode(row["path"]),
        digest=str(row["digest"]),
        accepted=bool(row["accepted"]),
    )


def _digest(path: Path) -> str:
    try:
        return digest_file(path)
    except FileNotFoundError as error:
        raise RecordingMissingError(shown_name(path)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordingUnreadableError(shown_name(path), reason) from error


def _digest_or_none(path: Path) -> str | None:
    try:
        return digest_file(path)
    except OSError:
        return None
