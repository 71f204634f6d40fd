"""Structs in the envelope of ``--json``: encoded as they are, whatever texts they have."""

import json

from msgspec import Struct

from dalston_cli.console.envelope import Envelope


class Part(Struct, frozen=True, omit_defaults=True):
    name: str
    length: float | None = None


class Report(Struct, frozen=True):
    parts: tuple[Part, ...]
    counts: dict[str, int]


def data_of(report: Report) -> object:
    line = Envelope(command="plan", data=report).encode()
    assert "\n" not in line
    return json.loads(line)["data"]


def test_a_struct_is_what_it_was() -> None:
    report = Report(parts=(Part("a"), Part("b", 1.5)), counts={"new": 2})
    assert data_of(report) == {
        "parts": [{"name": "a"}, {"name": "b", "length": 1.5}],
        "counts": {"new": 2},
    }


def test_undecodable_bytes_are_replaced_wherever_they_are() -> None:
    report = Report(parts=(Part("a\udcff"),), counts={"\udcfe": 1})
    assert data_of(report) == {"parts": [{"name": "a\ufffd"}], "counts": {"\ufffd": 1}}


def test_control_characters_are_escaped() -> None:
    line = Envelope(command="plan", data=Part("a\x9bb\x7f\x1b")).encode()
    assert not {"\x9b", "\x7f", "\x1b"} & set(line)
    assert json.loads(line)["data"] == {"name": "a\x9bb\x7f\x1b"}


def test_errors_of_every_kind_have_every_key() -> None:
    errors = [Part("struct"), {"code": "plain"}]
    keys = {"code", "message", "hint", "recording", "stage"}
    for error in json.loads(Envelope(command="plan", errors=errors).encode())["errors"]:
        assert set(error) == keys
