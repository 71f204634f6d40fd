"""The bytes in what uv draws, and which of their counts are passed on."""

import pytest

from dalston_cli.launchers.local.installer import Downloads
from dalston_cli.launchers.pool.notices import ByteSteps

MB = 10**6


def frame(finished: int, number: int, *bars: str) -> str:
    """A drawing as uv makes it: rows padded to the terminal's width, with colours."""
    rows = [f"⠙ \x1b[2mPreparing packages...\x1b[0m ({finished}/{number})", *bars]
    return "".join(f"{row:60}" for row in rows) + "\x1b[2A\r"


def bar(name: str, done: str, size: str) -> str:
    return f"\x1b[2m{name:20}\x1b[0m \x1b[32m------\x1b[30m\x1b[2m----\x1b[0m\x1b[0m {done}/{size}"


def test_bytes_are_counted_over_all_packages() -> None:
    downloads = Downloads()
    downloads.read("⠙ Resolving dependencies...")
    assert (downloads.done, downloads.total) == (0, 0)
    downloads.read(frame(0, 3, bar("numpy", "1.00 MiB", "4.00 MiB")))
    assert (downloads.done, downloads.total) == (2**20, 0)  # two packages are still to begin
    both = (bar("numpy", "2.00 MiB", "4.00 MiB"), bar("hf-xet", "16.00 KiB", "2.00 MiB"))
    downloads.read(frame(1, 3, *both))
    assert (downloads.done, downloads.total) == (2 * 2**20 + 16 * 2**10, 6 * 2**20)
    downloads.read(frame(2, 3, bar("hf-xet", "1.00 MiB", "2.00 MiB")))
    assert (downloads.done, downloads.total) == (5 * 2**20, 6 * 2**20)
    downloads.read(frame(3, 3))
    assert downloads.done == downloads.total == 6 * 2**20


@pytest.mark.parametrize(
    ("total", "counts", "told"),
    [
        pytest.param(
            30 * MB, [0, 1, MB - 1, MB, MB + 1, 3 * MB, 30 * MB], [0, MB, 3 * MB, 30 * MB], id="MB"
        ),
        pytest.param(900 * MB, [MB, 8 * MB, 9 * MB, 17 * MB], [MB, 9 * MB], id="hundredths"),
        pytest.param(0, [MB, 2 * MB], [MB, 2 * MB], id="of unknown total"),
    ],
)
def test_counts_are_passed_on_in_steps(total: int, counts: list[int], told: list[int]) -> None:
    passed: list[tuple[int, int]] = []
    steps = ByteSteps(lambda done, whole: passed.append((done, whole)))
    for count in counts:
        steps.count(count, total)
    assert passed == [(count, total) for count in told]
