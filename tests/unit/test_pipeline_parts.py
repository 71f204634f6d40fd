"""The small parts of the runner: its order, its sums, its scratch folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, JobStatus
from dalston_cli.pipeline.running.order import largest_first
from dalston_cli.pipeline.running.scratch import scratch_folder
from dalston_cli.pipeline.running.summary import NOT_STARTED, RunSummary


def test_the_largest_come_first() -> None:
    sizes = [3, None, 9, 1]

    given_out = list(largest_first(iter([(size, size) for size in sizes])))

    assert given_out == [9, 3, 1, None]


@given(st.lists(st.integers(0, 50)), st.integers(1, 5))
def test_every_item_comes_once_and_none_waits_for_ever(sizes: list[int], window: int) -> None:
    read = 0

    def counted() -> Iterator[tuple[int, int]]:
        nonlocal read
        for index, size in enumerate(sizes):
            read += 1
            yield size, index

    order: list[int] = []
    for item in largest_first(counted(), window=window):
        assert read <= len(order) + window, "no more is read ahead than the window"
        order.append(item)

    assert sorted(order) == list(range(len(sizes)))


def _sum(
    *statuses: JobStatus, unavailable: int = 0, not_started: int = 0, given_up: bool = False
) -> RunSummary:
    summary = RunSummary(given_up=given_up)
    for index, status in enumerate(statuses):
        error = ErrorInfo(code="c", message="m") if status == "failed" else None
        code = ExitCode.UNAVAILABLE if status == "failed" and index < unavailable else None
        summary.add(JobFinished(recording="r", status=status, duration_s=2.0, error=error), code)
    summary.counts[NOT_STARTED] = not_started
    return summary


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        pytest.param(_sum(), 0, id="nothing"),
        pytest.param(_sum("done", "unchanged"), 0, id="all-well"),
        pytest.param(_sum("done", "failed"), 7, id="some-failed"),
        pytest.param(_sum("unchanged", "failed"), 7, id="some-failed-rest-unchanged"),
        pytest.param(_sum("done", "partial"), 7, id="partial"),
        pytest.param(_sum("partial"), 7, id="only-partial"),
        pytest.param(_sum("failed", "failed"), 6, id="all-failed"),
        pytest.param(_sum("failed", "failed", unavailable=1), 6, id="for-different-reasons"),
        pytest.param(_sum("failed", "failed", unavailable=2), 5, id="no-engine"),
        pytest.param(_sum("failed", unavailable=1, not_started=9), 5, id="no-engine-given-up"),
        pytest.param(_sum("done", "failed", not_started=3), 7, id="stopped-early"),
        pytest.param(_sum("done", "failed", unavailable=1), 7, id="one-engine-died"),
        pytest.param(_sum("done", "failed", unavailable=1, given_up=True), 5, id="engines-gone"),
    ],
)
def test_exit_codes(summary: RunSummary, code: int) -> None:
    assert summary.exit_code(interrupted=False) == code
    assert summary.exit_code(interrupted=True) == 130


def test_audio_counts_where_an_engine_worked_on_it() -> None:
    summary = _sum("unchanged", "failed")
    summary.add(JobFinished(recording="r", status="done", duration_s=2.0, rtfx=3.0))
    summary.add(JobFinished(recording="r", status="done", duration_s=2.0, rtfx=None))

    assert summary.audio_s == 2.0
    assert len(summary.errors) == 1


def test_scratch_is_gone_afterwards(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "decoded") as folder:
        (folder / "audio.wav").write_bytes(b"x")
        assert folder.stat().st_mode & 0o077 == 0

    assert not list((tmp_path / "decoded").iterdir())


def test_scratch_of_a_killed_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    parent = tmp_path / "decoded"
    dead = parent / "run-dead"
    dead.mkdir(parents=True)
    (dead / "audio.wav").write_bytes(b"x")
    script = (
        "import sys, pathlib\n"
        "from dalston_cli.pipeline.running.scratch import scratch_folder\n"
        "with scratch_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    print(folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    living = subprocess.Popen(
        [sys.executable, "-c", script, parent],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert living.stdout is not None
    theirs = Path(living.stdout.readline().strip())

    with scratch_folder(parent) as ours:
        assert sorted(parent.iterdir()) == sorted([ours, theirs])
    living.kill()
    living.communicate()

    with scratch_folder(parent) as ours:
        assert list(parent.iterdir()) == [ours]
