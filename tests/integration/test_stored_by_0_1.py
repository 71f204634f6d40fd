"""Nothing that 0.1 did is done again: its stored results, its journal and its transcripts count."""

import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import stored_by_0_1 as stored

from dalston_cli.app import main
from dalston_sdk.identity import python_tag

RECORDED_WITH = {"python": "cpython-3.11", "machine": "x86_64", "av": "18.1.0"}
FAILS = {"partial": 7, "refused": 6}

pytestmark = pytest.mark.skipif(
    (python_tag(), os.uname().machine) != (RECORDED_WITH["python"], RECORDED_WITH["machine"]),
    reason="the results were stored with CPython 3.11 on x86_64, which their keys say",
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dal-") as folder:
        home = Path(folder)
        stored.restore(home)
        for name, value in stored.variables(home).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(home)
        yield home
        assert main(["engines", "stop", "--all"]) == 0


def events_of(name: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(list(stored.arguments(name))) == FAILS.get(name, 0)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def engines_that_ran(events: list[dict[str, Any]]) -> list[str]:
    return [
        event["stage"]
        for event in events
        if event["event"] == "stage_started" and event["stage"] != "prepare"
    ]


RETIMED = {
    "named/one.srt": [("00:00:00,917", "00:00:00,833"), ("00:00:01,000 -", "00:00:00,916 -")],
    "split-and-clip/stereo.srt": [
        ("00:00:00,500 --> 00:00:01,333", "00:00:00,200 --> 00:00:00,813"),
        ("00:00:01,333 -", "00:00:00,896 -"),
    ],
    "split-and-clip/stereo.vtt": [
        ("00:00:00.500 --> 00:00:01.333", "00:00:00.200 --> 00:00:00.813"),
        ("00:00:01.333 -", "00:00:00.896 -"),
    ],
}
"""Subtitles in which a cue gets time from its neighbour today: what was, and what is."""


def retitled(name: str, text: str) -> str:
    """Return a transcript of 0.1 as it is written today: its title is the file's name alone."""
    for before, after in RETIMED.get(name, ()):
        text = text.replace(before, after)
    titles = {".md": "# in/", ".ass": "Title: in/"}
    title = titles.get(Path(name).suffix)
    return text.replace(title, title.removesuffix("in/")) if title else text


@pytest.mark.skipif(
    importlib.metadata.version("av") != RECORDED_WITH["av"],
    reason=f"the recordings were decoded with PyAV {RECORDED_WITH['av']}, which their keys say",
)
def test_what_is_finished_is_unchanged(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(stored.transcripts_below(home / "out"))
    for name in stored.COMMANDS:
        events = events_of(name, capsys)
        statuses = {event["status"] for event in events if event["event"] == "job_finished"}
        assert statuses == {{"partial": "partial", "refused": "failed"}.get(name, "unchanged")}
    assert dict(stored.transcripts_below(home / "out")) == {
        name: retitled(name, text) if name.startswith("partial/") else text  # tried again
        for name, text in before.items()
    }


def test_transcripts_are_the_same_byte_for_byte_without_an_engine(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(home / "out")
    for name in stored.COMMANDS:
        failing = ["diarize"] if name == "partial" else []
        assert engines_that_ran(events_of(name, capsys)) == failing, name
    assert dict(stored.transcripts_below(home / "out")) == {
        name: retitled(name, text) for name, text in stored.transcripts_below(stored.STORED / "out")
    }


def test_another_option_is_not_found(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", "in/one.wav", "-o", "new", "--beam-size", "4", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert engines_that_ran(events) == ["transcribe"]
    assert (home / "new").is_dir()
