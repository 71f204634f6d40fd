"""When a file of a watched folder is due: the rules, and the system's answers that they need."""

import os
from pathlib import Path

import pytest

from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.pipeline.endpoints import FileStamp, FileVersion
from dalston_cli.watching.arrivals import FIRST_PAUSE_S, LONGEST_PAUSE_S, Arrivals
from dalston_cli.watching.errors import FolderInUseError
from dalston_cli.watching.holding import held_folder
from dalston_cli.watching.moving import free_place, move_done
from dalston_cli.watching.writers import is_being_written, leases_are_harmless


def version(size: int, changed: int = 0) -> FileVersion:
    stamp = FileStamp(size=size, mtime_ns=0, inode=1, device=1)
    return FileVersion(stamp=stamp, changed_ns=changed)


@pytest.mark.parametrize(
    ("looks", "due"),
    [
        pytest.param([(0, 1), (4.9, 1)], [False, False], id="not for long enough"),
        pytest.param([(0, 1), (5, 1)], [False, True], id="unchanged"),
        pytest.param([(0, 1), (5, 2), (9, 2), (10, 2)], [False] * 3 + [True], id="grew"),
        pytest.param([(0, 1), (3, None), (5, 1), (10, 1)], [False] * 3 + [True], id="came again"),
    ],
)
def test_a_file_is_due_once_it_stays_as_it_is(
    looks: list[tuple[float, int | None]], due: list[bool]
) -> None:
    arrivals = Arrivals(5)
    seen = []
    for clock, size in looks:
        versions = {} if size is None else {"a": version(size)}
        seen.append(arrivals.due(versions, clock) == ["a"])
        assert arrivals.growing == (size is not None and not seen[-1])
    assert seen == due


def test_a_change_that_leaves_size_and_time_as_they_were_is_waited_for() -> None:
    arrivals = Arrivals(5)
    arrivals.due({"a": version(1, changed=1)}, 0)
    assert arrivals.due({"a": version(1, changed=2)}, 5) == []
    assert arrivals.due({"a": version(1, changed=2)}, 10) == ["a"]


def test_what_was_handled_is_due_again_when_it_is_another_file() -> None:
    arrivals = Arrivals(1)
    arrivals.due({"a": version(1)}, 0)
    assert arrivals.due({"a": version(1)}, 1) == ["a"]
    arrivals.handled("a", arrivals.stamp("a"))
    assert arrivals.due({"a": version(1, changed=9)}, 99) == [], "only its mode changed"
    assert arrivals.due({"a": version(2)}, 100) == []
    assert arrivals.due({"a": version(2)}, 101) == ["a"]


def test_what_failed_is_tried_again_after_longer_and_longer_pauses() -> None:
    arrivals = Arrivals(1)
    arrivals.due({"a": version(1)}, 0)
    clock, pauses = 1.0, []
    for _ in range(9):
        assert arrivals.due({"a": version(1)}, clock) == ["a"]
        arrivals.failed("a", arrivals.stamp("a"), clock)
        assert arrivals.due({"a": version(1)}, clock) == []
        assert arrivals.again_at is not None
        pauses.append(arrivals.again_at - clock)
        clock = arrivals.again_at
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert arrivals.due({"a": version(2)}, clock) == [], "another file waits for nothing but itself"
    assert arrivals.due({"a": version(2)}, clock + 1) == ["a"]


def test_a_file_that_is_written_is_told_by_the_system(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with leases_are_harmless():
        with path.open("wb") as file:
            file.write(b"half")
            file.flush()
            assert is_being_written(path)
        assert not is_being_written(path)
        with path.open("rb"):
            assert not is_being_written(path), "a reader changes nothing"
    assert not is_being_written(tmp_path / "gone")


def test_a_folder_is_watched_once_whatever_it_is_called(tmp_path: Path) -> None:
    folder, other = tmp_path / "in", tmp_path / "link"
    folder.mkdir()
    other.symlink_to(folder)
    with held_folder(folder, tmp_path / "state"):
        for state in ("state", "state of another user"):
            with pytest.raises(FolderInUseError), held_folder(other, tmp_path / state):
                pass
    with held_folder(other, tmp_path / "state"):
        assert try_lock_folder(folder) is None


def test_a_recording_that_is_done_never_takes_the_place_of_another(tmp_path: Path) -> None:
    done, names = tmp_path / "done", []
    for content, name in [
        *((b"one", "talk.wav"), (b"two", "talk.wav"), (b"one", "talk.wav")),
        *((b"three", "talk.mp3"), (b"four", "talk.wav")),
    ]:
        recording = tmp_path / name
        recording.write_bytes(content)
        place = free_place(recording, Path(name), done)
        names.append(str(place))
        assert move_done(recording, done / place, FileStamp.of(recording))
        assert not recording.exists()
        assert (done / place).read_bytes() == content
    assert names == ["talk.wav", "talk-2.wav", "talk.wav", "talk-3.mp3", "talk-4.wav"]


def test_what_came_meanwhile_from_another_watcher_is_not_lost(tmp_path: Path) -> None:
    """Two folders are watched, and what is done of both goes to one."""
    done = tmp_path / "done"
    mine, other = tmp_path / "mine" / "talk.wav", tmp_path / "other" / "talk.wav"
    for recording in (mine, other):
        recording.parent.mkdir()
        recording.write_bytes(recording.parent.name.encode())
    places = [free_place(each, Path("talk.wav"), done) for each in (mine, other)]
    assert places[0] == places[1]
    assert move_done(mine, done / places[0], FileStamp.of(mine))
    with pytest.raises(FileExistsError):
        move_done(other, done / places[1], FileStamp.of(other))
    assert other.read_bytes() == b"other"
    assert (done / "talk.wav").read_bytes() == b"mine"
    again = free_place(other, Path("talk.wav"), done)
    assert move_done(other, done / again, FileStamp.of(other))
    assert (done / "talk-2.wav").read_bytes() == b"other"


def test_a_move_that_fails_leaves_no_file(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    recording.symlink_to(tmp_path)  # what can be moved, and not be read
    with pytest.raises(OSError, match="directory"):
        move_done(recording, tmp_path / "done" / "talk.wav", FileStamp.of(recording))
    assert recording.is_symlink()
    assert list((tmp_path / "done").iterdir()) == []


class InterruptedMove(type(Path())):  # type: ignore[misc]  # which of two classes it is depends on the system
    """A recording at whose move Ctrl-C comes, as soon as it is done."""

    def rename(self, target: Path) -> Path:
        super().rename(target)
        raise KeyboardInterrupt

    def unlink(self, missing_ok: bool = False) -> None:
        super().unlink(missing_ok=missing_ok)
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "is_link", [pytest.param(True, id="copied"), pytest.param(False, id="moved")]
)
def test_ctrl_c_at_the_end_of_a_move_loses_no_recording(tmp_path: Path, is_link: bool) -> None:
    named, target = tmp_path / "talk.wav", tmp_path / "done" / "talk.wav"
    if is_link:  # what it leads to is copied
        (tmp_path / "elsewhere.wav").write_bytes(b"one")
        named.symlink_to(tmp_path / "elsewhere.wav")
    else:
        named.write_bytes(b"one")
    recording = InterruptedMove(named)
    with pytest.raises(KeyboardInterrupt):
        move_done(recording, target, FileStamp.of(recording))
    assert (target.read_bytes(), os.path.lexists(named)) == (b"one", False)


def test_a_recording_that_was_replaced_is_not_moved(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"one")
    stamp = FileStamp.of(recording)
    recording.write_bytes(b"another")
    assert not move_done(recording, tmp_path / "done/talk.wav", stamp)
    assert recording.read_bytes() == b"another"


def test_a_recording_is_moved_to_another_disk(tmp_path: Path) -> None:
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system")
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"one")
    target = shared / f"dalston-{os.getpid()}" / "talk.wav"
    try:
        assert move_done(recording, target, FileStamp.of(recording))
        assert (target.read_bytes(), recording.exists()) == (b"one", False)
    finally:
        target.unlink(missing_ok=True)
        target.parent.rmdir()
