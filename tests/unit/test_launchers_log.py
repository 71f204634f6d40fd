"""Engines' logs: named, kept, read and followed."""

import threading
from pathlib import Path

import pytest

from dalston_cli.launchers.engine_log import NUM_KEPT, EngineLogs, follow_lines, tail_lines


@pytest.fixture
def logs(tmp_path: Path) -> EngineLogs:
    return EngineLogs(tmp_path / "logs")


def test_a_log_is_private_and_named_by_time_and_pid(logs: EngineLogs) -> None:
    new = logs.create("fake")
    final = logs.settle(new, 4711, in_use=())
    assert final.name.endswith("Z-4711.log")
    assert final.stat().st_mode & 0o777 == 0o600
    assert final.parent.stat().st_mode & 0o777 == 0o700
    assert logs.newest("fake") == logs.of_process("fake", "4711") == final
    assert logs.newest("other") is None
    assert logs.of_process("fake", "47") is None


def test_the_newest_are_kept_and_those_in_use(logs: EngineLogs) -> None:
    made = [logs.settle(logs.create("fake"), 1, in_use=())]
    for pid in range(2, NUM_KEPT + 4):
        made.append(logs.settle(logs.create("fake"), pid, in_use=made[:1]))
    left = sorted(made[0].parent.iterdir())
    assert left == [made[0], *made[-NUM_KEPT:]]


def test_a_log_begins_with_the_build_before_it(logs: EngineLogs, tmp_path: Path) -> None:
    write = logs.of_build("fake")
    assert not (tmp_path / "logs").exists()
    write("Resolved 2 packages")
    write(" + msgspec==0.22.0")
    built = logs.newest("fake")
    assert built is not None
    assert built.name.endswith("Z-build.log")
    assert built.stat().st_mode & 0o777 == 0o600
    first = logs.settle(logs.create("fake"), 4711, in_use=())
    assert tail_lines(first, 9) == ["Resolved 2 packages", " + msgspec==0.22.0"]
    second = logs.settle(logs.create("fake"), 4712, in_use=())
    assert tail_lines(second, 9) == []
    assert sorted(first.parent.iterdir()) == [first, second]


def test_removing_leaves_no_folder(logs: EngineLogs, tmp_path: Path) -> None:
    for pid in (1, 2):
        logs.settle(logs.create("fake"), pid, in_use=())
    assert logs.remove("fake") == 2
    assert logs.remove("fake") == 0
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(0, []), (2, ["two", "three"]), (9, ["one", "two", "three"])],
)
def test_the_last_lines(tmp_path: Path, lines: int, expected: list[str]) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n\x1b[31mtwo\x1b[0m\r\nthree")
    assert tail_lines(log, lines) == expected


def test_bytes_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"caf\xe9\n")
    assert tail_lines(log, 5) == ["caf\ufffd"]


def test_a_log_that_is_gone_has_no_lines(tmp_path: Path) -> None:
    assert tail_lines(tmp_path / "gone.log", 5) == []


def test_following_gives_whole_lines_as_they_come(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("old\nlast\n", encoding="utf-8")
    lines = follow_lines(log, 1)
    assert next(lines) == "last"

    def write() -> None:
        with log.open("a", encoding="utf-8") as file:
            for part in ("ne", "w\n", "newer\n"):
                file.write(part)
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    assert [next(lines), next(lines)] == ["new", "newer"]
    thread.join()
    log.unlink()
    assert list(lines) == []
