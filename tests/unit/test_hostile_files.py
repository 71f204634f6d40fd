"""Files that are made to cost time or memory, or to reach a terminal: errors of a file and line."""

from pathlib import Path

import pytest

from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.yaml_file import read_document
from dalston_cli.errors import ConfigurationError, InputError
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.toml import MAX_BYTES

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
"""Ten lines that stand for 3.4 billion values."""


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param(f"{_BOMB}id: *j\n", None, "stands for more than 20000 values", id="aliases"),
        pytest.param(f"? *j\n: 1\n{_BOMB}", 1, "is not valid YAML", id="alias-of-nothing"),
        pytest.param(f"{_BOMB}? *j\n: 1\n", None, "20000 values", id="aliases-as-a-key"),
        pytest.param("? [a, b]\n: 1\n", 1, "a key that is no text", id="key"),
        pytest.param("id: x\nparts: " + "[" * 100_000, 2, "nesting depth", id="flow"),
        pytest.param("id: x\nparts:\n" + "- " * 100_000, 3, "nesting depth", id="blocks"),
        pytest.param("parts: " + "[" * 50 + "]" * 50, 1, "is nested too deeply", id="depth"),
        pytest.param("id: &a\n  x: *a\n", 1, "is nested too deeply", id="contains-itself"),
        pytest.param(f"id: x\nrank: {'9' * 5_000}\n", 2, "cannot be read as a number", id="digits"),
        pytest.param(f"id: x\nrank: 0x{'f' * 5_000}\n", 2, "too large a number", id="hexadecimal"),
        pytest.param("id: x\nrank: 9223372036854775808\n", 2, "too large a number", id="int"),
        pytest.param("id: x\nrank: .inf\n", 2, "is no number: .inf", id="infinity"),
        pytest.param("id: x\nname: 2020-13-77\n", 2, "number or a date", id="date"),
        pytest.param("id: x\nname: !!binary aGVsbG8=\n", 2, "is binary", id="binary"),
        pytest.param('id: x\nname: "\\e[31mred"\n', 2, "control character U+001B", id="escape"),
        pytest.param("id: x\nname: a\x1b[2J\n", 2, "control character U+001B", id="raw-escape"),
        pytest.param("id: x\nname: a\x9b2J\n", 2, "control character U+009B", id="c1"),
        pytest.param('id: x\n"a\\x07": 1\n', 2, "control character U+0007", id="key-escape"),
        pytest.param("id: x\nname: a\nid: y\n", 3, "`id` stands already on line 1", id="twice"),
        pytest.param(f"id: {'x' * 1_000_000}", 1, "more than 1,000,000 bytes", id="size"),
    ],
)
def test_catalogs(text: str, line: int | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(text)
    with pytest.raises(CatalogError) as caught:
        read_document(file)
    assert message in caught.value.message
    assert caught.value.message.startswith(f"{file}:{line or ''}")
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("model = 'x'\nclip = " + "[" * 100_000, 2, "nested too deeply", id="lists"),
        pytest.param("model = 'x'\nclip = " + "{a=" * 5_000, 2, "nested too deeply", id="tables"),
        pytest.param(".".join(["a"] * 30_000) + " = 1", 1, "too many parts", id="key"),
        pytest.param("[" + ".".join(["'a'"] * 30_000) + "]", 1, "too many parts", id="heading"),
        pytest.param(f"vad = true\nbeam_size = {'9' * 5_000}", 2, "too large", id="digits"),
        pytest.param(f"vad = true\nbeam_size = 0x{'f' * 5_000}", 2, "too large", id="hexadecimal"),
        pytest.param(
            'vad = true\nmodel = "\\u001b[2J"', 2, "control character U+001B", id="escape"
        ),
        pytest.param("vad = true\nmodel = 'a\x1b'", 2, "cannot be read", id="raw-escape"),
        pytest.param('hotwords = ["a", "\\u009b"]', 1, "control character U+009B", id="list"),
        pytest.param('"a\\u0007" = 1', None, "control character U+0007", id="name"),
        pytest.param("vad = true\nvad = false", 2, "overwrite", id="twice"),
        pytest.param(f"model = '{'x' * MAX_BYTES}'", None, "more than 256,000 bytes", id="size"),
    ],
)
def test_settings(text: str, line: int | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, file=file)
    assert message in caught.value.message
    assert caught.value.message.startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        pytest.param("m.csv", "path,prompt\na,\x1b[2J\n", 2, "prompt holds the", id="escape"),
        pytest.param("m.csv", "path\na\x1b[2J.wav\n", 2, "U+001B", id="path"),
        pytest.param("m.csv", "path,lang,language\na,en,de\n", 1, "stands twice", id="columns"),
        pytest.param("m.csv", "path\n" + "a" * 1_000_001, 2, "is longer than", id="line"),
        pytest.param("m.csv", "path\n" + "a" * 200_000, 2, "field larger than", id="cell"),
        pytest.param("m.jsonl", '{"path": "a", "path": "b"}', 1, "stands twice", id="keys"),
        pytest.param("m.jsonl", '{"path": ' + "[" * 100_000, 1, "nested too deeply", id="lists"),
        pytest.param("m.jsonl", '{"path": [["a"]]}', 1, "nested too deeply", id="nested"),
        pytest.param(
            "m.jsonl", '{"path": "a", "speakers": ' + "9" * 5_000 + "}", 1, "digits", id="digits"
        ),
        pytest.param(
            "m.jsonl", '{"path": "a", "speakers": 9223372036854775808}', 1, "too large", id="int"
        ),
        pytest.param("m.jsonl", '{"path": "a", "speakers": NaN}', 1, "holds NaN", id="nan"),
        pytest.param("m.jsonl", '{"path": "a\\u001b"}', 1, "U+001B", id="json-escape"),
        pytest.param(
            "m.jsonl", '{"path": "a", "hotwords": ["\\u0007"]}', 1, "hotwords holds", id="words"
        ),
        pytest.param("m.jsonl", '\n{"path": "a", "\\u001b": 1}', 2, "unknown column", id="name"),
    ],
)
def test_manifests(name: str, text: str, line: int, message: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        list(read_manifest(file))
    assert message in caught.value.message
    assert caught.value.message.startswith(f"{file}:{line}: ")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 400
