"""kill -9 in mid-batch: the same command again finishes the work, and redoes none of it."""

import json
import os
import signal
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest
from tests.acceptance.home import Home, events_of
from tests.support.speech import needs_flite, say_many

pytestmark = needs_flite

NUM_RECORDINGS = 7


def read_until_transcribed(process: Popen[str], count: int) -> set[str]:
    """Read events until ``count`` recordings are transcribed; return their names."""
    done: set[str] = set()
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event.get("event", "") == "stage_finished" and event["stage"] == "transcribe":
            done.add(event["recording"])
        if len(done) >= count:
            return done
    pytest.fail(f"the run ended after {len(done)} transcriptions: {process.communicate()}")


def read_to_end(process: Popen[str]) -> list[dict[str, Any]]:
    """The rest of the events; ``communicate`` would lose what is read but not yet taken."""
    assert process.stdout is not None
    events = [json.loads(line) for line in process.stdout]
    process.communicate(timeout=180)
    return events


def kill_tree(process: Popen[str]) -> None:
    """End a command and its workers, but not the engines, which are detached."""
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=180)
    psutil.wait_procs(children, timeout=180)


def transcribed_anew(events: list[dict[str, Any]]) -> set[str]:
    return {
        event["recording"]
        for event in events
        if event.get("event", "") == "stage_finished"
        and event["stage"] == "transcribe"
        and not event.get("reused")
    }


def test_a_killed_command_is_taken_up_where_it_was(home: Home, tmp_path: Path) -> None:
    say_many(tmp_path / "in", NUM_RECORDINGS)
    command = ("transcribe", tmp_path / "in", "-o", tmp_path / "out", "-f", "json,srt", "--json")

    first = home.start(*command)
    before = read_until_transcribed(first, 2)
    kill_tree(first)
    second = home.run(*command)

    assert second.returncode == 0, second.stderr
    assert not before & transcribed_anew(events_of(second))
    written = sorted((tmp_path / "out").iterdir())
    assert len(written) == 2 * NUM_RECORDINGS, "no temporary file is left, none is missing"
    for path in written:
        if path.suffix == ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["text"]


def test_a_killed_engine_is_started_again(home: Home, tmp_path: Path) -> None:
    say_many(tmp_path / "in", NUM_RECORDINGS)

    process = home.start("transcribe", tmp_path / "in", "-o", tmp_path / "out", "--json")
    before = read_until_transcribed(process, 2)
    [engine] = home.engines()
    engine.kill()
    finished = read_to_end(process)

    assert process.returncode == 0, finished
    assert len(transcribed_anew(finished) | before) == NUM_RECORDINGS
    assert not transcribed_anew(finished) & before
    assert len(list((tmp_path / "out").glob("*.txt"))) == NUM_RECORDINGS
    assert [one.pid for one in home.engines()] != [engine.pid]
