"""Files and folders for one user, whatever the umask and whatever was there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.other_user import NOBODY, let_others_enter, needs_root, start_as_nobody

from dalston_cli.folder_lock import lock_folder
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.private_state import close_state
from dalston_cli.private_file import make_private_file, make_private_folder, open_own


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """Make files for everybody, unless the code says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def _modes(folder: Path) -> dict[str, int]:
    found = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}
    return {**found, ".": stat.S_IMODE(folder.stat().st_mode)}


def test_every_missing_folder_is_private(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    modes = _modes(tmp_path)
    assert (modes["a"], modes["b"]) == (0o700, 0o700)


def test_the_journal_and_the_files_beside_it_are_private(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Journal(state / JOURNAL_NAME) as journal:
        journal.begin_run(1)
        assert _modes(state) == {
            ".": 0o700,
            JOURNAL_NAME: 0o600,
            f"{JOURNAL_NAME}-wal": 0o600,
            f"{JOURNAL_NAME}-shm": 0o600,
        }


def _state_of_0_1(state: Path) -> None:
    (state / "store" / "ab").mkdir(parents=True)
    (state / "store" / "ab" / "abc.json").touch()
    (state / "logs" / "fake").mkdir(parents=True)
    (state / "logs" / "fake" / "1.log").touch()


def test_what_earlier_versions_left_open_is_closed(tmp_path: Path) -> None:
    _state_of_0_1(tmp_path / "state")

    with Journal(tmp_path / "state" / JOURNAL_NAME):
        pass

    assert {mode & 0o077 for mode in _modes(tmp_path / "state").values()} == {0}


def test_other_files_in_the_state_folder_are_left_alone(tmp_path: Path) -> None:
    _state_of_0_1(tmp_path)
    (tmp_path / "notes.txt").touch()
    tmp_path.chmod(0o755)

    assert close_state(tmp_path) == ()

    modes = _modes(tmp_path)
    assert (modes.pop("."), modes.pop("notes.txt")) == (0o755, 0o666)
    assert {mode & 0o077 for mode in modes.values()} == {0}


@needs_root
def test_what_belongs_to_another_user_is_named(tmp_path: Path) -> None:
    _state_of_0_1(tmp_path)
    theirs = tmp_path / "store" / "ab" / "abc.json"
    os.chown(theirs, NOBODY, NOBODY)

    assert close_state(tmp_path) == (theirs,)

    assert stat.S_IMODE(theirs.stat().st_mode) == 0o666


def test_a_link_is_not_followed_to_what_it_names(tmp_path: Path) -> None:
    victim, state = tmp_path / "victim", tmp_path / "state"
    victim.touch()
    (state / "store").mkdir(parents=True)
    (state / "store" / "ab.json").symlink_to(victim)

    close_state(state)

    assert stat.S_IMODE(victim.stat().st_mode) == 0o666


def test_a_private_file_that_is_there_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("here")
    make_private_file(path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("here", 0o600)


def test_nothing_is_appended_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").touch()
    (tmp_path / "log").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"):
        open_own(tmp_path / "log")


@needs_root
def test_nothing_is_appended_to_the_file_of_another_user(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    os.chown(tmp_path / "log", NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="another user"):
        open_own(tmp_path / "log")


def test_nothing_is_appended_to_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(PermissionError, match="no regular file"):
        open_own(tmp_path / "log")


_LOCK = """
held = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(60)
"""


@needs_root
def test_a_folder_that_another_user_locks_is_not_waited_for_without_end(tmp_path: Path) -> None:
    let_others_enter(tmp_path)
    with start_as_nobody(_LOCK, tmp_path) as other:
        with (
            pytest.raises(TimeoutError, match="another process has locked the folder"),
            lock_folder(tmp_path, patience_s=0.2),
        ):
            pass
        other.kill()
    with lock_folder(tmp_path, patience_s=0.2):
        pass
