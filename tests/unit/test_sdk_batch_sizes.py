"""Which batch sizes fitted into memory: what is noted, and what another process makes of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dalston_sdk.batch_sizes import FILE_NAME, MAX_FIGURES, BatchSizes

KEY = "cpu tiny default transcribe"


def started(folder: Path | None, *, free_mb: float | None = 1000.0) -> BatchSizes:
    """Return what a new process knows."""
    sizes = BatchSizes(folder)
    sizes.begin(KEY, free_mb)
    return sizes


def failed(folder: Path, size: int) -> None:
    started(folder).does_not_fit(KEY, size, reason="MemoryError", free_mb=1000.0)


def test_nothing_is_limited_before_something_did_not_fit(tmp_path: Path) -> None:
    assert started(tmp_path).limit(KEY) is None
    assert started(None).limit(KEY) is None


def test_half_of_what_did_not_fit_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    failed(tmp_path, 16)
    sizes = started(tmp_path)
    assert (sizes.limit(KEY), sizes.reason(KEY)) == (8, "MemoryError")
    assert sizes.limit("cuda:0 tiny default transcribe") is None
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_a_limit_is_never_below_one(tmp_path: Path) -> None:
    failed(tmp_path, 1)
    assert started(tmp_path).limit(KEY) == 1


def test_twice_as_much_is_tried_after_enough_batches_that_fitted(tmp_path: Path) -> None:
    failed(tmp_path, 16)
    sizes = started(tmp_path)
    for _ in range(7):
        sizes.fits(KEY, 8)
    assert sizes.limit(KEY) == 8
    sizes.fits(KEY, 3)  # the last batch of a recording says nothing of a full one
    assert sizes.limit(KEY) == 8
    sizes.fits(KEY, 8)
    assert sizes.limit(KEY) == started(tmp_path).limit(KEY) == 16


def test_a_try_in_vain_makes_the_next_one_later(tmp_path: Path) -> None:
    failed(tmp_path, 16)
    sizes = started(tmp_path)
    tries = []
    for number in range(1, 60):
        sizes.fits(KEY, 8)
        if sizes.limit(KEY) == 16:
            tries.append(number)
            sizes.does_not_fit(KEY, 16, reason="MemoryError", free_mb=1000.0)
    assert tries == [8, 24, 56]


@pytest.mark.parametrize(("free_mb", "limit"), [(500.0, 8), (1400.0, 8), (1600.0, None), (None, 8)])
def test_a_limit_holds_for_about_as_much_free_memory(
    tmp_path: Path, free_mb: float | None, limit: int | None
) -> None:
    failed(tmp_path, 16)
    assert started(tmp_path, free_mb=free_mb).limit(KEY) == limit


def test_a_process_that_was_killed_within_a_batch_leaves_a_quarter_of_it(tmp_path: Path) -> None:
    program = (
        "import sys, os, signal, pathlib; from dalston_sdk.batch_sizes import BatchSizes\n"
        "sizes = BatchSizes(pathlib.Path(sys.argv[1])); sizes.begin(sys.argv[2], None)\n"
        "sizes.trying(sys.argv[2], 16); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path, KEY], check=False)
    assert done.returncode == -9
    sizes = started(tmp_path)
    assert sizes.limit(KEY) == 4
    assert "killed" in sizes.reason(KEY)


def test_a_batch_that_another_process_still_computes_is_no_failure(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from dalston_sdk.batch_sizes import BatchSizes\n"
        "sizes = BatchSizes(pathlib.Path(sys.argv[1])); sizes.begin(sys.argv[2], None)\n"
        "sizes.trying(sys.argv[2], 16); print('tries', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path, KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "tries\n"
        assert [started(tmp_path).limit(KEY) for _ in range(2)] == [None, None]
        other.kill()
    assert started(tmp_path).limit(KEY) == 4


def test_figures_of_a_version_that_knew_processes_by_their_ids_still_count(tmp_path: Path) -> None:
    figure = {"limit": 8, "reason": "MemoryError", "tried": 16, "pid": 1}
    (tmp_path / FILE_NAME).write_text(json.dumps({KEY: figure}), encoding="utf-8")
    assert started(tmp_path).limit(KEY) == 8


def test_a_batch_that_fitted_is_no_failure_of_the_next_process(tmp_path: Path) -> None:
    sizes = started(tmp_path)
    sizes.trying(KEY, 16)
    sizes.fits(KEY, 16)
    assert started(tmp_path).limit(KEY) is None


def test_a_process_that_ends_in_order_blames_no_batch(tmp_path: Path) -> None:
    sizes = started(tmp_path)
    sizes.trying(KEY, 16)
    sizes.end()
    assert json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))[KEY]["holder"] is None
    assert started(tmp_path).limit(KEY) is None


def test_only_so_many_figures_are_kept(tmp_path: Path) -> None:
    sizes = BatchSizes(tmp_path)
    for number in range(MAX_FIGURES + 3):
        sizes.does_not_fit(f"key {number}", 8, reason="", free_mb=None)
    kept = json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert list(kept) == [f"key {number}" for number in range(3, MAX_FIGURES + 3)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"a": 1}', '{"a": {"other": 1}}', json.dumps({KEY: {"limit": "8"}}),
     json.dumps({KEY: {"limit": -1}}), json.dumps({KEY: {"free_mb": "much"}})],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    assert started(tmp_path).limit(KEY) is None
    failed(tmp_path, 16)
    assert started(tmp_path).limit(KEY) == 8


def test_a_folder_that_cannot_be_written_costs_no_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    sizes = started(tmp_path / "file" / "below")
    sizes.does_not_fit(KEY, 16, reason="", free_mb=None)
    assert sizes.limit(KEY) == 8
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
