"""Entries of the catalog that msgspec reads are those that pydantic reads."""

from typing import Any

import msgspec
import pytest
from tests.support.hub.entries import model_fields

from dalston_cli.catalog.entry import WrongEntryError
from dalston_cli.catalog.entry_models import checked_entry
from dalston_cli.catalog.folders import data_root
from dalston_cli.catalog.schema import CatalogEntry, EngineEntry, ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.yaml_file import read_document

_OURS = [
    *(("engines/*/*/engine.yaml", EngineEntry), ("catalog/models/*.yaml", ModelEntry)),
]
_DIGEST = "ab" * 32
_HTTPS = {"kind": "https", "files": [{"url": "https://h/m", "sha256": _DIGEST, "path": "m"}]}
_PART = {"repo": "o/n", "revision": "main", "folder": "part"}


@pytest.mark.parametrize(("pattern", "kind"), _OURS, ids=["engines", "models"])
def test_our_own_entries_are_read_alike(pattern: str, kind: type[CatalogEntry]) -> None:
    files = sorted(data_root().glob(pattern))
    assert len(files) > 5
    for file in files:
        fields = read_document(file).data
        assert kind.read(fields) == checked_entry(kind, fields)


def reading(fields: dict[str, Any]) -> object:
    """The entry that pydantic reads; the message where it refuses."""
    try:
        return checked_entry(ModelEntry, fields)
    except WrongEntryError as error:
        return str(error)


@pytest.mark.parametrize(
    "changes",
    [
        {"size_mb": "5"},
        {"size_mb": 5.0},
        {"size_mb": True},
        {"size_mb": -1},
        {"rank": 1.5},
        {"word_error_rate": 1},
        {"word_error_rate": None},
        {"word_error_rate": -0.1},
        {"gated": "yes"},
        {"gated": 1},
        {"id": "tiny\n"},
        {"id": "Tiny"},
        {"id": "t" * 81},
        {"name": 5},
        {"name": "\ud800"},
        {"name": None},
        {"stages": []},
        {"stages": "transcribe"},
        {"stages": ["transcribe", "align"]},
        {"stages": ["transcibe"]},
        {"aliases": ["org/name@main", "x y"]},
        {"aliases": ["org/name@main"]},
        {"languages": [False]},
        {"stage_languages": {"align": ["en"]}},
        {"stage_languages": {"aline": ["en"]}},
        {"defaults": {"beam_size": [1, {"a": None}]}},
        {"hardware": {"vram_mb": 3}},
        {"hardware": {"vram": 3}},
        {"hardware": 3},
        {"capabilities": None},
        {"unknown": 1},
        {"file": "elsewhere.yaml"},
        {"source": {"kind": "file", "path": "weights"}},
        {"source": {"kind": "file", "path": 3}},
        {"source": {"kind": "folder", "path": "weights"}},
        {"source": {"path": "weights"}},
        {"source": "hf"},
        {"source": _HTTPS},
        {"source": _HTTPS | {"files": [{"url": "https://h/m", "sha256": "ab", "path": "m"}]}},
        {"source": {"kind": "hf", "repo": "o/n", "revision": "main", "parts": [_PART]}},
        {"source": {"kind": "hf", "repo": "o/n", "revision": "main", "parts": [_PART, _PART]}},
        {"source": {"kind": "service", "key": "KEY", "url": "URL"}},
        {"source": {"kind": "service", "key": "key", "url": "URL"}},
        {"mirrors": [_HTTPS]},
        {"mirrors": [{"kind": "bundled", "package": "x"}]},
    ],
    ids=str,
)
def test_odd_entries_are_read_alike(changes: dict[str, Any]) -> None:
    fields = model_fields(**changes)
    expected = reading(fields)
    if isinstance(expected, ModelEntry):
        assert ModelEntry.read(fields) == expected
    else:
        with pytest.raises(WrongEntryError) as raised:
            ModelEntry.read(fields)
        assert str(raised.value) == expected


def test_an_entry_is_written_with_the_kind_of_its_source() -> None:
    source = ModelEntry.read(model_fields(source={"kind": "file", "path": "weights"})).source
    assert isinstance(source, FileSource)
    assert msgspec.json.encode(source, enc_hook=str) == b'{"kind":"file","path":"weights"}'
