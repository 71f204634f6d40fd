"""What is read without pydantic is read as pydantic reads it."""

from collections.abc import Mapping
from typing import Any

import pytest

from dalston_cli.settings.checks import checked_content, checked_value
from dalston_cli.settings.declare import Setting
from dalston_cli.settings.explain import WrongValueError
from dalston_cli.settings.load import read_value
from dalston_cli.settings.plain import UndecidedError, plain_content, plain_value
from dalston_cli.settings.table import TABLE

ALL = pytest.mark.parametrize("one", TABLE.values(), ids=TABLE)
ODD: tuple[object, ...] = (
    *("", " ", "a", "auto", "no", "True", "on", "2", "0", "-1", "007", "+1", "1_0", "2.50", "1e3"),
    *(".5", "1.", "inf", "nan", " 3 ", "٣", "a,b", "1,2", "1,x", ",", "en,de", "German", "9" * 20),
    *("\ud800", "SPEAKER_00=Ada", "mix", "cuda:1", "s3://b/c", "/tmp", "x\n", "mix\n", "a b"),
    *(True, False, 0, 1, -1, 2.0, 0.5, float("inf"), float("nan"), 2**63, -(2**63), 2**80, None),
    *([], (), ["a", "b"], ("1", 2), [True], [1.5], {"a": 1}, b"a", ["en", "fr,de"], [["a"]]),
)


def plainly(one: Setting, value: object) -> object:
    """Return what is read without pydantic; the class of the error where that cannot be."""
    try:
        return plain_value(one, value)
    except UndecidedError:
        return UndecidedError


@ALL
def test_usual_values_need_no_pydantic(one: Setting) -> None:
    example = one.example or ("true" if one.type is bool else one.default_text)
    assert plainly(one, example) == checked_value(one.name, example)
    if one.default is not None:
        assert plainly(one, one.default) == one.default


@ALL
def test_odd_values_are_read_alike(one: Setting) -> None:
    found = {repr(value): plainly(one, value) for value in ODD}
    decided = {text: value for text, value in found.items() if value is not UndecidedError}
    asked = [value for value in ODD if repr(value) in decided]
    checked = {repr(value): checked_value(one.name, value) for value in asked}
    assert [repr(value) for value in decided.values()] == [repr(v) for v in checked.values()]


def test_what_is_not_plain_is_read_or_refused_by_pydantic() -> None:
    assert read_value("beam_size", "+1") == 1
    assert read_value("diarize", "ON") is True
    with pytest.raises(WrongValueError, match=r"^'x': input should be a valid integer"):
        read_value("beam_size", "x")


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param({}, id="empty"),
        pytest.param({"beam_size": 3, "hotwords": ["a", "b"], "diarize": True}, id="own"),
        pytest.param({"profile": "f", "profiles": {"f": {"model": "x"}, "g": {}}}, id="profiles"),
        pytest.param({"remote": {"e": {"url": "http://h:1", "token_env": "T"}}}, id="remote"),
    ],
)
def test_files_are_read_alike(tables: Mapping[str, Any]) -> None:
    assert plain_content(tables) == checked_content(tables)


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param({"beam_sise": 3}, id="key"),
        pytest.param({"beam_size": 0}, id="value"),
        pytest.param({"profile": ""}, id="profile"),
        pytest.param({"profiles": {"f": {"modle": "x"}}}, id="key-in-profile"),
        pytest.param({"profiles": {"f": 3}}, id="no-profile"),
        pytest.param({"profiles": 3}, id="no-profiles"),
        pytest.param({"remote": {"e": {}}}, id="no-url"),
        pytest.param({"remote": {"e": {"url": "gpu"}}}, id="wrong-url"),
        pytest.param({"remote": {"e": {"url": "http://h:1", "key": "T"}}}, id="key-in-remote"),
        pytest.param({"remote": {"e": {"url": "http://h:1", "token_env": ""}}}, id="empty-token"),
    ],
)
def test_what_may_be_wrong_is_left_to_pydantic(tables: Mapping[str, Any]) -> None:
    with pytest.raises(UndecidedError):
        plain_content(tables)
