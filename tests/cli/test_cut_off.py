"""Recordings that were cut off, from outside: what is written, what is said, how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support import containers, recordings

from dalston_cli.errors import ExitCode


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    yield shell
    assert shell.call("engines", "stop", "--all").code == ExitCode.OK


def test_a_recording_without_its_end_is_partial(shell: Shell) -> None:
    whole = recordings.make(shell.work / "whole", "talk.opus", "-c:a", "libopus")
    for name in ("in/a.opus", "in/b.opus"):
        (shell.work / name).parent.mkdir(exist_ok=True)
        containers.cut(whole, 0.5).rename(shell.work / name)

    done = shell.call("transcribe", "in", "whole", "-o", "out", "-f", "json")

    assert done.code == ExitCode.SOME_FAILED, done.err
    warned = [line for line in done.err.splitlines() if line.startswith("warning: in/")]
    assert [line.split(": ")[1] for line in sorted(warned)] == ["in/a.opus", "in/b.opus"]
    assert all("the file was cut off: the last page is not whole" in line for line in warned)
    assert "3 recordings: 1 done, 2 partial" in done.err
    outputs = {path.stem: json.loads(path.read_bytes()) for path in shell.work.rglob("*.json")}
    assert {name: each["status"] for name, each in outputs.items()} == {
        "a": "partial",
        "b": "partial",
        "talk": "complete",
    }

    again = shell.call("transcribe", "in", "whole", "-o", "out", "-f", "json")
    assert again.code == ExitCode.SOME_FAILED
    assert "1 unchanged" in again.err
    assert "dalston runs accept in/a.opus in/b.opus\n" in again.err

    assert shell.call("runs", "accept", "in").code == ExitCode.OK
    accepted = shell.call("transcribe", "in", "whole", "-o", "out", "-f", "json")
    assert accepted.code == ExitCode.OK
    assert "3 recordings: 2 known bad, 1 unchanged" in accepted.err
    assert "was cut off" not in accepted.err
