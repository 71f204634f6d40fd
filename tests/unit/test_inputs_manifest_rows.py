"""Rows of manifests that no program would write: each is understood, or an error with its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.test_inputs_manifest import write

from dalston_cli.errors import InputError
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.pipeline.request import RecordingRequest

ODD = {
    "NUL in the path": (r'{"path": "a\u0000b.wav"}', "path holds the control character U+0000"),
    "lone surrogate": (r'{"path": "in/\ud800.wav"}', r"path is 'in/\ud800.wav', not text in UTF-8"),
    "NUL in a prompt": (
        r'{"path": "a", "prompt": "x\u0000"}',
        "holds the control character U+0000",
    ),
    "surrogate in a prompt": (r'{"path": "a", "prompt": "\udcff"}', "initial_prompt is '\\udcff'"),
    "surrogate in a word": (r'{"path": "a", "hotwords": ["\ud800"]}', "not text in UTF-8"),
    "surrogate in a name": (r'{"path": "a", "speaker_names": {"S": "\ud800"}}', "text in UTF-8"),
    "surrogate in one of your own": (r'{"path": "a", "x": {"y": ["\ud800"]}}', "text in UTF-8"),
    "surrogate in a column": (r'{"path": "a", "\ud800": 1}', r"unknown column '\ud800'"),
    "NUL in one of your own": (
        r'{"path": "a", "x": ["\u0000"]}',
        "holds the control character U+0000",
    ),
    "NUL in the output": (
        r'{"path": "a", "output": "x\u0000"}',
        "holds the control character U+0000",
    ),
    "nested deeply": ('{"path": ' + "[" * 100_000, "is nested too deeply"),
    "nested objects": ('{"path": "a", "x": ' + '{"a":' * 100_000, "is nested too deeply"),
    "many digits": (
        '{"path": "a", "num_speakers": ' + "9" * 5000 + "}",
        "holds a number with too many digits",
    ),
    "digits in text": (json.dumps({"path": "a", "num_speakers": "9" * 5000}), "number from 1"),
    "huge number": ('{"path": "a", "max_speakers": 99999999999999999999}', "is too large a number"),
    "not a number": ('{"path": "a", "x": NaN}', "holds NaN, which is no number"),
    "infinity": ('{"path": "a", "x": -Infinity}', "holds -Infinity, which is no number"),
    "too large": ('{"path": "a", "x": 1e999}', "x is too large a number"),
    "negative": ('{"path": "a", "min_speakers": -1}', "not a number from 1"),
    "negative zero": ('{"path": "a", "min_speakers": -0}', "not a number from 1"),
    "half a speaker": ('{"path": "a", "min_speakers": 1.5}', "not a number from 1"),
    "truth": ('{"path": "a", "num_speakers": true}', "num_speakers is True, not a number from 1"),
    "a list of models": ('{"path": "a", "model": ["x"]}', "model is ['x'], not text"),
    "an object as path": ('{"path": {"a": 1}}', "path is {'a': 1}, not text"),
    "an object as output": ('{"path": "a", "output": {}}', "output is {}, not text"),
    "yes as output": ('{"path": "a", "output": true}', "output is True, not text"),
    "an object as clip": ('{"path": "a", "clip": {"a": 1}}', "is not a part of a recording"),
    "a list as channels": ('{"path": "a", "channels": [1]}', "is not mix, split or a channel"),
    "a huge channel": ('{"path": "a", "channels": "' + "9" * 5000 + '"}', "not mix, split or a ch"),
    "a key twice": ('{"path": "a", "path": "b"}', "'path' stands twice"),
    "a key and its alias": ('{"path": "a", "file": "b"}', "'path' stands twice"),
    "exactly and at least": (
        '{"path": "a", "num_speakers": 2, "min_speakers": 1}',
        "num_speakers says the number exactly",
    ),
    "more than most": (
        '{"path": "a", "min_speakers": 4, "max_speakers": 2}',
        "min_speakers 4 is more than max_speakers 2",
    ),
    "a slip of the pen": ('{"path": "a", "num_speaker": 2}', "did you mean `num_speakers`?"),
}


@pytest.mark.parametrize(("row", "problem"), ODD.values(), ids=ODD)
def test_an_odd_row_is_an_error_with_its_line(row: str, problem: str, tmp_path: Path) -> None:
    file = write(tmp_path, "m.jsonl", f'{{"path": "b.wav"}}\n{row}\n')
    with pytest.raises(InputError) as caught:
        list(read_manifest(file))
    assert caught.value.message.startswith(f"{file}:2: ")
    assert problem in caught.value.message
    caught.value.message.encode()
    assert len(caught.value.message) < 300 + len(str(file))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"path,prompt\na,caf\xe9\n", ":2: initial_prompt is 'caf\\udce9', not text in UTF-8"),
        (b"path,agent\na,caf\xe9\n", ":2: agent is 'caf\\udce9', not text in UTF-8"),
        (b"path,agent\na\0b,c\n", ":2: path holds the control character U+0000"),
        (b"path,caf\xe9\na,b\n", ":1: unknown column 'caf\\udce9'"),
        (b"path,agent,agent\na,b,c\n", ":1: 'agent' stands twice"),
        (b"path,lang,language\na,en,de\n", ":1: 'language' stands twice"),
        (b"path,\na,b\n", ":2: a cell has no column"),
        (b"path,x\na," + b"y" * 200_000 + b"\n", "field larger than field limit"),
    ],
    ids=["prompt", "own", "NUL", "column", "twice", "alias twice", "no name", "a huge cell"],
)
def test_an_odd_csv_is_an_error_with_its_line(text: bytes, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_bytes(text)
    with pytest.raises(InputError) as caught:
        list(read_manifest(file))
    assert problem in caught.value.message


def requests(file: Path) -> list[RecordingRequest]:
    finder = RecordingFinder(
        sources=InputSources(manifest=file),
        stdin=None,  # type: ignore[arg-type] # nothing is read from it
        on_warning=lambda warning: None,
    )
    return list(finder.find())


@pytest.mark.parametrize(
    "path", ["x" * 5000, "a/" * 3000 + "b", "\udcff\udcfe.wav", " ", "é" * 200]
)
def test_a_name_that_no_file_has_is_a_recording_that_fails(path: str, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text(json.dumps({"path": path}) + '\n{"path": "b"}', "utf-8")
    first, second = requests(tmp_path / "m.jsonl")
    assert first.size is None
    first.name.encode()
    assert second.name.endswith("b")


OWN: dict[str, Any] = {
    "agent_id": 17,
    "queue": "billing",
    "Score": 0.5,
    "vip": False,
    "tags": ["a", "ü"],
    "nested": {"a": None},
    "large": 2**62,
    "filename": "call.mp3",
    "markup": "<b>|*x*|</b>",
}


def test_columns_of_your_own_are_kept(tmp_path: Path) -> None:
    file = write(tmp_path, "m.jsonl", json.dumps({"path": "a", **OWN, "empty": "", "no": None}))
    [request] = read_manifest(file)
    assert dict(request.columns) == OWN | {
        "tags": '["a", "ü"]',
        "nested": '{"a": null}',
    }


def test_columns_of_a_spreadsheet_are_kept(tmp_path: Path) -> None:
    rows = "path;Agent ;queue;num_speakers;;\na.wav;17;billing;3.0;;\nb.wav;;;;;\n"
    first, second = read_manifest(write(tmp_path, "m.csv", rows))
    assert first.columns == (("Agent", "17"), ("queue", "billing"))
    assert first.overrides.num_speakers == 3
    assert second.columns == ()
