"""Nothing from outside can forge a line or move the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.amounts import count, duration, readable_size, speed
from dalston_cli.console import encodable, printable
from dalston_cli.console.text import render_table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\nerror: forged", "a\\nerror: forged", id="newline"),
        pytest.param("\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07", id="escape"),
        pytest.param("a\r\tb", "a\\r\\tb", id="return-and-tab"),
        pytest.param("\x9b31m", "\\x9b31m", id="c1"),
        pytest.param("gpj.\u202etxt", "gpj.\\u202etxt", id="right-to-left"),
        pytest.param("x\u2028y", "x\\u2028y", id="line-separator"),
        pytest.param("caf\udce9", "caf\ufffd", id="not-utf-8"),
        pytest.param("été 🎤 日本", "été 🎤 日本", id="plain"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(alphabet=st.characters()))
def test_printable_is_one_harmless_line(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown)
    shown.encode()
    encodable(text).encode()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (59.94, "59.9 s"), (187, "3:07"), (3753.4, "1:02:33")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (3_400_000, "3.4 MB"),
        (75_400_000, "75 MB"),
        (1.62e9, "1.6 GB"),
        (2e15, "2000 TB"),
    ],
)
def test_size(number: float, text: str) -> None:
    assert readable_size(number) == text


def test_speed_and_count() -> None:
    assert (speed(0.84), speed(35.4)) == ("0.8x", "35x")
    assert (count(1, "recording"), count(12_000, "recording")) == (
        "1 recording",
        "12,000 recordings",
    )


def test_tables_are_aligned_by_columns_of_the_terminal() -> None:
    table = render_table(("name", "size"), [["日本", "1"], ["abc", "22"]])
    assert table == "NAME  SIZE\n日本  1\nabc   22"
