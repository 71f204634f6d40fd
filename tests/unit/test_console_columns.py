"""A table in a terminal drops what matters least, and never wraps a row."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.console import Console
from dalston_cli.console.columns import fitted_table
from dalston_cli.console.text import render_table, text_width

COLUMNS = ("id", "size", "licence")
ROWS = [("faster-whisper-base", "148 MB", "MIT"), ("日本語", "1 GB", "CC-BY-4.0")]
FULL = render_table(COLUMNS, ROWS)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("width", "first"),
    [
        pytest.param(120, "ID                   SIZE    LICENCE", id="wide"),
        pytest.param(38, "ID                   SIZE    LICENCE", id="just-enough"),
        pytest.param(37, "ID                   SIZE", id="without-one"),
        pytest.param(20, "ID", id="without-two"),
        pytest.param(10, "ID", id="cut"),
    ],
)
def test_the_least_important_columns_go_first(width: int, first: str) -> None:
    table = fitted_table(COLUMNS, ROWS, optional=("licence", "size"), width=width)
    assert table.split("\n")[0] == first


def test_a_row_that_is_still_too_wide_is_cut() -> None:
    table = fitted_table(COLUMNS, ROWS, optional=("licence", "size"), width=10)
    assert table.split("\n") == ["ID", "faster-wh…", "日本語"]


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", categories=["L", "N"]))] * 3)),
    st.integers(min_value=1, max_value=60),
)
def test_no_row_is_wider_than_the_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    table = fitted_table(COLUMNS, rows, optional=("size", "licence"), width=width)
    assert len(table.split("\n")) == len(rows) + 1
    assert all(text_width(line) <= width for line in table.split("\n"))


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        pytest.param(io.StringIO(), FULL, id="pipe"),
        pytest.param(Terminal(), "ID                   SIZE\n", id="terminal"),
    ],
)
def test_only_a_terminal_has_a_width(
    stream: io.StringIO, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    console = Console("models list", stdout=stream)
    console.table(COLUMNS, ROWS, data=[], optional=("licence", "size"))
    assert stream.getvalue().startswith(shown)
