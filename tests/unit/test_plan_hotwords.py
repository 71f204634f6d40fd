"""Words to expect: as people write them, and which models take them."""

import pytest

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.hotwords import HotwordTwiceError, HotwordWeightError, read_hotwords
from dalston_cli.pipeline.plan.options import (
    NoHotwordsError,
    UnsupportedOptionError,
    effective_options,
)
from dalston_sdk.wire import Stage, TranscribeOptions


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The models that come with Dalston."""
    return load_catalog(CatalogPaths.from_environment({}))


@pytest.mark.parametrize(
    ("entries", "words", "weights"),
    [
        pytest.param(("Dalston", "Ada Lovelace"), ("Dalston", "Ada Lovelace"), None, id="plain"),
        pytest.param(("Dalston=2", "Ada"), ("Dalston", "Ada"), (2.0, 1.0), id="weighted"),
        pytest.param(("Ada Lovelace = 0.5",), ("Ada Lovelace",), (0.5,), id="with-spaces"),
        pytest.param(("E=mc2", "=2", "a=3px"), ("E=mc2", "=2", "a=3px"), None, id="no-weights"),
        pytest.param(("a=b=3",), ("a=b",), (3.0,), id="the-last-counts"),
        pytest.param((), (), None, id="none"),
        pytest.param(("Ada", "Bo=2", "Ada", "Bo=2"), ("Ada", "Bo"), (1.0, 2.0), id="each-once"),
    ],
)
def test_words_and_weights(
    entries: tuple[str, ...], words: tuple[str, ...], weights: tuple[float, ...] | None
) -> None:
    assert read_hotwords(entries) == {"hotwords": words, "hotword_weights": weights}


@pytest.mark.parametrize(
    "entry", [f"Dalston={w}" for w in ("0", "10.5", "99", "-1", "2,5", "", "1e2")]
)
def test_a_weight_out_of_range_is_refused(entry: str) -> None:
    with pytest.raises(HotwordWeightError, match="above 0 and at most 10") as caught:
        read_hotwords(("Ada", entry))
    assert "Dalston=2" in (caught.value.hint or "")


def test_a_word_with_two_weights_is_refused() -> None:
    with pytest.raises(HotwordTwiceError, match="'Ada' has two weights, 1 and 2"):
        read_hotwords(("Ada", "Ada=2"))


def planned(catalog: Catalog, model: str, entry: str) -> TranscribeOptions:
    options = TranscribeOptions(language="en", **read_hotwords((entry,)))  # type: ignore[arg-type]
    return effective_options(catalog, Stage.TRANSCRIBE, catalog.model(model), options)


@pytest.mark.parametrize(
    ("model", "entry"),
    [
        ("faster-whisper-tiny.en", "Ada"),
        ("pocketsphinx-en-us", "Ada"),
        ("onnx-parakeet-tdt-0.6b-v3", "Ada=2"),
        ("hf-parakeet-tdt-0.6b-v3", "Ada=2"),
        ("nemo-parakeet-ctc-0.6b", "Ada=2"),
    ],
)
def test_models_that_take_words_get_them(catalog: Catalog, model: str, entry: str) -> None:
    assert planned(catalog, model, entry).hotwords == ("Ada",)


@pytest.mark.parametrize(
    ("model", "entry", "error", "message"),
    [
        ("onnx-canary-1b-v2", "Ada", NoHotwordsError, "cannot be told which words to expect"),
        ("onnx-whisper-base", "Ada", NoHotwordsError, "cannot be told which words to expect"),
        ("moonshine-base", "Ada", NoHotwordsError, "cannot be told which words to expect"),
        ("nemo-canary-1b-v2", "Ada=2", NoHotwordsError, "cannot be told which words to expect"),
        ("faster-whisper-tiny.en", "Ada=2", UnsupportedOptionError, "does not support weights"),
        ("pocketsphinx-en-us", "Ada=2", UnsupportedOptionError, "does not support weights"),
    ],
)
def test_what_a_model_cannot_do_is_refused_with_models_that_can(
    catalog: Catalog, model: str, entry: str, error: type[UsageError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        planned(catalog, model, entry)
    hint = caught.value.hint or ""
    assert "use --model " in hint
    named = [word.strip("(),") for word in hint.split() if word.strip("(),") in catalog.models]
    assert named
    assert all(catalog.model(name).capabilities.hotwords for name in named)


def test_no_model_promises_what_its_engine_has_no_option_for(catalog: Catalog) -> None:
    for model in catalog.models.values():
        if model.capabilities.hotwords:
            assert "hotwords" in catalog.engine(model.engine).stages[Stage.TRANSCRIBE].options
