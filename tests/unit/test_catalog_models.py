"""The model files that come with Dalston: complete, consistent, ranked as the design says."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths, data_root
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource, HubSource, PackageSource, ServiceSource
from dalston_cli.catalog.unknown import UnknownModelError
from dalston_sdk.wire import Stage

BEST_FIRST = (
    "large-v3-turbo",
    "large-v3",
    "large-v2",
    "large-v1",
    "medium",
    "small",
    "base",
    "tiny",
)
ENGLISH_ONLY = (
    "distil-large-v3.5",
    "distil-large-v3",
    "distil-large-v2",
    "distil-medium.en",
    "distil-small.en",
    "medium.en",
    "small.en",
    "base.en",
    "tiny.en",
)
FILES = Path(data_root() / "catalog" / "models")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(CatalogPaths.from_environment({}))


def whisper(catalog: Catalog, size: str) -> ModelEntry:
    return catalog.model(f"faster-whisper-{size}")


@pytest.mark.parametrize("path", sorted(FILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_is_a_model_that_its_name_says(catalog: Catalog, path: Path) -> None:
    model = catalog.model(path.stem)
    assert set(model.stages) <= set(catalog.engine(model.engine).stages)
    assert re.fullmatch(r"[A-Za-z0-9.-]+", model.licence)
    assert (model.size_mb > 0) != isinstance(model.source, ServiceSource)
    assert len(set(model.languages)) == len(model.languages)


@pytest.mark.parametrize("size", [*BEST_FIRST, *ENGLISH_ONLY])
def test_whisper_weights_are_pinned_and_complete(catalog: Catalog, size: str) -> None:
    model = whisper(catalog, size)
    assert isinstance(model.source, HubSource)
    assert re.fullmatch(r"[0-9a-f]{40}", model.source.revision)
    assert {"config.json", "model.bin", "tokenizer.json", "vocabulary.*"} <= set(model.source.files)
    assert model.runtime_model_id == size
    assert model.capabilities.word_timestamps


def test_mirrors_have_the_files_that_the_hub_has(catalog: Catalog) -> None:
    mirrored = [model for model in catalog.models.values() if model.mirrors]
    assert {"faster-whisper-base", "faster-whisper-tiny.en"} <= {model.id for model in mirrored}
    for model in mirrored:
        assert isinstance(model.source, HubSource)
        for mirror in model.mirrors:
            assert isinstance(mirror, PackageSource)
            for file in mirror.files:
                assert any(fnmatchcase(file.path, pattern) for pattern in model.source.files)


@pytest.mark.parametrize("size", ENGLISH_ONLY)
def test_english_only_models_say_so(catalog: Catalog, size: str) -> None:
    model = whisper(catalog, size)
    assert model.languages == ("en",)
    assert not model.capabilities.translation
    assert not model.capabilities.language_detection


@pytest.mark.parametrize("size", BEST_FIRST)
def test_multilingual_models_know_whisper_s_languages(catalog: Catalog, size: str) -> None:
    model = whisper(catalog, size)
    assert len(model.languages) == (100 if size.startswith("large-v3") else 99)
    assert {"en", "de", "no", "jv", "zh"} <= set(model.languages)
    assert ("yue" in model.languages) == size.startswith("large-v3")
    assert model.capabilities.translation == (size != "large-v3-turbo")


def test_auto_prefers_turbo_and_the_bundled_model_last(catalog: Catalog) -> None:
    ranked = [model.id for model in catalog.models_for(Stage.TRANSCRIBE)]
    multilingual = [name for name in ranked if name.removeprefix("faster-whisper-") in BEST_FIRST]
    assert multilingual == [f"faster-whisper-{size}" for size in BEST_FIRST]
    assert ranked[-1] == "pocketsphinx-en-us"


def test_the_bundled_model_comes_with_a_package(catalog: Catalog) -> None:
    model = catalog.model("pocketsphinx-en-us")
    assert isinstance(model.source, BundledSource)
    assert set(model.stages) == {Stage.TRANSCRIBE, Stage.ALIGN}
    assert catalog.engine(model.engine).embedded


@pytest.mark.parametrize("size", [*BEST_FIRST, *ENGLISH_ONLY])
def test_whisper_s_own_names_mean_faster_whisper(catalog: Catalog, size: str) -> None:
    assert catalog.model(size) is whisper(catalog, size)


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("large", "faster-whisper-large-v3"),
        ("turbo", "faster-whisper-large-v3-turbo"),
        ("openai/whisper-large", "faster-whisper-large-v1"),
        ("openai/whisper-small.en", "faster-whisper-small.en"),
        ("distil-whisper/distil-large-v3.5", "faster-whisper-distil-large-v3.5"),
        ("parakeet", "onnx-parakeet-tdt-0.6b-v3"),
        ("parakeet-tdt-0.6b-v3", "onnx-parakeet-tdt-0.6b-v3"),
        ("canary", "onnx-canary-1b-v2"),
        ("canary-1b-flash", "nemo-canary-1b-flash"),
        ("WAV2VEC2_ASR_BASE_960H", "wav2vec2-align-en"),
        ("VOXPOPULI_ASR_BASE_10K_DE", "wav2vec2-align-de"),
        ("jonatasgrosman/wav2vec2-large-xlsr-53-japanese", "wav2vec2-align-ja"),
        ("Systran/faster-whisper-small", "faster-whisper-small"),
        ("nvidia/parakeet-tdt-0.6b-v3", "nemo-parakeet-tdt-0.6b-v3"),
        ("istupakov/parakeet-tdt-0.6b-v3-onnx", "onnx-parakeet-tdt-0.6b-v3"),
    ],
)
def test_names_that_people_type(catalog: Catalog, name: str, model_id: str) -> None:
    assert catalog.model(name).id == model_id


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("large-v4", "`large-v3` (faster-whisper-large-v3)"),
        ("whisper-large", "`large` (faster-whisper-large-v3)"),
        ("Turbo", "`turbo` (faster-whisper-large-v3-turbo)"),
        ("whisper-large-v3", "`large-v3` (faster-whisper-large-v3)"),
        ("whisper", "`faster-whisper-large-v3-turbo`"),
        ("base-en", "`base.en` (faster-whisper-base.en)"),
        ("tiny-quantized", "`tiny` (faster-whisper-tiny)"),
        ("whisperx-larg-v3", "`whisperx-large-v3`"),
        ("parakeat", "`parakeet` (onnx-parakeet-tdt-0.6b-v3)"),
    ],
)
def test_a_near_miss_is_a_model_alone_before_a_bundle(
    catalog: Catalog, name: str, meant: str
) -> None:
    with pytest.raises(UnknownModelError) as raised:
        catalog.model(name)
    assert raised.value.message == f"there is no model `{name}`; did you mean {meant}?"
