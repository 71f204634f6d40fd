"""Files that are whole or missing, in folders that others can write to, too."""

import gc
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.support.other_user import let_others_enter, needs_root, run_as_nobody

from dalston_cli.atomic_file import new_file, write_whole, written_whole

_HOLD = """
import sys, time
from pathlib import Path
from dalston_cli.atomic_file import written_whole
with written_whole(Path(sys.argv[1])) as file:
    file.write(b"half of a long te")
    file.flush()
    print("holds", flush=True)
    time.sleep(60)
"""

_PLANT = """
folder, victim = sys.argv[1:]
for number in range(50):
    os.symlink(victim, f"{folder}/.dalston-{number:024x}.part")
with open(f"{folder}/.dalston-{'f' * 24}.part", "w") as file:
    file.write("theirs")
"""


def _writer(path: Path) -> subprocess.Popen[str]:
    """Start a process that has written half of a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n"
    return process


def _kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.send_signal(signal.SIGKILL)


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "out" / "file.txt"
    contents = [str(number).encode() * 50_000 for number in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, data)) for data in contents]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    _kill(_writer(path))
    old = tmp_path / f".dalston-{'a' * 16}.part"  # as version 0.1 named it
    old.write_bytes(b"half")
    assert len(list(tmp_path.iterdir())) == 2

    write_whole(path, b"second")

    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "other.txt")
    try:
        [theirs] = tmp_path.iterdir()
        write_whole(tmp_path / "file.txt", b"ours")
        assert theirs.read_bytes() == b"half of a long te"
    finally:
        _kill(writer)


def write_until(line: int, path: Path) -> bool:
    """Write a file, with Ctrl-C before a line that is run; return True if it came."""
    number = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal number
        if frame.f_globals["__name__"] != "dalston_cli.atomic_file":
            return None
        if frame.f_code.co_name == "_remove_leftovers":  # a lock that is held would stay so
            return None
        number += event == "line"
        if number == line and event == "line":
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        write_whole(path, b"new")
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files, unclosed
def test_ctrl_c_at_any_moment_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    line = 1
    path.write_bytes(b"old")
    while write_until(line, path):
        assert [each.name for each in tmp_path.iterdir()] == ["talk.txt"], line
        assert path.read_bytes() in {b"old", b"new"}
        path.write_bytes(b"old")
        line += 1
    assert line > 20
    assert path.read_bytes() == b"new"
    gc.collect()


def test_names_of_unfinished_files_are_never_the_same(tmp_path: Path) -> None:
    names = set[str]()
    for _ in range(20):
        with written_whole(tmp_path / "file.txt"):
            names.update(one.name for one in tmp_path.iterdir() if one.name != "file.txt")
    assert len(names) == 20


def test_a_link_at_the_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file.txt"
    victim.write_text("keep")
    path.symlink_to(victim)

    write_whole(path, b"new")

    assert not path.is_symlink()
    assert (path.read_bytes(), victim.read_text()) == (b"new", "keep")


def test_another_name_of_a_file_keeps_its_content(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file.txt"
    victim.write_text("keep")
    path.hardlink_to(victim)

    write_whole(path, b"new")

    assert (path.read_bytes(), victim.read_text()) == (b"new", "keep")


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))


def _make_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(_listen, id="socket"),
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(_make_device, id="device", marks=needs_root),
    ],
)
def test_what_is_no_file_is_not_replaced(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    path = tmp_path / "a.txt"
    plant(path)
    kind = stat.S_IFMT(path.lstat().st_mode)

    with pytest.raises(OSError, match=r"is there|irectory"):
        write_whole(path, b"new")

    assert stat.S_IFMT(path.lstat().st_mode) == kind
    assert list(tmp_path.iterdir()) == [path]


@needs_root
def test_what_another_user_planted_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    let_others_enter(tmp_path)
    folder, victim = tmp_path / "shared", tmp_path / "victim"
    folder.mkdir()
    folder.chmod(0o1777)
    victim.write_text("keep")
    assert run_as_nobody(_PLANT, folder, victim).stderr == ""

    write_whole(folder / "b.txt", b"ours")

    assert (folder / "b.txt").read_bytes() == b"ours"
    assert victim.read_text() == "keep"
    assert (folder / f".dalston-{'f' * 24}.part").read_text() == "theirs"


def test_a_new_file_does_not_follow_a_link(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / ".model.bin.part"
    victim.write_text("keep")
    path.symlink_to(victim)

    with new_file(path) as file:
        file.write(b"new")

    assert (path.read_bytes(), victim.read_text()) == (b"new", "keep")


def test_files_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()

    write_whole(tmp_path / "whole", b"")

    assert (tmp_path / "whole").stat().st_mode == plain.stat().st_mode


def test_a_wanted_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(tmp_path / "private", b"", mode=0o600)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
