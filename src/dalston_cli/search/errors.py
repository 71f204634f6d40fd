"""Errors of the index."""

import shlex
import sqlite3
from pathlib import Path

from dalston_cli.errors import UnavailableError


class IndexUnusableError(UnavailableError):
    """The system does not let the index be made, read or written."""

    code = "index_unusable"

    def __init__(self, path: Path, error: Exception) -> None:
        super().__init__(
            f"the search index {path} cannot be used: {getattr(error, 'strerror', None) or error}",
            hint="look at room and permissions: df -h "
            f"{shlex.quote(str(path.parent))}, or use another state folder: export"
            " DALSTON_STATE_DIR=/another/folder",
        )


class NoFullTextSearchError(UnavailableError):
    """This Python's SQLite was built without FTS5."""

    code = "no_full_text_search"

    def __init__(self) -> None:
        super().__init__(
            f"SQLite {sqlite3.sqlite_version} of this Python has no full-text search (FTS5)",
            hint="install Dalston with another Python: uv tool install --python 3.12 dalston",
        )


class DamagedIndexError(Exception):
    """The index's file is damaged; it is made anew, so that no command ends with this."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


_DAMAGE = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR}
)
_CUT_OFF = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
_PRIMARY = 0xFF


def explained(path: Path, error: sqlite3.Error) -> Exception:
    """Return what an error of SQLite means for an index.

    A statement that is wrong for the tables (``SQLITE_ERROR``) is damage, too: the file has tables
    of the same version with other columns.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if "no such module: fts5" in str(error):
        return NoFullTextSearchError()
    if code in _CUT_OFF or code & _PRIMARY in _DAMAGE:
        return DamagedIndexError(path, str(error))
    return IndexUnusableError(path, error)
