"""Pipes, devices, sockets and folders where files are to be: refused at once, and nothing waits."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

AT_ONCE_S = 60
"""Far below the time-out of a command; most of it is the start of a busy machine's Python."""


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    write_recording(warm_shell.work / "a.wav")
    return warm_shell


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(os.path.relpath(path))


def _link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)], ids=["", "overwrite"])
def test_at_the_place_of_an_output(shell: Shell, overwrite: tuple[str, ...]) -> None:
    out = shell.work / "out"
    out.mkdir()
    plants: dict[str, Callable[[Path], None]]
    plants = {"pipe": os.mkfifo, "socket": _listen, "link": _link_to_a_device, "folder": Path.mkdir}
    for name, plant in plants.items():
        write_recording(shell.work / f"{name}.wav")
        plant(out / f"{name}.txt")
    before = time.monotonic()

    names = [f"{name}.wav" for name in plants]
    done = shell.call("transcribe", *names, "-o", "out", "-f", "txt", *overwrite)

    assert time.monotonic() - before < AT_ONCE_S
    refused = {name for name in plants if f"cannot write out/{name}.txt: " in done.err}
    assert refused == {*plants}
    assert {path.name for path in out.iterdir()} == {f"{name}.txt" for name in plants}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(
            ["transcribe", "pipe.wav"], "pipe.wav is a pipe or a device, not a file", id="recording"
        ),
        pytest.param(
            ["transcribe", "--files-from", "pipe.wav"],
            "cannot read the names in pipe.wav: it is no regular file",
            id="names",
        ),
        pytest.param(
            ["transcribe", "--manifest", "pipe.csv"],
            "pipe.csv: cannot be read: it is no regular file",
            id="manifest",
        ),
        pytest.param(
            ["transcribe", "a.wav", "--hotwords-file", "pipe.wav"],
            "cannot read --hotwords-file pipe.wav: it is no regular file",
            id="hotwords",
        ),
        pytest.param(
            ["export", "pipe.json", "-f", "srt"], "it is no regular file", id="transcript"
        ),
        pytest.param(["models", "import", "pipe.tar"], "pipe.tar", id="archive"),
        pytest.param(["models", "list"], "it is no regular file", id="catalog"),
    ],
)
def test_in_place_of_an_input(shell: Shell, words: list[str], message: str) -> None:
    for name in ("pipe.wav", "pipe.csv", "pipe.json", "pipe.tar"):
        os.mkfifo(shell.work / name)
    if words == ["models", "list"]:
        os.mkfifo(Path(shell.environ["DALSTON_CATALOG_PATH"]) / "pipe.yaml")

    done = shell.call(*words)

    assert done.code in set(ExitCode) - {ExitCode.OK, ExitCode.BUG}
    assert message in done.err
    if words == ["models", "list"]:
        (Path(shell.environ["DALSTON_CATALOG_PATH"]) / "pipe.yaml").unlink()


def test_a_pipe_that_the_shell_opened_gives_names(shell: Shell) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"a.wav\n")
    os.close(writer)

    process = shell.start("plan", "--files-from", f"/dev/fd/{reader}", pass_fds=[reader])
    os.close(reader)
    out, _ = process.communicate(timeout=AT_ONCE_S)

    assert "a.wav" in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["transcribe", "a.wav", "-o", "LONG"], ExitCode.INPUT),
        (["transcribe", "LONG.wav", "-o", "out"], ExitCode.ALL_FAILED),
        (["transcribe", "a.wav", "-o", "out", "-m", "LONG/weights"], ExitCode.INPUT),
        (["transcribe", "-o", "out", "--manifest", "LONG.csv"], ExitCode.INPUT),
        (["export", "LONG", "-f", "srt", "-o", "-"], ExitCode.INPUT),
        (["runs", "accept", "LONG"], ExitCode.INPUT),
        (["store", "forget", "-y", "LONG"], ExitCode.USAGE),
        (["models", "import", "LONG"], ExitCode.INPUT),
    ],
    ids=str,
)
def test_a_name_that_no_file_can_have(shell: Shell, words: list[str], code: ExitCode) -> None:
    long = "x" * 300

    done = shell.call(*(word.replace("LONG", long) for word in words))

    assert done.code == code, done.err
    assert "xxxx" in done.err
    assert "hint: " in done.err


def test_a_name_that_no_file_can_have_fails_alone(shell: Shell) -> None:
    done = shell.call("transcribe", "x" * 300, "a.wav", "-o", "out", "-f", "txt")

    assert done.code == ExitCode.SOME_FAILED, done.err
    assert (shell.work / "out" / "a.txt").is_file()
