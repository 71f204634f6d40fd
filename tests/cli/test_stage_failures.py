"""An optional stage that fails, from outside: what is written, what is said, how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_model, write_recording

from dalston_cli.errors import ExitCode

ASKED = {
    "align": ("--align", "always"),
    "diarize": ("--diarize",),
    "emotion": ("--emotion",),
    "events": ("--events",),
    "refine": ("--refine",),
}
REASON = "the fake model divides by zero"


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    write_model(home / "catalog", "fails", ", ".join(ASKED), runtime_id="raises")
    write_recording(shell.work / "a.wav")
    yield shell
    assert shell.call("engines", "stop", "--all").code == ExitCode.OK


def test_the_text_is_there_and_every_reason_is_told(shell: Shell) -> None:
    words: list[str] = ["transcribe", "a.wav", "-f", "json"]
    for stage, asked in ASKED.items():
        words += [*asked, f"--{stage}-model", "fails"]

    done = shell.call(*words)

    assert done.code == ExitCode.SOME_FAILED, done.err
    assert done.out == ""
    for stage in ASKED:
        [told] = [line for line in done.err.splitlines() if f"without {stage}" in line]
        assert told.startswith("warning: a.wav: the transcript is without ")
        assert REASON in told
    assert "partial: a.wav" in done.err
    assert "1 recording: 1 partial" in done.err
    transcript = json.loads((shell.work / "a.json").read_text(encoding="utf-8"))
    assert transcript["status"] == "partial"
    assert transcript["text"].startswith("word0 word1")
    failed = {one["stage"]: one for one in transcript["stages"] if one["status"] == "failed"}
    assert set(failed) == set(ASKED)
    assert all(REASON in one["reason"] for one in failed.values())

    strict = shell.call(*words, "--strict", "-o", "strict")
    assert strict.code == ExitCode.ALL_FAILED
    assert "failed: a.wav: " in strict.err
    assert REASON in strict.err
    assert not (shell.work / "strict" / "a.json").exists()
