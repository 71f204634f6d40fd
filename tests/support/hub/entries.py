"""Catalog entries for tests: as values, and as the files that a user would write."""

import os
from pathlib import Path
from typing import Any

from tests.support.places import folder_variables

from dalston_cli.catalog.schema import EngineEntry, ModelEntry

HUB_SOURCE = {
    "kind": "hf",
    "repo": "test/tiny",
    "revision": "main",
    "files": ["*.bin", "*.json"],
}

ENGINE_YAML = """\
name: example
version: "1"
summary: An engine that is never started
library: none
licence: MIT
devices: [cpu, cuda]
stages:
  transcribe:
    options: [language, beam_size]
"""


def engine_entry(**changes: Any) -> EngineEntry:
    """A whole engine, with some of its fields changed."""
    fields: dict[str, Any] = {
        "name": "example",
        "version": "1",
        "summary": "An engine that is never started",
        "library": "none",
        "licence": "MIT",
        "devices": ["cpu", "cuda"],
        "stages": {"transcribe": {"options": ["language", "beam_size"]}},
    }
    return EngineEntry.read(fields | changes)


def model_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a whole model, with some changed."""
    fields: dict[str, Any] = {
        "id": "tiny",
        "engine": "example",
        "runtime_model_id": "tiny",
        "stages": ["transcribe"],
        "name": "Tiny",
        "licence": "MIT",
        "source": HUB_SOURCE,
        "size_mb": 1,
    }
    return fields | changes


def model_entry(**changes: Any) -> ModelEntry:
    """A whole model, with some of its fields changed."""
    return ModelEntry.read(model_fields(**changes))


def write_catalog(folder: Path, *models: dict[str, Any]) -> dict[str, str]:
    """Write one engine and ``models`` as files; the variables that make Dalston find them."""
    import yaml  # noqa: PLC0415 - only who writes files needs it

    engine, entries = folder / "engines" / "example", folder / "entries"
    engine.mkdir(parents=True)
    entries.mkdir()
    (engine / "engine.yaml").write_text(ENGINE_YAML)
    for model in models:
        (entries / f"{model['id']}.yaml").write_text(yaml.safe_dump(model))
    return {
        "DALSTON_ENGINES_PATH": str(folder / "engines"),
        "DALSTON_CATALOG_PATH": str(entries),
        **folder_variables(folder),
        "HF_HOME": str(folder / "hf"),
        "PATH": os.environ["PATH"],
    }
