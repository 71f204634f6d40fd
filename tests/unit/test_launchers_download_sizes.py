"""The measured sizes of engines' downloads fit the locks that are shipped."""

from pathlib import Path

import pytest

from dalston_cli.launchers.local.download_sizes import measured_size

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("engines/*/*/requirements*.lock"))
MB = 1_000_000


def size_of(lock: Path, python: str) -> int | None:
    return measured_size(lock, python=f"cpython-{python}", machine="x86_64", system="Linux")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_every_lock_was_measured(lock: Path) -> None:
    has_cpu_wheels = (lock.parent / "requirements-cuda.lock").is_file()
    # Of PyTorch's wheels for a CPU there is one for this Python alone where it was measured.
    wanted = ["3.11"] if has_cpu_wheels and lock.name == "requirements.lock" else ["3.11", "3.12"]
    for python in wanted:
        size = size_of(lock, python)
        assert size is not None, "run python scripts/measure_downloads.py"
        assert MB < size < 10_000 * MB


def test_a_lock_that_was_changed_has_no_size(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_bytes(LOCKS[0].read_bytes() + b"# changed\n")
    assert size_of(lock, "3.11") is None
    assert measured_size(LOCKS[0], system="Darwin") is None
