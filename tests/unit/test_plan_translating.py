"""Which model translates, and what is refused before anything runs."""

from collections.abc import Collection

import pytest

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import ModelRequest, resolve_model
from dalston_cli.catalog.resolve_errors import LanguageNotCoveredError, NoModelError
from dalston_cli.pipeline.plan.options import effective_options
from dalston_sdk.wire import Stage, TranslateOptions


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The models that come with Dalston."""
    return load_catalog(CatalogPaths.from_environment({}))


def planned(catalog: Catalog, model: str, *languages: str) -> TranslateOptions:
    wanted = TranslateOptions(languages=languages, glossary=("Dalston",), max_cost_usd=0.5)
    return effective_options(catalog, Stage.TRANSLATE, catalog.model(model), wanted)


@pytest.mark.parametrize("model", ["nllb-200-distilled-600m", "madlad400-3b-mt"])
def test_options_of_language_models_are_taken_too(catalog: Catalog, model: str) -> None:
    assert planned(catalog, model, "de", "pt-br", "zh-tw").languages == ("de", "pt-br", "zh-tw")


def test_a_language_that_a_model_lacks_is_refused(catalog: Catalog) -> None:
    with pytest.raises(LanguageNotCoveredError, match="does not translate into Manx") as caught:
        planned(catalog, "nllb-200-3.3b", "de", "gv")
    assert "--translate-model" in (caught.value.hint or "")
    assert planned(catalog, "claude-haiku-5-5", "gv").languages == ("gv",)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (("claude-haiku-5-5", "nllb-200-distilled-600m"), "nllb-200-distilled-600m"),
        (("nllb-200-3.3b", "madlad400-3b-mt"), "madlad400-3b-mt"),
        (("claude-haiku-5-5",), "claude-haiku-5-5"),
    ],
)
def test_a_translation_model_of_this_machine_comes_first(
    catalog: Catalog, installed: Collection[str], chosen: str
) -> None:
    machine = Machine(cpus=4, ram_mb=16_000)
    found = resolve_model(catalog, Stage.TRANSLATE, ModelRequest(), machine, installed)
    assert found.model.id == chosen


def test_where_none_is_installed_one_is_named(catalog: Catalog) -> None:
    with pytest.raises(NoModelError) as caught:
        resolve_model(catalog, Stage.TRANSLATE, ModelRequest(), Machine(cpus=4, ram_mb=16_000), ())
    assert "dalston models pull madlad400-3b-mt" in (caught.value.hint or "")
