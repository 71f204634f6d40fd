"""Sizes as people write them after an option."""

import pytest

from dalston_cli.commands.store.amounts_given import AmountError, parse_size


@pytest.mark.parametrize(
    ("given", "num_bytes"),
    [
        pytest.param("0", 0, id="none"),
        pytest.param("1.5 kB", 1500, id="thousands"),
        pytest.param("5GB", 5_000_000_000, id="as-shown"),
        pytest.param("5g", 5_000_000_000, id="short"),
        pytest.param("5GiB", 5 * 1024**3, id="binary"),
        pytest.param("2Mi", 2 * 1024**2, id="binary-short"),
    ],
)
def test_a_size_is_what_its_unit_says(given: str, num_bytes: int) -> None:
    assert parse_size("--max-size", given) == num_bytes


@pytest.mark.parametrize("given", ["", "GB", "-1", "5XB", "nan"])
def test_what_is_no_size_is_refused_by_name(given: str) -> None:
    with pytest.raises(AmountError, match="--max-size"):
        parse_size("--max-size", given)
