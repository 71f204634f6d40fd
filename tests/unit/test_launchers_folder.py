"""Folders that are ours alone, and locks on them."""

import os
import threading
from pathlib import Path

import pytest

from dalston_cli.folder_lock import lock_folder
from dalston_cli.launchers.folder import (
    MAX_SOCKET_PATH_BYTES,
    ReentrantFolderLock,
    RuntimeFolderError,
    check_socket_path,
    make_private,
    remove_folder,
)


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "run"
    make_private(folder)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    with pytest.raises(RuntimeFolderError, match=r"others \(mode 0755\)") as caught:
        make_private(folder)
    assert caught.value.hint == f"chmod 700 {folder}"


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RuntimeFolderError, match="symbolic link"):
        make_private(tmp_path / "run")


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(RuntimeFolderError, match="is not a folder") as caught:
        make_private(tmp_path / "run")
    assert "DALSTON_RUNTIME_DIR" in (caught.value.hint or "")


def test_a_place_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(RuntimeFolderError, match="cannot be made"):
        make_private(Path("/proc/dalston/run"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(RuntimeFolderError, match=r"another user \(uid 12345\)"):
        make_private(folder)


def test_a_path_too_long_for_a_socket_is_refused() -> None:
    fits = Path("/") / ("x" * (MAX_SOCKET_PATH_BYTES - 1))
    check_socket_path(fits)
    with pytest.raises(RuntimeFolderError, match="is too long"):
        check_socket_path(fits.with_name(fits.name + "é"))


def test_a_lock_is_held_by_one_at_a_time_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with lock_folder(folder):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(folder.iterdir()) == []


def test_who_waits_for_a_folder_that_is_removed_locks_the_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    order: list[str] = []

    def wait() -> None:
        with lock_folder(folder):
            order.append("second")
            assert folder.is_dir()

    with lock_folder(folder):
        thread = threading.Thread(target=wait)
        thread.start()
        order.append("first")
        remove_folder(folder)  # from here on the thread may make it again
    thread.join()
    assert order == ["first", "second"]


def test_a_reentrant_lock_is_taken_twice_by_one_thread_only(tmp_path: Path) -> None:
    lock = ReentrantFolderLock(tmp_path)
    entered = threading.Event()

    def other() -> None:
        with lock.hold():
            entered.set()

    with lock.hold():
        thread = threading.Thread(target=other)
        with lock.hold():
            thread.start()
        assert not entered.is_set()
    thread.join()
    assert entered.is_set()


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_folder(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
