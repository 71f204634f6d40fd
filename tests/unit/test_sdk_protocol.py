"""The ranges of protocol versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.protocol import ProtocolRange

RANGES = st.builds(
    lambda a, b: ProtocolRange(min(a, b), max(a, b)), st.integers(0, 9), st.integers(0, 9)
)


@given(RANGES)
def test_a_range_survives_the_header(spoken: ProtocolRange) -> None:
    assert ProtocolRange.parse(str(spoken)) == spoken


@given(RANGES, RANGES)
def test_overlap_means_a_version_in_common(one: ProtocolRange, two: ProtocolRange) -> None:
    common = set(range(one.oldest, one.newest + 1)) & set(range(two.oldest, two.newest + 1))
    assert one.overlaps(two) == two.overlaps(one) == bool(common)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", ProtocolRange(3, 3)),
        (" 1-2 ", ProtocolRange(1, 2)),
        ("", None),
        ("new", None),
        ("1-", ProtocolRange(1, 1)),
        ("1-x", None),
    ],
)
def test_parse(text: str, expected: ProtocolRange | None) -> None:
    assert ProtocolRange.parse(text) == expected
