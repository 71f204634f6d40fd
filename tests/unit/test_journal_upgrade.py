"""A journal of 0.1 is opened, brought to today's format, and read right."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tests.support

from dalston_cli.pipeline.records.history import list_runs, show_run
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_schema import SCHEMA_VERSION

WRITTEN_BY_0_1 = Path(tests.support.__path__[0]) / "journal_0_1.sql"
DROPPED = "/recordings/talk.ctm"
DROPPED_KEY = "8fef9e936362c1ea825262780dfa944a75a5831247573ae2b7dd04d8c5e70a29"
TEXT_DIGEST = "sha256:a7f3ea6a2a8983104fdf136f59663214b6c1e16e284d852c34f5489fa7f40dc4"
TEXT_KEY = "b3d65a27a288f6d6defb96e65f05a72842a2e938b0647853e27fa7b375193952"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal as 0.1 left it: a run with ``-f all`` without words, and one that failed."""
    file = tmp_path / "journal.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.executescript(WRITTEN_BY_0_1.read_text(encoding="utf-8"))
    connection.close()
    return file


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def version(journal: Journal) -> int:
    number: int = journal.connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def test_a_dropped_output_has_a_column_of_its_own(journal: Journal) -> None:
    rows = journal.connection.execute(
        "SELECT path, digest, key FROM outputs WHERE dropped"
    ).fetchall()
    assert [tuple(row) for row in rows] == [(DROPPED.encode(), None, DROPPED_KEY)]
    assert journal.output_keys(DROPPED) == {None: DROPPED_KEY}


def test_everything_else_is_as_it_was(path: Path) -> None:
    tables = ("attempts", "batches", "files", "jobs", "results", "runs")
    with sqlite3.connect(path) as connection:
        before = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
        num_outputs = connection.execute("SELECT count(*) FROM outputs").fetchone()[0]
    connection.close()

    with Journal(path) as journal:
        after = {
            name: [tuple(row) for row in journal.connection.execute(f"SELECT * FROM {name}")]
            for name in tables
        }
        new = {"results": (None,)}  # columns of later formats
        assert after == {
            name: [(*row, *new.get(name, ())) for row in rows] for name, rows in before.items()
        }
        assert journal.output_keys("/recordings/talk.txt") == {TEXT_DIGEST: TEXT_KEY}
        rows = journal.connection.execute("SELECT count(*) FROM outputs WHERE NOT dropped")
        assert rows.fetchone()[0] == num_outputs - 1
        assert version(journal) == SCHEMA_VERSION


def test_its_runs_are_told(journal: Journal) -> None:
    assert [run.counts for run in list_runs(journal)] == [{"failed": 1}, {"done": 1}]
    assert show_run(journal).jobs[0].error_code == "not_media"


def test_it_can_be_written_to(journal: Journal) -> None:
    journal.expect_output(DROPPED, "sha256:words", "key")
    journal.drop_output("/recordings/other.ctm", "key")
    assert journal.output_keys(DROPPED) == {None: DROPPED_KEY, "sha256:words": "key"}
    assert journal.output_keys("/recordings/other.ctm") == {None: "key"}


def test_processes_that_open_it_at_once_upgrade_it_once(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from dalston_cli.pipeline.records.journal import Journal;"
        f"print(Journal(Path(sys.argv[1])).output_keys({DROPPED!r})[None])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", script, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(4)
    ]
    assert [process.communicate(timeout=180)[0].strip() for process in processes] == [
        DROPPED_KEY
    ] * 4
