"""What a person sees: screens of a real terminal, at three widths, with colours and without.

The kept screens are in ``tests/golden/screens``; ``cat`` one to see its colours. After a change
that is meant, ``DALSTON_TEST_SCREENS=write pytest tests/cli/test_screens.py`` writes them anew.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.screens import FOLDER, Desk, golden, packages_of_this_python, settled
from tests.support.slow_index import SlowIndex
from tests.support.tmux import Tmux

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

WRITES = os.environ.get("DALSTON_TEST_SCREENS") == "write"
COLOURS = {"colour": {}, "plain": {"NO_COLOR": "1"}}
ANSWER_S = 180.0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="dal-") as runtime:
        yield Desk(tmp_path / "desk", Path(runtime) / "run")


def check(terminal: Tmux, name: str, *marks: str) -> None:
    """See that the kept screen comes up, or keep the first one that has every one of ``marks``."""
    first = settled(terminal.wait_for(*marks))
    if WRITES:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.txt").write_text(first, encoding="utf-8")
    deadline = time.monotonic() + ANSWER_S
    while (shown := settled(terminal.screen())) != golden(name):
        assert time.monotonic() < deadline, f"the screen was:\n{first}\nit is:\n{shown}"
        time.sleep(0.05)


def changed(terminal: Tmux, before: str) -> str:
    """Return the first screen that differs."""
    deadline = time.monotonic() + ANSWER_S
    while (shown := terminal.screen()) == before:
        assert time.monotonic() < deadline, shown
        time.sleep(0.02)
    return shown


def without_rests(terminal: Tmux) -> str:
    """Return the screen once it has one line of progress; rests of others would stay."""
    deadline = time.monotonic() + ANSWER_S
    while (shown := terminal.screen()).count(" left") != 1:
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    return shown


@pytest.mark.parametrize(
    ("columns", "colours"),
    [
        (50, "colour"),
        (80, "colour"),
        (120, "colour"),
        (80, "plain"),
        pytest.param(50, "plain", marks=pytest.mark.slow),  # a terminal and an engine for each
        pytest.param(120, "plain", marks=pytest.mark.slow),
    ],
)
def test_a_run_while_it_lasts_and_at_its_end(desk: Desk, columns: int, colours: str) -> None:
    words = ("in", "-o", "out", "-f", "txt,srt,json")
    environ = COLOURS[colours] | {"DALSTON_FAKE_RUN_S": "0.6"}
    with desk.transcribe(*words, columns=columns, environ=environ) as terminal:
        check(terminal, f"running-{columns}-{colours}", " 44 %", "broken.wav")
        assert terminal.wait_for_end() == 7
        check(terminal, f"ended-{columns}-{colours}", "details: ")


@pytest.mark.parametrize(
    "columns",
    [
        80,
        pytest.param(50, marks=pytest.mark.slow),  # an environment is built for each
        pytest.param(120, marks=pytest.mark.slow),
    ],
)
def test_the_first_start_of_an_engine(desk: Desk, columns: int) -> None:
    files = packages_of_this_python()
    index = SlowIndex("heavy", files=files, num_bytes=40_000_000, num_first_bytes=20_200_000)
    with index:
        desk.wants_a_package(index)
        with desk.transcribe("in/interview-1.wav", "-o", "out", columns=columns) as terminal:
            check(terminal, f"preparing-{columns}", "Preparing fake", "20/40 MB")
            index.release()
            assert terminal.wait_for_end() == 0
            check(terminal, f"prepared-{columns}", "1 recording: 1 done")


def test_an_engine_that_is_started_on_request(desk: Desk) -> None:
    files = packages_of_this_python()
    index = SlowIndex("heavy", files=files, num_bytes=40_000_000, num_first_bytes=20_200_000)
    with index:
        desk.wants_a_package(index)
        with desk.start("engines", "start", "fake", columns=80) as terminal:
            check(terminal, "preparing-80", "20/40 MB")
            index.release()
            assert terminal.wait_for_end() == 0
            ended = terminal.screen()
            assert ended.startswith("fake is ready on cpu (")
            assert "Preparing" not in ended


def test_text_of_one_recording_as_it_comes(desk: Desk) -> None:
    words = ("in/interview-1.wav", "-o", "out", "-f", "txt")
    with desk.transcribe(*words, columns=80, environ={"DALSTON_FAKE_RUN_S": "0.6"}) as terminal:
        check(terminal, "text-80", " 66 %", "word3")


def test_a_dumb_terminal_gets_lines_that_stay(desk: Desk) -> None:
    words = ("in", "-o", "out", "-f", "txt")
    with desk.transcribe(
        *words, columns=80, environ={"TERM": "dumb", "DALSTON_FAKE_RUN_S": "0.6"}
    ) as terminal:
        assert terminal.wait_for_end() == 7
        check(terminal, "dumb-80", "details: ")


def test_a_terminal_that_changes_its_size_keeps_no_rests(desk: Desk) -> None:
    words = ("in", "-o", "out", "-f", "txt,srt,json")
    with desk.transcribe(*words, columns=120, environ={"DALSTON_FAKE_RUN_S": "3"}) as terminal:
        before = terminal.wait_for(" left")
        for columns in (50, 90, 40, 120):
            # tmux changes its screen at once and tells the command a quarter of a second later:
            # what is drawn between the two is drawn for another terminal.
            before = changed(terminal, before)
            terminal.resize(columns, 24)
            time.sleep(0.6)
            before = without_rests(terminal)
