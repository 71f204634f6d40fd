"""The catalog's aligners, compared with the libraries' own tables."""

import json

import pytest
from tests.support.engine_under_test import EngineUnderTest

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HttpsSource, HubSource
from dalston_sdk.wire import Stage

KNOWN = """
import json
import loading
from whisperx import alignment
bundles = {
    name: [language, getattr(loading.torchaudio.pipelines, name)._path]
    for language, name in alignment.DEFAULT_ALIGN_MODELS_TORCH.items()
}
print(json.dumps([bundles, alignment.DEFAULT_ALIGN_MODELS_HF, sorted(loading.ROMANIZED)]))
"""
NEEDED = {"config.json", "preprocessor_config.json", "vocab.json"}


@pytest.fixture(scope="module")
def aligners() -> list[ModelEntry]:
    models = load_catalog(CatalogPaths.from_environment({})).models_for(Stage.ALIGN)
    return [model for model in models if model.engine == "whisperx-align"]


def test_names_languages_and_files_are_the_libraries_own(
    under_test: EngineUnderTest, aligners: list[ModelEntry]
) -> None:
    bundles, of_the_hub, of_many = json.loads(under_test.run(KNOWN))
    for model in aligners:
        name, source = model.runtime_model_id, model.source
        if isinstance(source, HttpsSource):
            (file,) = source.files
            assert [[*model.languages], file.path] == [[bundles[name][0]], bundles[name][1]]
            assert file.url.endswith(f"/torchaudio/models/{file.path}")
            continue
        assert isinstance(source, HubSource)
        assert source.repo == name
        assert len(source.revision) == 40
        assert set(source.files) >= NEEDED
        assert {"model.safetensors", "pytorch_model.bin"} & set(source.files)
        if name in of_many:
            assert len(model.languages) > 80
        else:
            assert [of_the_hub[language] for language in model.languages] == [name]


def test_a_model_of_one_language_ranks_above_the_multilingual_one(
    aligners: list[ModelEntry],
) -> None:
    (many,) = [model for model in aligners if len(model.languages) > 1]
    assert all(model.rank > many.rank for model in aligners if model is not many)
    assert {model.languages[0] for model in aligners if model is not many} == {
        *("ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "zh")
    }
