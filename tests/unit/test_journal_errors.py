"""A journal that is damaged anywhere, held, or on a full disk: an error that says what to do."""

import random
import shlex
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import FileStamp
from dalston_cli.pipeline.events import ErrorInfo, JobFinished
from dalston_cli.pipeline.records.history import list_runs, measured_rtfx, show_run
from dalston_cli.pipeline.records.journal import Journal, Outcome
from dalston_cli.pipeline.records.journal_errors import (
    JournalHeldError,
    JournalUnreadableError,
    StateFolderError,
)

NUM_JOBS = 120
PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with a run of many recordings, none of it in the log any more."""
    file = tmp_path / "journal.sqlite3"
    with Journal(file) as journal:
        run = journal.begin_run(NUM_JOBS)
        for number in range(NUM_JOBS):
            use(journal, run, number)
        journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def use(journal: Journal, run: str, number: int) -> None:
    """Do with a journal what a recording's job does."""
    name = f"/recordings/talk {number:03}.wav"
    job = journal.begin_job(run, name, suffix=".wav", size=1)
    journal.known_digest(name, FileStamp(size=1, mtime_ns=2, inode=number, device=4))
    journal.remember_digest(
        name, FileStamp(size=1, mtime_ns=2, inode=number, device=4), f"sha256:{number:064x}"
    )
    journal.outcome(f"key {number}")
    journal.remember_outcome(f"key {number}", Outcome(duration_s=1.0, warnings=("quiet",)))
    journal.expect_output(f"/out/{number:03}.txt", f"sha256:{number:064x}", f"key {number}")
    journal.output_keys(f"/out/{number:03}.txt")
    journal.end_job(
        job,
        JobFinished(
            recording=name, status="failed", error=ErrorInfo(code="c", message="m", hint="h")
        ),
    )


def use_everything(path: Path) -> None:
    with Journal(path) as journal:
        list_runs(journal)
        measured_rtfx(journal, "transcribe", "speech", "cpu")
        show_run(journal)
        run = journal.begin_run(NUM_JOBS)
        for number in range(NUM_JOBS):
            use(journal, run, number)


def use_often(journal: Journal, run: str) -> None:
    for number in range(NUM_JOBS, 10 * NUM_JOBS):
        use(journal, run, number)


def error_of(path: Path) -> DalstonError | None:
    try:
        use_everything(path)
    except DalstonError as error:
        return error
    return None


def zeros(file: bytearray, chance: random.Random) -> None:
    start = chance.randrange(0, len(file), PAGE)
    file[start : start + PAGE] = bytes(PAGE)


def noise(file: bytearray, chance: random.Random) -> None:
    start = chance.randrange(0, len(file) - 200)
    file[start : start + 200] = chance.randbytes(200)


def noise_in_every_page(file: bytearray, chance: random.Random) -> None:
    for start in range(PAGE, len(file), PAGE):
        file[start : start + 200] = chance.randbytes(200)


def cut(file: bytearray, chance: random.Random) -> None:
    del file[chance.randrange(1, len(file)) :]


@pytest.mark.parametrize("damage", [zeros, noise, noise_in_every_page, cut])
def test_damage_anywhere_is_an_error_with_a_command(
    path: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    sound, met = path.read_bytes(), 0
    for seed in range(12):
        file = bytearray(sound)
        damage(file, random.Random(seed))
        damaged = path.with_name(f"{seed}.sqlite3")
        damaged.write_bytes(file)
        error = error_of(damaged)
        if error is not None:
            met += 1
            assert isinstance(error, JournalUnreadableError), error.message
            assert error.exit_code == 4
            assert "dalston doctor --repair" in (error.hint or "")
    assert met, "no damage was met"


def test_values_that_cannot_be_are_damage(path: Path) -> None:
    with Journal(path) as journal:
        journal.connection.execute("UPDATE jobs SET outputs = '[\"a' WHERE id = 3")
        with pytest.raises(JournalUnreadableError, match="a value in it is impossible"):
            show_run(journal)
        journal.connection.execute("UPDATE results SET warnings = 'x' WHERE key = 'key 3'")
        with pytest.raises(JournalUnreadableError):
            journal.outcome("key 3")


def test_a_journal_without_its_tables_is_damaged(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE results")
    connection.close()
    with Journal(path) as journal, pytest.raises(JournalUnreadableError, match="no such table"):
        journal.outcome("key 3")


def test_one_that_is_held_for_long_is_not_waited_for_for_ever(path: Path) -> None:
    with Journal(path, busy_timeout_s=0.05) as journal:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalHeldError, match=r"did not let go of it within 0\.05 s") as held:
            journal.begin_run(1)
        holder.execute("ROLLBACK")
        holder.close()
        assert held.value.exit_code == 5
        assert f"fuser -v {path}" in (held.value.hint or "")
        assert journal.begin_run(1)


def test_no_room_in_it_is_explained(path: Path) -> None:
    with Journal(path) as journal:
        [pages] = journal.connection.execute("PRAGMA page_count").fetchone()
        journal.connection.execute(f"PRAGMA max_page_count = {pages}")
        run = journal.begin_run(1)
        with pytest.raises(StateFolderError, match="database or disk is full") as full:
            use_often(journal, run)
        assert full.value.exit_code == 5
        assert f"df -h {path.parent}" in (full.value.hint or "")


def test_a_link_to_a_journal_makes_a_private_one(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere.sqlite3", tmp_path / "state" / "journal.sqlite3"
    link.parent.mkdir()
    link.symlink_to(target)
    with Journal(link) as journal:
        journal.begin_run(1)
    assert target.stat().st_mode & 0o777 == 0o600


def test_commands_in_hints_take_any_path_as_one_word(tmp_path: Path) -> None:
    odd = tmp_path / "it's; here"
    for error in (StateFolderError(odd, "full"), JournalHeldError(odd, 1)):
        command = (error.hint or "").split(": ", 1)[1].split(", ", 1)[0]
        assert shlex.split(command)[-1] == str(odd)
