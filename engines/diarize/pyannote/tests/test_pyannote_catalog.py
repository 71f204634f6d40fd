"""The catalog's entries: the engine loads what they pull, once all terms are accepted."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.support.dialogues import Dialogue
from tests.support.engine_fixtures import Models
from tests.support.hub import HubFile, HubRepo, HubServer, running_hub
from tests.support.speech import needs_flite

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HubSource
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.audit import verify
from dalston_cli.catalog.weights.failures import GatedModelError
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ModelRef

ENTRIES = {"community": "pyannote-community-1", "legacy": "pyannote-3.1"}


@pytest.fixture(scope="module")
def entries() -> Mapping[str, ModelEntry]:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    return {name: catalog.model(model_id) for name, model_id in ENTRIES.items()}


@pytest.fixture
def hub(models: Models, entries: Mapping[str, ModelEntry]) -> Iterator[HubServer]:
    """The repositories that the entries name, with the tiny weights in them."""
    repos: dict[str, HubRepo] = {}
    for name, entry in entries.items():
        folder = Path(models[name].path or "")
        assert isinstance(entry.source, HubSource)
        parts = {part.folder: part for part in entry.source.parts}
        own = HubRepo.from_folder(folder).files
        first = {path: file for path, file in own.items() if path.split("/")[0] not in parts}
        repos[entry.source.repo] = _repo(first, entry.source.revision, gated=entry.gated)
        for part in parts.values():
            files = HubRepo.from_folder(folder / part.folder).files
            repos[part.repo] = _repo(files, part.revision, gated=part.gated)
    with running_hub(repos) as server:
        yield server


def _repo(files: Mapping[str, HubFile], commit: str, *, gated: bool) -> HubRepo:
    readme = {"README.md": HubFile(content=b"not wanted")}
    return HubRepo(files={**files, **readme}, gated=gated, commit=commit)


def _options(hub: HubServer, token: str) -> PullOptions:
    return PullOptions(environment={**os.environ, **hub.environment, "HF_TOKEN": token})


@needs_flite
@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_pulled_is_what_the_engine_loads(
    hub: HubServer,
    entries: Mapping[str, ModelEntry],
    engine: RunningEngine,
    two: Dialogue,
    tmp_path: Path,
    name: str,
) -> None:
    found = pull(entries[name], tmp_path, _options(hub, "hf_good"))
    assert verify(entries[name], tmp_path).problems == ()
    model = ModelRef(runtime_id=entries[name].runtime_model_id, path=str(found.path))
    assert len({turn.speaker for turn in engine.diarize(two.wav, model=model).turns}) == 2


def test_3_1_needs_the_terms_of_pipeline_and_segmentation(
    hub: HubServer, entries: Mapping[str, ModelEntry], tmp_path: Path
) -> None:
    with pytest.raises(GatedModelError) as raised:
        pull(entries["legacy"], tmp_path, _options(hub, "hf_stranger"))
    hint = raised.value.hint or ""
    for repo in ("speaker-diarization-3.1", "segmentation-3.0"):
        assert f"https://huggingface.co/pyannote/{repo}" in hint
    assert "wespeaker" not in hint
    assert hub.state.sent == {}


def test_the_models_are_gated(entries: Mapping[str, ModelEntry]) -> None:
    for entry in entries.values():
        assert entry.gated_repos
        assert entry.licence == "CC-BY-4.0"
        assert isinstance(entry.source, HubSource)
        assert len(entry.source.revision) == 40
