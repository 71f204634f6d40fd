"""The memory of a machine, divided among the containers of its engines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.launchers.docker.containers.memory import (
    Division,
    MemoryTakenError,
    Taken,
    divide_memory,
)

TOTAL = 10_000


def taken(name: str, limit_mb: int | None, used_mb: float, *, ours: bool = True) -> Taken:
    return Taken(id=name, limit_mb=limit_mb, used_mb=used_mb, ours=ours)


@pytest.mark.parametrize(
    ("ceiling_mb", "running", "expected"),
    [
        pytest.param(None, [], Division(limit_mb=8000), id="alone"),
        pytest.param(3000, [], Division(limit_mb=3000), id="as-set"),
        pytest.param(12_000, [], Division(limit_mb=8000), id="as-set-beyond-what-there-is"),
        pytest.param(
            None,
            [taken("a", 8000, 100)],
            Division(limit_mb=4000, lowered={"a": 4000}),
            id="shares",
        ),
        pytest.param(
            None,
            [taken("a", 8000, 4000)],
            Division(limit_mb=3000, lowered={"a": 5000}),
            id="not-below-what-is-used",
        ),
        pytest.param(
            None, [taken("a", 1000, 900)], Division(limit_mb=7000), id="what-is-left-by-small-ones"
        ),
        pytest.param(
            None,
            [taken("a", None, 100)],
            Division(limit_mb=4000, lowered={"a": 4000}),
            id="one-without-a-limit",
        ),
        pytest.param(
            None,
            [taken("theirs", 8000, 2000, ours=False)],
            Division(limit_mb=5500),
            id="another-owner",
        ),
    ],
)
def test_engines_share_the_memory(
    ceiling_mb: int | None, running: list[Taken], expected: Division
) -> None:
    assert divide_memory("new", TOTAL, ceiling_mb, running) == expected


def test_an_engine_without_room_is_not_started() -> None:
    full = [taken("a", 8000, 6300)]
    with pytest.raises(MemoryTakenError) as caught:
        divide_memory("new", TOTAL, None, full)
    assert caught.value.message == (
        "engine new cannot be started: of the 8,000 MB that engines may take together, those that "
        "run leave 125 MB"
    )
    assert "dalston engines stop" in (caught.value.hint or "")


@given(
    used=st.lists(st.floats(min_value=0, max_value=3000), max_size=6),
    ceiling_mb=st.none() | st.integers(min_value=64, max_value=20_000),
)
def test_limits_together_stay_below_the_machines_memory(
    used: list[float], ceiling_mb: int | None
) -> None:
    limits: dict[str, int] = {}
    for number, amount in enumerate(used):
        running = [taken(name, limit, min(limit, amount)) for name, limit in limits.items()]
        try:
            division = divide_memory("new", TOTAL, ceiling_mb, running)
        except MemoryTakenError:
            break
        limits |= division.lowered | {str(number): division.limit_mb}
        assert sum(limits.values()) <= 8000
