"""The small parts of the runner: its order, its sums, its scratch folder."""

import heapq
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.audio.scratch import scratch_folder
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, JobStatus
from dalston_cli.pipeline.running.order import SHORT_SHARE, in_order
from dalston_cli.pipeline.running.summary import NOT_STARTED, RunSummary
from dalston_cli.settings.choices import Order


@pytest.mark.parametrize(
    ("order", "begun"),
    [
        pytest.param("longest", [9, 1, 7, 2, 5, 4, 3, 3], id="longest-and-short-ones"),
        pytest.param("shortest", [1, 2, 3, 3, 4, 5, 7, 9], id="shortest"),
        pytest.param("given", [3, 9, 1, 4, 7, 2, 5, 3], id="given"),
    ],
)
def test_orders(order: Order, begun: list[float]) -> None:
    lengths = [3.0, 9.0, 1.0, 4.0, 7.0, 2.0, 5.0, 3.0]
    assert [lengths[place] for place in in_order(lengths, order)] == begun


def test_of_equal_ones_the_first_comes_first() -> None:
    assert next(iter(in_order([2.0] * 3, "longest"))) == 0
    assert list(in_order([2.0] * 3, "shortest")) == [0, 1, 2]


@given(st.lists(st.floats(0, 1e6)), st.sampled_from(get_args(Order)))
def test_every_recording_is_begun_once(lengths: list[float], order: Order) -> None:
    assert sorted(in_order(lengths, order)) == list(range(len(lengths)))


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=100), st.integers(1, 16))
def test_the_longest_first_ends_within_half_of_the_best(lengths: list[float], at: int) -> None:
    free = [0.0] * at
    for place in in_order(lengths, "longest"):
        heapq.heapreplace(free, free[0] + lengths[place])
    falling = sorted(lengths, reverse=True)
    two_at_one = sum(falling[at - 1 : at + 1]) if len(falling) > at else 0.0
    best = max(sum(lengths) / at, falling[0], two_at_one)
    assert max(free) <= best * 1.5


def test_a_short_one_does_not_wait_for_all_long_ones() -> None:
    lengths = [36_000.0] * 100 + [5.0] * 1_000
    begun = list(in_order(lengths, "longest"))
    long = [at for at, place in enumerate(begun) if place < 100]
    assert long[:3] == [0, 721, 1002], "a tenth of ten hours is spent on short ones"
    assert sum(lengths[place] for place in begun[1:721]) == 36_000 * SHORT_SHARE


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
    assert summary.exit_code() == code
    summary.interrupted = True
    assert summary.exit_code() == 130


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
        "from dalston_cli.audio.scratch import scratch_folder\n"
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
