"""The catalog's entries for onnx-asr, compared with the library and the engine."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.engine_under_test import EngineUnderTest

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HubSource

CATALOG = Path(__file__).resolve().parents[4] / "catalog" / "models"
ENTRIES = [
    entry
    for path in sorted(CATALOG.glob("onnx-*.yaml"))
    for entry in [ModelEntry.read(yaml.safe_load(path.read_text(encoding="utf-8")))]
]
KINDS = {"canary": "nemo-conformer-aed", "whisper": "whisper"}
"""The ``model_type`` in config.json of models that the library knows by that only."""
PROGRAM = """
import json, sys
from onnx_asr.loader import create_asr_resolver
from capabilities import _LANGUAGES
for line in sys.stdin:
    name, known, folder, quantization = json.loads(line)
    resolver = create_asr_resolver(name if known else None, folder, offline=True)
    found = resolver.resolve_model(quantization=quantization)
    print(json.dumps([sorted(path.name for path in found.values()), _LANGUAGES.get(name)]))
"""


@pytest.fixture(scope="module")
def library(
    under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    """Per model, the files that the library would open, and its languages."""
    questions = []
    for entry in ENTRIES:
        assert isinstance(entry.source, HubSource)
        folder = tmp_path_factory.mktemp(entry.id)
        kind = next((kind for name, kind in KINDS.items() if name in entry.id), "")
        for name in entry.source.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps({"model_type": kind}), encoding="utf-8")
        by_name = "flash" not in entry.id and "whisper" not in entry.id
        quantization = None if entry.id.endswith("float32") else "int8"
        questions.append(json.dumps([entry.runtime_model_id, by_name, str(folder), quantization]))
    answers = under_test.run(PROGRAM, text="\n".join(questions)).splitlines()
    return {entry.id: json.loads(line) for entry, line in zip(ENTRIES, answers, strict=True)}


@pytest.mark.parametrize("model", ENTRIES, ids=lambda model: str(model.id))
def test_the_library_finds_every_file_that_is_pulled(
    library: Mapping[str, Any], model: ModelEntry
) -> None:
    assert isinstance(model.source, HubSource)
    assert re.fullmatch(r"[0-9a-f]{40}", model.source.revision)
    opened, _ = library[model.id]
    pulled = {Path(name).name for name in model.source.files}
    assert set(opened) == {name for name in pulled if not name.endswith(".onnx.data")}


@pytest.mark.parametrize("model", ENTRIES, ids=lambda model: str(model.id))
def test_the_engine_knows_the_same_languages(library: Mapping[str, Any], model: ModelEntry) -> None:
    _, languages = library[model.id]
    if "whisper" in model.id:  # known by its tokens
        assert languages is None
        assert model.capabilities.language_detection
    else:
        assert sorted(model.languages) == sorted(languages)
        assert not model.capabilities.language_detection


@pytest.mark.parametrize("model", ENTRIES, ids=lambda model: str(model.id))
def test_only_models_with_token_times_promise_word_times(model: ModelEntry) -> None:
    without = any(name in model.id for name in KINDS)
    assert model.capabilities.word_timestamps == (not without)
    assert model.capabilities.translation == ("canary" in model.id)
