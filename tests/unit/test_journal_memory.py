"""The journal: its memory of runs, files and outputs."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalston_cli.commands.runs import run_lines
from dalston_cli.pipeline.endpoints import FileStamp, reference_of
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, RunFinished
from dalston_cli.pipeline.records.history import (
    NoRunsError,
    UnknownRunError,
    list_runs,
    measured_rtfx,
    seconds_per_byte,
    show_run,
)
from dalston_cli.pipeline.records.journal import RUNS_KEPT, Attempt, Journal, Outcome
from dalston_cli.pipeline.records.journal_errors import (
    JournalTooNewError,
    JournalUnreadableError,
    StateFolderError,
)
from dalston_cli.pipeline.records.keys import digest_bytes
from dalston_cli.pipeline.records.local_file import digest_once, remember_if_steady


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def old(path: Path, text: str) -> Path:
    """A file that was written a while ago."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def finish(journal: Journal, run: str, exit_code: int = 0) -> None:
    journal.end_run(
        RunFinished(run=run, counts={}, audio_s=0.0, elapsed_s=1.0, exit_code=exit_code)
    )


def test_a_file_is_read_once(journal: Journal, tmp_path: Path) -> None:
    file = old(tmp_path / "a.wav", "one")
    stamp = FileStamp.of(file)
    assert journal.known_digest(reference_of(file), stamp) is None

    assert digest_once(journal, file) == digest_bytes(b"one")

    assert journal.known_digest(reference_of(file), stamp) == digest_bytes(b"one")


def test_a_changed_file_is_read_again(journal: Journal, tmp_path: Path) -> None:
    file = old(tmp_path / "a.wav", "one")
    digest_once(journal, file)
    file.write_text("two", encoding="utf-8")

    assert digest_once(journal, file) == digest_bytes(b"two")


def test_a_file_of_this_moment_is_not_trusted_by_its_stamp(
    journal: Journal, tmp_path: Path
) -> None:
    file = tmp_path / "a.wav"
    file.write_text("one", encoding="utf-8")
    os.utime(file)

    remember_if_steady(journal, file, FileStamp.of(file), "sha256:one")

    assert journal.known_digest(reference_of(file), FileStamp.of(file)) is None


def test_names_may_be_any_bytes(journal: Journal, tmp_path: Path) -> None:
    file = old(tmp_path / os.fsdecode(b"not utf-8 \xff\n.wav"), "one")

    digest_once(journal, file)

    assert journal.known_digest(reference_of(file), FileStamp.of(file)) == digest_bytes(b"one")


def test_outputs_before_and_after_they_are_written(journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    output = reference_of(file)
    journal.drop_output(output, "key-dropped")
    assert journal.output_keys(output) == {None: "key-dropped"}
    journal.drop_output(output, "key-dropped-again")
    assert journal.output_keys(output) == {None: "key-dropped-again"}
    journal.expect_output(output, "sha256:old", "key-old")
    journal.expect_output(output, "sha256:new", "key-new")
    dropped = {None: "key-dropped-again"}
    assert journal.output_keys(output) == dropped | {
        "sha256:old": "key-old",
        "sha256:new": "key-new",
    }

    file.write_text("new", encoding="utf-8")
    journal.confirm_output(output, FileStamp.of(file), "sha256:new")

    assert journal.output_keys(output) == {"sha256:new": "key-new"}
    assert digest_once(journal, file) == "sha256:new", "its stamp is known, so it is not read"


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(duration_s=1.5, warnings=("quiet", "short")), id="done"),
        pytest.param(Outcome(), id="done-without-anything"),
        pytest.param(Outcome(error=ErrorInfo(code="c", message="m", hint="h")), id="failed"),
    ],
)
def test_outcomes_are_remembered(path: Path, outcome: Outcome) -> None:
    with Journal(path) as journal:
        assert journal.outcome("key") is None
        journal.remember_outcome("key", outcome)
    with Journal(path) as journal:
        assert journal.outcome("key") == outcome


def test_batches_and_speeds_are_learnt(journal: Journal) -> None:
    assert journal.batch_size("speech", "cuda:0") is None
    assert measured_rtfx(journal, "transcribe", "speech", "cpu") is None
    assert seconds_per_byte(journal, ".wav") is None
    run = journal.begin_run(1)
    job = journal.begin_job(run, "a.wav", suffix=".wav", size=1000)
    for elapsed_s, error in ((2.0, None), (4.0, None), (9.0, "it crashed")):
        journal.add_attempt(
            job,
            Attempt(
                stage="transcribe",
                engine="e",
                model="speech",
                device="cpu",
                started_at=0.0,
                elapsed_s=elapsed_s,
                audio_s=30.0,
                error=error,
            ),
        )
    journal.end_job(job, JobFinished(recording="a.wav", status="done", duration_s=30.0))
    journal.remember_batch_size("speech", "cuda:0", 4)

    assert journal.batch_size("speech", "cuda:0") == 4
    assert measured_rtfx(journal, "transcribe", "speech", "cpu") == pytest.approx(10.0)
    assert seconds_per_byte(journal, ".wav") == pytest.approx(0.03)


def test_history_tells_runs_jobs_and_attempts(journal: Journal) -> None:
    first = journal.begin_run(2)
    job = journal.begin_job(first, "a.wav", suffix=".wav", size=None)
    journal.end_job(
        job,
        JobFinished(
            recording="a.wav",
            status="failed",
            elapsed_s=1.0,
            error=ErrorInfo(code="not_media", message="no", hint="look"),
        ),
    )
    finish(journal, first, exit_code=6)
    second = journal.begin_run(1)

    runs = list_runs(journal)
    record = show_run(journal, first)

    assert [(run.run, run.state, run.exit_code) for run in runs] == [
        (second, "running", None),
        (first, "finished", 6),
    ]
    assert list_runs(journal, limit=1) == runs[:1]
    assert record.summary.counts == {"failed": 1}
    [shown] = record.jobs
    assert (shown.error_code, shown.error, shown.hint) == ("not_media", "no", "look")
    assert show_run(journal).summary.run == second


def test_a_run_whose_process_is_gone_has_died(journal: Journal) -> None:
    run = journal.begin_run(1)
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    journal.begin_job(run, "a.wav", suffix=".wav", size=1)
    journal.connection.execute("UPDATE runs SET pid = ?", (int(ended.stdout),))

    record = show_run(journal, run)
    assert (record.summary.state, record.summary.counts) == ("died", {"unfinished": 1})
    lines = list(run_lines(record))
    assert ": died" in lines[0]
    assert lines[1] == "1 recording: 1 unfinished"


def test_a_later_process_with_the_same_number_is_another(journal: Journal) -> None:
    run = journal.begin_run(1)
    journal.connection.execute("UPDATE runs SET process_started_at = process_started_at - 60")

    assert show_run(journal, run).summary.state == "died"


def test_an_unknown_run_is_explained(journal: Journal) -> None:
    run = journal.begin_run(1)

    with pytest.raises(UnknownRunError, match=f"did you mean `{run}`"):
        show_run(journal, run[:-1] + "x")
    assert show_run(journal, run[:-1]).summary.run == run


@pytest.mark.parametrize("run", [None, "2026"])
def test_no_run_at_all_is_explained(run: str | None, journal: Journal) -> None:
    with pytest.raises(NoRunsError, match="there are no runs yet"):
        show_run(journal, run)


def test_two_processes_write_at_once(path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from dalston_cli.pipeline.events import JobFinished
        from dalston_cli.pipeline.records.journal import Journal

        with Journal(Path(sys.argv[1])) as journal:
            run = journal.begin_run(200)
            for number in range(200):
                job = journal.begin_job(run, f"{number}", suffix=".wav", size=1)
                journal.end_job(job, JobFinished(recording=f"{number}", status="done"))
        """
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, path], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    complaints = [process.communicate(timeout=180)[1] for process in processes]

    assert complaints == ["", "", ""]
    with Journal(path) as journal:
        assert [run.counts for run in list_runs(journal)] == [{"done": 200}] * 3


def test_a_damaged_journal_is_explained(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database " * 500)

    with pytest.raises(JournalUnreadableError, match="journal of runs cannot be used") as caught:
        Journal(path)
    assert caught.value.exit_code == 4
    assert caught.value.hint is not None
    assert "dalston doctor --repair" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")

    with pytest.raises(StateFolderError, match="state cannot be used: File exists") as caught:
        Journal(tmp_path / "state" / "journal.sqlite3")
    assert caught.value.exit_code == 5
    assert "export DALSTON_STATE_DIR=" in (caught.value.hint or "")


def test_a_newer_journal_is_left_alone(path: Path) -> None:
    Journal(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(JournalTooNewError, match="newer Dalston"):
        Journal(path)


def test_only_the_last_runs_are_kept(journal: Journal) -> None:
    first = journal.begin_run(1)
    journal.begin_job(first, "a.wav", suffix=".wav", size=1)
    later = [journal.begin_run(1) for _ in range(RUNS_KEPT)]
    finish(journal, later[-1])

    assert len(list_runs(journal, limit=None)) == RUNS_KEPT
    with pytest.raises(UnknownRunError):
        show_run(journal, first)
    assert journal.connection.execute("SELECT count(*) FROM jobs").fetchone()[0] == 0
