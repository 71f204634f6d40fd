"""``dalston store``: what is kept, what of it goes, and a recording that is forgotten."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import COMMAND, Done, Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.records.journal import JOURNAL_NAME
from dalston_cli.review.edits import TextEdit
from dalston_cli.review.item import Item

WORDS = ("transcribe", "in", "-o", "out", "-f", "txt,json", "--model", "speech")


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    """A finished folder: two recordings, and a copy of one."""
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    write_recording(warm_shell.work / "in" / "ada.wav", seed=1)
    write_recording(warm_shell.work / "in" / "grace.wav", seed=2)
    shutil.copy(warm_shell.work / "in" / "ada.wav", warm_shell.work / "in" / "copy.wav")
    assert warm_shell.call(*WORDS).code == ExitCode.OK
    return warm_shell


def data(done: Done) -> Any:
    assert done.code == ExitCode.OK, done.err
    return json.loads(done.out)["data"]


def state_of(shell: Shell) -> Path:
    return Path(shell.environ["DALSTON_STATE_DIR"])


def stored(shell: Shell) -> list[Path]:
    return sorted((state_of(shell) / "store").rglob("*.json"))


def outputs(shell: Shell) -> list[str]:
    return sorted(path.name for path in (shell.work / "out").iterdir())


def mentions(shell: Shell, word: str) -> list[str]:
    """Files of the state that have a word in them, freed pages of the journal included."""
    with sqlite3.connect(state_of(shell) / JOURNAL_NAME) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    files = [path for path in state_of(shell).rglob("*") if path.is_file()]
    return [path.name for path in files if word.encode() in path.read_bytes()]


def test_a_forgotten_recording_leaves_nothing(shell: Shell) -> None:
    digest = json.loads((shell.work / "out" / "ada.json").read_bytes())["recording"]["digest"]
    kept = (shell.work / "out" / "grace.json").read_bytes()
    num_before = len(stored(shell))
    assert mentions(shell, "ada.wav")

    refused = shell.call("store", "forget", "in/ada.wav")
    assert (refused.code, "confirmation" in refused.err) == (ExitCode.USAGE, True)
    [planned] = data(shell.call("store", "forget", "in/ada.wav", "--dry-run", "--json"))
    assert (planned["removed"], planned["num_results"]) == (False, 2)
    assert sorted(Path(each).name for each in planned["outputs"]) == sorted(
        each for each in outputs(shell) if not each.startswith("grace")
    )
    assert len(stored(shell)) == num_before

    (shell.work / "in" / "ada.wav").unlink()
    [gone] = data(shell.call("store", "forget", "in/ada.wav", "-y", "--json"))
    assert (gone["removed"], gone["digests"], gone["edited"]) == (True, [digest], [])
    assert gone["num_jobs"] == 2, "the copy's, too"

    assert len(stored(shell)) == num_before - 2
    assert outputs(shell) == ["grace.json", "grace.txt"]
    assert (shell.work / "out" / "grace.json").read_bytes() == kept
    assert [mentions(shell, word) for word in ("ada.wav", "copy.wav", digest)] == [[], [], []]
    again = shell.call("store", "forget", "in/ada.wav", "-y")
    assert (again.code, "nothing is kept of in/ada.wav" in again.err) == (ExitCode.USAGE, True)
    done = shell.call(*WORDS)
    assert "1 done, 1 unchanged" in done.err, "the copy is a new recording now"


def test_an_edited_transcript_goes_only_if_that_is_said(shell: Shell) -> None:
    text = shell.work / "out" / "grace.txt"
    text.write_text("corrected", encoding="utf-8")
    corrections = shell.work / "out" / "grace.corrections.jsonl"
    Item(shell.work / "out" / "grace.json", pytest.fail).edit(0, TextEdit("s0", "corrected"))
    shell.call("store", "prune", "-y", "--older-than", "0s")
    assert corrections.exists()
    [gone] = data(shell.call("store", "forget", "in/grace.wav", "-y", "--json"))
    names = {Path(each).name for each in gone["edited"]}
    assert names == {"grace.txt", "grace.corrections.jsonl"}
    assert text.read_text(encoding="utf-8") == "corrected"
    assert corrections.exists()

    assert shell.call(*WORDS, "--overwrite").code == ExitCode.OK
    text.write_text("corrected", encoding="utf-8")
    assert shell.call("store", "forget", "in/grace.wav", "-y", "--edited").code == ExitCode.OK
    assert not text.exists()
    assert not corrections.exists()


def test_what_the_file_was_before_is_forgotten_too(shell: Shell) -> None:
    write_recording(shell.work / "in" / "grace.wav", seed=3, seconds=3.0)
    assert shell.call(*WORDS).code == ExitCode.OK
    [gone] = data(shell.call("store", "forget", str(shell.work / "in/grace.wav"), "-y", "--json"))
    assert (len(gone["digests"]), gone["num_results"]) == (2, 4)
    assert len(stored(shell)) == 2


def test_a_killed_removal_is_finished_by_the_same_command(shell: Shell) -> None:
    rng = random.Random(7)
    command = [*COMMAND, "store", "forget", "-y", "in/ada.wav"]
    for _ in range(4):
        process = subprocess.Popen(command, cwd=shell.work, env=shell.environ, stderr=-1)
        time.sleep(rng.uniform(0.3, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = shell.call("store", "forget", "-y", "in/ada.wav")
    assert done.code == ExitCode.OK or "nothing is kept" in done.err
    assert outputs(shell) == ["grace.json", "grace.txt"]
    assert len(stored(shell)) == 2
    assert mentions(shell, "ada.wav") == []


def test_results_go_by_age_and_by_room(shell: Shell) -> None:
    before = stored(shell)
    assert (
        data(shell.call("store", "prune", "-y", "--older-than", "1h", "--json"))["num_results"] == 0
    )
    for path in before[:2]:
        os.utime(path, (time.time() - 7200,) * 2)
    planned = data(shell.call("store", "prune", "--older-than", "1h", "--dry-run", "--json"))
    assert (planned["num_results"], planned["removed"]) == (2, False)
    assert data(shell.call("store", "prune", "-y", "--older-than", "1h", "--json"))["removed"]
    assert stored(shell) == before[2:]

    data(shell.call("store", "prune", "-y", "--max-size", "0", "--json"))
    assert stored(shell) == []
    assert "3 unchanged" in shell.call(*WORDS).err, "what is finished stays finished"
    odd = shell.call("store", "prune", "--older-than", "soon")
    assert (odd.code, "write --older-than 30d" in odd.err) == (ExitCode.USAGE, True)


def test_unused_environments_and_copies_of_the_sdk_go(shell: Shell) -> None:
    cache = Path(shell.environ["DALSTON_CACHE_DIR"])
    (cache / "sdk" / "0123456789ab" / "dalston_sdk").mkdir(parents=True)
    old = cache / "environments" / "fake-0123456789ab"
    old.mkdir(parents=True)
    (old / "complete.json").write_bytes(b"x" * 5000)
    rows = {row["what"]: row for row in data(shell.call("store", "du", "--json"))}
    assert rows["results"]["number"] == 4
    assert rows["environments"]["unused_bytes"] >= 5000
    used = [path for path in (cache / "sdk").iterdir() if path.name != "0123456789ab"]

    gone = data(shell.call("store", "prune", "-y", "--json"))
    assert {Path(each).name for each in gone["folders"]} == {"fake-0123456789ab", "0123456789ab"}
    assert list((cache / "sdk").iterdir()) == used
    assert not old.exists()
    assert len(stored(shell)) == 4, "results go only as the options say"
    assert shell.call("store", "prune", "-y").code == ExitCode.OK
