"""``dalston check``, as a person types it."""

import json
from pathlib import Path

import pytest
from tests.golden.write import golden_file

from dalston_cli.app import main

Captured = pytest.CaptureFixture[str]

BAD = """\
1
00:00:01,000 --> 00:00:02,000
This line is much too wide for anything, and too fast, too.

2
00:00:01,500 --> 00:00:04,000
It overlaps.
"""


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.srt"
    path.write_text(BAD, encoding="utf-8")
    return path


def test_every_broken_rule_is_a_line(bad: Path, capsys: Captured) -> None:
    assert main(["check", str(bad), "--rules", "netflix"]) == 7
    out, err = capsys.readouterr()
    assert "line 1 has 59 columns, at most 42" in out
    assert "00:00:01.500" in out
    assert "0.500 s before the end of a cue before it" in out
    assert "2 of 2 cues break a rule of netflix" in err


@pytest.mark.parametrize("name", ["monologue.srt", "meeting.vtt"])
def test_our_own_are_good(name: str, capsys: Captured) -> None:
    stem, suffix = name.split(".")
    assert main(["check", str(golden_file(stem, suffix))]) == 0
    assert capsys.readouterr().out == ""


def test_programs_get_json(bad: Path, capsys: Captured) -> None:
    assert main(["check", str(bad), "--json"]) == 7
    result = json.loads(capsys.readouterr().out)
    assert [(one["cue"], one["rule"]) for one in result["data"]] == [
        (1, "width"),
        (1, "speed"),
        (2, "overlap"),
    ]
    assert result["data"][0]["file"] == str(bad)


@pytest.mark.parametrize(
    ("name", "text", "code", "message"),
    [
        ("a.txt", BAD, 3, "it is no .srt or .vtt"),
        ("my talk.json", "{}", 3, "talk.json' -f srt"),
        ("a.srt", "no subtitles", 3, "a.srt:1: no subtitle"),
        ("a.srt", None, 3, "a.srt: No such file"),
    ],
    ids=["another-name", "transcript", "malformed", "missing"],
)
def test_what_cannot_be_read_is_named(
    name: str, text: str | None, code: int, message: str, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert main(["check", str(path)]) == code
    assert message in capsys.readouterr().err


def test_a_file_that_cannot_be_read_costs_no_other(
    bad: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert main(["check", str(tmp_path / "missing.srt"), str(bad)]) == 3
    out, err = capsys.readouterr()
    assert "line 1 has 59 columns" in out
    assert "missing.srt" in err


def test_unknown_rules_are_refused(bad: Path, capsys: Captured) -> None:
    assert main(["check", str(bad), "--rules", "itv"]) == 2
    assert "netflix" in capsys.readouterr().err
