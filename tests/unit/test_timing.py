"""Times put in order: always possible, never moved without need."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.timing import Span, in_order

seconds = st.floats(min_value=-5, max_value=30, allow_nan=False)


@given(spans=st.lists(st.tuples(seconds, seconds), max_size=60), low=st.floats(0, 10))
def test_any_spans_become_possible_ones(spans: list[Span], low: float) -> None:
    high = low + 0.12 + 5.0
    ordered = in_order(spans, low=low, high=high)
    assert len(ordered) == len(spans)
    assert all(start < end for start, end in ordered)
    assert all(before[1] <= after[0] for before, after in pairwise(ordered))
    assert all(round(low, 3) <= start and end <= round(high, 3) for start, end in ordered)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(1.0, 1.5), (1.5, 2.0)], [(1.0, 1.5), (1.5, 2.0)], id="possible-stays"),
        pytest.param([(1.0, 1.0)], [(1.0, 1.01)], id="no-length"),
        pytest.param([(1.0, 1.6), (1.5, 2.0)], [(1.0, 1.6), (1.6, 2.0)], id="overlap"),
        pytest.param([(2.9, 3.4)], [(2.9, 3.0)], id="past-the-end"),
        pytest.param([(3.2, 3.4)], [(2.99, 3.0)], id="wholly-past-the-end"),
        pytest.param([(-1.0, 0.5)], [(0.0, 0.5)], id="before-the-start"),
    ],
)
def test_moves_as_little_as_possible(spans: list[Span], expected: list[Span]) -> None:
    assert in_order(spans, low=0.0, high=3.0) == expected


def test_too_many_for_the_room_share_it_evenly() -> None:
    assert in_order([(0.0, 1.0)] * 4, low=0.0, high=0.02) == [
        (0.0, 0.005),
        (0.005, 0.01),
        (0.01, 0.015),
        (0.015, 0.02),
    ]
