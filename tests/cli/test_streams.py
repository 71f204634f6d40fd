"""Streams that the caller closed or that have no room, a removed folder, few descriptors."""

import os
import shlex
import subprocess

import pytest
from tests.cli.terminal import COMMAND, Done, Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

_ALL_CLOSED = "<&- >&- 2>&-"
_NO_ROOM = "cannot write to standard output: No space left on device"


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    return warm_shell


def _run(shell: Shell, words: str, *, before: str = "", redirected: str = "") -> Done:
    """Run a command as a shell does, with its redirections."""
    done = subprocess.run(
        ["bash", "-c", f"{before} exec {shlex.join(COMMAND)} {words} {redirected}"],
        cwd=shell.work,
        env=shell.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "redirected", ["<&-", ">&-", "2>&-", _ALL_CLOSED, "2>/dev/full", ">/dev/full"]
)
def test_work_is_done_whatever_the_streams(shell: Shell, redirected: str) -> None:
    write_recording(shell.work / "a.wav")

    done = _run(shell, "transcribe a.wav -o out -f txt -f json", redirected=redirected)

    assert done.code == ExitCode.OK, done.err
    assert (shell.work / "out" / "a.txt").read_text() == "word0 word1 word2 word3\n"
    assert (shell.work / "out" / "a.json").read_text().startswith("{")


@pytest.mark.parametrize(
    "words",
    [
        "--version",
        "--help",
        "transcribe --help-all",
        "models list",
        "models list --json",
        "engines list",
    ],
)
def test_no_room_for_what_was_asked_for(shell: Shell, words: str) -> None:
    done = _run(shell, words, redirected=">/dev/full")

    assert done.code == ExitCode.UNAVAILABLE
    assert _NO_ROOM in done.err
    assert "Traceback" not in done.err


def test_no_room_for_a_transcript(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")

    done = _run(shell, "transcribe a.wav -o -", redirected=">/dev/full")

    assert done.code in {ExitCode.UNAVAILABLE, ExitCode.ALL_FAILED}
    assert f"failed: a.wav: {_NO_ROOM}" in done.err


@pytest.mark.parametrize("word", ["transcribe a.wav", "export out/a.json -f srt"])
def test_a_transcript_is_not_lost_where_the_caller_closed_the_output(
    shell: Shell, word: str
) -> None:
    write_recording(shell.work / "a.wav")
    assert _run(shell, "transcribe a.wav -o out -f json").code == ExitCode.OK

    done = _run(shell, f"{word} -o -", redirected=">&-")

    assert done.code == ExitCode.UNAVAILABLE
    assert "cannot write to standard output: it is closed" in done.err
    assert "run the command again with > FILE" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", ["engines status", "nonsense"])
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", _ALL_CLOSED])
def test_commands_end_as_they_do_with_streams(shell: Shell, words: str, redirected: str) -> None:
    shell.environ["DALSTON_RUNTIME_DIR"] = os.environ["DALSTON_RUNTIME_DIR"]  # without an engine
    usual = _run(shell, words)

    done = _run(shell, words, redirected=redirected)

    assert done.code == usual.code
    assert done.out == ("" if ">&-" in redirected.split() else usual.out)


def test_standard_input_that_is_closed_is_an_empty_recording(shell: Shell) -> None:
    done = _run(shell, "transcribe -", redirected="<&-")

    assert done.code == ExitCode.ALL_FAILED
    assert "is empty" in done.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("transcribe a.wav -f txt", ExitCode.INPUT),
        ("models list", ExitCode.OK),
        ("--version", ExitCode.OK),
    ],
)
def test_a_folder_that_was_removed(shell: Shell, words: str, code: ExitCode) -> None:
    done = _run(shell, words, before="mkdir gone && cd gone && rmdir ../gone;")

    assert done.code == code, done.err
    assert ("the folder that this was started in does not exist any more" in done.err) == bool(code)


def test_few_descriptors_are_enough(shell: Shell) -> None:
    for number in range(6):
        write_recording(shell.work / "in" / f"{number}.wav", seconds=1 + number / 10)

    done = _run(shell, "transcribe in -o out -f txt --jobs 6", before="ulimit -n 64;")

    assert done.code == ExitCode.OK, done.err
    assert len(list((shell.work / "out").glob("*.txt"))) == 6


def test_a_low_limit_that_can_be_raised_is_raised(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")

    done = _run(shell, "transcribe a.wav -o out -f txt", before="ulimit -Sn 12;")

    assert done.code == ExitCode.OK, done.err


def test_too_few_descriptors_are_named(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")

    done = _run(shell, "transcribe a.wav -o out -f txt", before="ulimit -n 10;")

    assert done.code in {ExitCode.ALL_FAILED, ExitCode.UNAVAILABLE}
    assert "Traceback" not in done.err
    assert "descriptors" in done.err or "Too many open files" in done.err
    assert not list(shell.work.glob("out/*"))
