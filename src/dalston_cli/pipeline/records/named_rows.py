"""Rows of the journal about files of certain names, in whatever folders: one pass for all names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from sqlite3 import Row

from dalston_cli.pipeline.records.journal import Journal


def rows_by_name(
    journal: Journal, statement: str, column: str, names: Iterable[str | bytes]
) -> Mapping[str | bytes, list[Row]]:
    """Return rows by the last part of the path that one of their columns has.

    Args:
        journal: The journal.
        statement: Selects rows, and has no condition.
        column: Of the paths, which are text or bytes as the names are.
        names: Those that are wanted.
    """
    wanted = frozenset(names)

    def is_wanted(path: str | bytes) -> bool:
        return _last_part(path) in wanted

    journal.connection.create_function("is_wanted", 1, is_wanted, deterministic=True)
    found: dict[str | bytes, list[Row]] = defaultdict(list)
    for row in journal.connection.execute(f"{statement} WHERE is_wanted({column})").fetchall():
        found[_last_part(row[column])].append(row)
    return found


def _last_part(path: str | bytes) -> str | bytes:
    return path.rpartition(b"/")[2] if isinstance(path, bytes) else path.rpartition("/")[2]
