"""``dalston doctor --repair``: a damaged journal is made anew of what can be read."""

import json
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.transcripts import monologue

from dalston_cli.app import main
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.endpoints import FileStamp, reference_of
from dalston_cli.pipeline.events import JobFinished
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Attempt, Journal
from dalston_cli.pipeline.records.repair import check_journal

NUM_JOBS = 150
KEY = "0" * 64


@pytest.fixture
def path(home: Path) -> Path:
    """A journal with one run of many recordings."""
    file = home / "state" / JOURNAL_NAME
    with Journal(file) as journal:
        run = journal.begin_run(NUM_JOBS)
        for number in range(NUM_JOBS):
            job = journal.begin_job(run, f"{number}.wav", suffix=".wav", size=1)
            stamp = FileStamp(size=1, mtime_ns=2, inode=number, device=4)
            journal.remember_digest(f"/in/{number}.wav", stamp, f"sha256:{number:064x}")
            journal.expect_output(f"/out/{number}.txt", f"sha256:{number:064x}", KEY)
            journal.add_attempt(
                job,
                Attempt(
                    stage="transcribe",
                    engine="e",
                    model="m",
                    device="cpu",
                    started_at=0.0,
                    elapsed_s=1.0,
                    audio_s=1.0,
                ),
            )
            journal.end_job(job, JobFinished(recording=f"{number}.wav", status="done"))
        journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def rows(path: Path) -> dict[str, int]:
    with Journal(path) as journal:
        return {
            table: journal.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("runs", "jobs", "attempts", "files", "outputs")
        }


def doctor(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, tuple[str, str, str]]:
    main(["doctor", *words, "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["data"]
    return {one["name"]: (one["status"], one["message"], one["hint"] or "") for one in found}


def test_what_can_be_read_of_a_damaged_journal_is_kept(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bytearray(path.read_bytes())
    for page in (5, 9, 14):
        file[page * 4096 : page * 4096 + 200] = random.Random(page).randbytes(200)
    path.write_bytes(file)
    status, _, hint = doctor(capsys)["journal"]
    assert (status, "dalston doctor --repair" in hint) == ("fail", True)

    found = doctor(capsys, "--repair")

    assert found["repair"][1].startswith("the journal of runs was made anew, with ")
    assert found["journal"][:2] == ("ok", "1 run")
    [set_aside] = path.parent.glob("*.damaged-*")
    assert str(set_aside) in found["repair"][2]
    assert set_aside.read_bytes() == file
    assert check_journal(path) == 1
    kept = rows(path)
    assert kept["runs"] == 1
    assert all(number <= NUM_JOBS for number in kept.values()), "no row is there twice"
    assert sum(kept.values()) > NUM_JOBS, "most rows could be read"
    assert sorted(one.name for one in path.parent.iterdir()) == [JOURNAL_NAME, set_aside.name]


def test_a_sound_journal_is_left_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = path.read_bytes()
    assert doctor(capsys)["journal"][:2] == ("ok", "1 run")
    assert doctor(capsys, "--repair")["repair"][1] == "the journal of runs is sound"
    assert path.read_bytes() == before
    assert rows(path) == dict.fromkeys(("jobs", "attempts", "files", "outputs"), NUM_JOBS) | {
        "runs": 1
    }


def test_one_of_a_newer_version_is_not_touched(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Journal(path) as journal:
        journal.connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    for command in (["doctor", "--repair"], ["runs", "list"], ["runs", "show"]):
        assert main(command) == 4
        assert "pip install --upgrade dalston" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_outputs_are_noted_by_the_document_beside_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript = msgspec.structs.replace(
        monologue(), key=KEY, status="complete", generator=None, digest=None
    )
    folder = home / "out"
    folder.mkdir()
    for name in ("json", "srt"):
        text = WRITERS[name].text(transcript, RenderOptions())
        (folder / f"talk{WRITERS[name].extension}").write_text(text, encoding="utf-8")
    (folder / "talk.txt").write_text("corrected\n", encoding="utf-8")
    (folder / "notes.json").write_text("[]", encoding="utf-8")

    found = doctor(capsys, "--repair", str(folder))

    assert found["repair"][1] == f"1 transcript in {folder} noted as finished"
    with Journal(home / "state" / JOURNAL_NAME) as journal:
        assert journal.output_keys(reference_of(folder / "talk.srt"))
        assert journal.output_keys(reference_of(folder / "talk.json"))
        outcome = journal.outcome(KEY)
    assert outcome is not None
    assert outcome.duration_s == transcript.recording.duration_s


def test_folders_are_for_a_repair(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(home)]) == 2
    assert f"dalston doctor --repair {home}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "command"),
    [
        ("DROP TABLE attempts", ["runs", "show"]),
        ("ALTER TABLE jobs DROP COLUMN error_hint", ["runs", "show"]),
        ("UPDATE jobs SET outputs = '[\"a' WHERE id = 3", ["runs", "show"]),
        ("UPDATE jobs SET outputs = '7' WHERE id = 3", ["runs", "show"]),
        ("UPDATE jobs SET recording = CAST(x'61ff' AS TEXT) WHERE id = 3", ["runs", "show"]),
        ("UPDATE runs SET started_at = 1e300", ["runs", "list"]),
        ("UPDATE runs SET pid = -5", ["runs", "list"]),
    ],
)
def test_whatever_is_to_be_repaired_can_be(
    damage: str, command: list[str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    assert main(command) == 4
    assert "dalston doctor --repair" in capsys.readouterr().err

    found = doctor(capsys, "--repair")

    assert found["repair"][1].startswith("the journal of runs was made anew, with ")
    assert main(["runs", "list"]) == 0
    assert check_journal(path) is not None
    assert rows(path)["files"] == NUM_JOBS, "what is sound is kept"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_named_and_not_waited_for(
    make: Callable[[Path], None], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = home / "state"
    state.mkdir(exist_ok=True)
    make(state / JOURNAL_NAME)
    for command in (["runs", "list"], ["doctor", "--repair"]):
        assert main(command) == 4
        err = capsys.readouterr().err
        assert f"{state / JOURNAL_NAME} is no regular file" in err
        assert f"mv {state / JOURNAL_NAME} {state / JOURNAL_NAME}.old" in err
    assert doctor(capsys)["journal"][0] == "fail"
