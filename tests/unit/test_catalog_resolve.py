from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.hub.entries import engine_entry, model_entry

from dalston_cli.catalog.alternatives import best_alternatives
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import DeviceMissingError
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.catalog.resolve import (
    Choice,
    ModelRequest,
    recommended,
    resolve_model,
    supports_language,
)
from dalston_cli.catalog.resolve_errors import (
    LanguageNotCoveredError,
    NoModelError,
    StageNotCoveredError,
)
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.unknown import UnknownModelError
from dalston_cli.errors import DalstonError
from dalston_sdk.wire import Stage

LAPTOP = Machine(cpus=4, ram_mb=8_000)
GPU = Machine(cpus=8, ram_mb=32_000, gpus=(Gpu(index=0, name="Big GPU", vram_mb=24_000),))
SMALL_GPU = Machine(cpus=8, ram_mb=32_000, gpus=(Gpu(index=0, name="Small GPU", vram_mb=2_000),))


def _whisper(size: str, rank: int, **changes: Any) -> ModelEntry:
    fields = {"engine": "fw", "rank": rank, "languages": ["en", "de"], "name": size} | changes
    return model_entry(id=f"fw-{size}", **fields)


ENGINES = [
    engine_entry(
        name="sphinx", embedded=True, devices=["cpu"], stages={"transcribe": {}, "align": {}}
    ),
    engine_entry(name="fw"),
    engine_entry(name="gpu-only", devices=["cuda"], stages={"diarize": {}}),
]
MODELS = [
    model_entry(
        id="sphinx-en",
        engine="sphinx",
        languages=["en"],
        stages=["transcribe", "align"],
        source={"kind": "bundled", "package": "pocketsphinx"},
        rank=1,
        word_error_rate=0.4,
    ),
    _whisper("tiny", 10),
    _whisper("turbo", 90, size_mb=1620, hardware={"vram_mb": 2500, "ram_mb": 3000}),
    _whisper("large", 80, hardware={"vram_mb": 5000, "ram_mb": 10_000}),
    _whisper("tiny.en", 11, languages=["en"], defaults={"compute_type": "int8"}),
    _whisper("distil.en", 66, languages=["en"]),
    _whisper("gated", 99, gated=True),
    model_entry(id="turns", engine="gpu-only", stages=["diarize"], rank=5),
]
CATALOG = Catalog(
    engines={engine.name: engine for engine in ENGINES},
    models={model.id: model for model in MODELS},
)


@pytest.mark.parametrize(
    ("wanted", "machine", "installed", "model", "device"),
    [
        pytest.param(ModelRequest(), LAPTOP, [], "sphinx-en", "cpu", id="only-the-bundled-one"),
        pytest.param(ModelRequest(), GPU, [], "sphinx-en", "cpu", id="bundled-stays-on-the-cpu"),
        pytest.param(
            ModelRequest(), LAPTOP, ["fw-tiny"], "fw-tiny", "cpu", id="installed-is-better"
        ),
        pytest.param(
            ModelRequest(), LAPTOP, ["fw-tiny", "fw-turbo"], "fw-turbo", "cpu", id="best-rank"
        ),
        pytest.param(
            ModelRequest(), LAPTOP, ["fw-large", "fw-tiny"], "fw-tiny", "cpu", id="too-little-ram"
        ),
        pytest.param(
            ModelRequest(), GPU, ["fw-large", "fw-tiny"], "fw-large", "cuda:0", id="gpu-has-room"
        ),
        pytest.param(
            ModelRequest(), SMALL_GPU, ["fw-large"], "fw-large", "cpu", id="gpu-too-small"
        ),
        pytest.param(
            ModelRequest(language="de"),
            LAPTOP,
            ["fw-tiny", "fw-tiny.en"],
            "fw-tiny",
            "cpu",
            id="language",
        ),
        pytest.param(
            ModelRequest(language="en-gb"), LAPTOP, ["fw-tiny.en"], "fw-tiny.en", "cpu", id="region"
        ),
        pytest.param(
            ModelRequest(),
            LAPTOP,
            ["fw-distil.en", "fw-tiny"],
            "fw-tiny",
            "cpu",
            id="unknown-language-needs-several",
        ),
        pytest.param(
            ModelRequest(language="en"),
            LAPTOP,
            ["fw-distil.en", "fw-tiny"],
            "fw-distil.en",
            "cpu",
            id="known-language-takes-its-own",
        ),
        pytest.param(
            ModelRequest(), LAPTOP, ["fw-distil.en"], "fw-distil.en", "cpu", id="only-one-language"
        ),
        pytest.param(
            ModelRequest(device="cpu"), GPU, ["fw-turbo"], "fw-turbo", "cpu", id="cpu-asked"
        ),
        pytest.param(
            ModelRequest(device="cuda"), GPU, ["fw-tiny"], "fw-tiny", "cuda:0", id="gpu-asked"
        ),
        pytest.param(
            ModelRequest(model="fw-large"), LAPTOP, [], "fw-large", "cpu", id="named-though-large"
        ),
        pytest.param(
            ModelRequest(model="sphinx-en"),
            GPU,
            ["fw-turbo"],
            "sphinx-en",
            "cpu",
            id="named-though-worse",
        ),
        pytest.param(
            ModelRequest(model="fw-tiny", device="cuda:0"),
            GPU,
            [],
            "fw-tiny",
            "cuda:0",
            id="named-gpu",
        ),
    ],
)
def test_choice(
    wanted: ModelRequest, machine: Machine, installed: Sequence[str], model: str, device: str
) -> None:
    choice = resolve_model(CATALOG, Stage.TRANSCRIBE, wanted, machine, installed)
    assert (choice.model.id, choice.device) == (model, device)
    assert choice.engine.name == choice.model.engine
    assert choice.needs_pull == (model not in {*installed, "sphinx-en"})
    assert f"on {device}: " in choice.reason


@pytest.mark.parametrize(
    ("stage", "wanted", "machine", "error", "message"),
    [
        pytest.param(
            Stage.TRANSCRIBE,
            ModelRequest(model="fw-tinny"),
            LAPTOP,
            UnknownModelError,
            "did you mean `fw-tiny`",
            id="typo",
        ),
        pytest.param(
            Stage.ALIGN,
            ModelRequest(model="fw-tiny"),
            LAPTOP,
            StageNotCoveredError,
            "fw-tiny does not align, it is for: transcribe",
            id="stage",
        ),
        pytest.param(
            Stage.TRANSCRIBE,
            ModelRequest(model="fw-tiny.en", language="de"),
            LAPTOP,
            LanguageNotCoveredError,
            r"does not understand German \(de\), only en",
            id="language",
        ),
        pytest.param(
            Stage.TRANSCRIBE,
            ModelRequest(language="de"),
            LAPTOP,
            NoModelError,
            "no model that is installed can transcribe de",
            id="only-english-is-here",
        ),
        pytest.param(
            Stage.TRANSCRIBE,
            ModelRequest(device="cuda"),
            LAPTOP,
            DeviceMissingError,
            "cuda was asked for, but no GPU",
            id="no-gpu",
        ),
        pytest.param(
            Stage.TRANSCRIBE,
            ModelRequest(device="cuda"),
            GPU,
            NoModelError,
            "can transcribe on cuda",
            id="bundled-has-no-gpu",
        ),
        pytest.param(
            Stage.DIARIZE, ModelRequest(), LAPTOP, NoModelError, "can diarize", id="needs-a-gpu"
        ),
        pytest.param(
            Stage.DIARIZE,
            ModelRequest(model="turns"),
            LAPTOP,
            DeviceMissingError,
            "the engine gpu-only needs a GPU, but no GPU",
            id="named-needs-a-gpu",
        ),
        pytest.param(
            Stage.REFINE, ModelRequest(), LAPTOP, NoModelError, "can refine", id="no-model-does-it"
        ),
    ],
)
def test_refusal(
    stage: Stage, wanted: ModelRequest, machine: Machine, error: type[DalstonError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        resolve_model(CATALOG, stage, wanted, machine, [])
    assert raised.value.hint


def test_alternatives_are_named() -> None:
    wanted = ModelRequest(model="fw-tiny.en", language="de")
    with pytest.raises(LanguageNotCoveredError) as raised:
        resolve_model(CATALOG, Stage.TRANSCRIBE, wanted, LAPTOP, [])
    assert "`--model fw-turbo`" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("installed", "first"),
    [
        pytest.param((), "faster-whisper-large-v3-turbo", id="nothing-is-here"),
        pytest.param(("faster-whisper-base",), "faster-whisper-base", id="a-small-one-is-here"),
        pytest.param(("sphinx-en-us",), "faster-whisper-large-v3-turbo", id="what-comes-along"),
    ],
)
def test_alternatives_start_with_what_is_installed_and_end_with_bundles(
    installed: Sequence[str], first: str
) -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    found = best_alternatives(catalog.models_for(Stage.TRANSCRIBE), installed)
    assert found[0].id == first
    bundles = [len(model.stages) > 1 for model in found if not model.gated_repos]
    assert bundles == sorted(bundles)


def test_the_missing_model_can_be_pulled_by_the_hint() -> None:
    with pytest.raises(NoModelError) as raised:
        resolve_model(CATALOG, Stage.TRANSCRIBE, ModelRequest(language="de"), LAPTOP, [])
    assert raised.value.hint == "run `dalston models pull fw-turbo`"


def test_the_bundled_model_comes_with_a_plain_warning() -> None:
    choice = resolve_model(CATALOG, Stage.TRANSCRIBE, ModelRequest(), LAPTOP, [])
    (warning,) = choice.warnings
    assert "gets about 40 of 100 words wrong" in warning.message
    assert "takes everything for en" in warning.message
    assert warning.hint == "run `dalston models pull fw-turbo` (1.6 GB)"
    assert choice.better is not None
    assert choice.better.id == "fw-turbo"


def test_a_bundled_aligner_is_not_said_to_mishear() -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    request = ModelRequest(language="en")
    (warning,) = resolve_model(catalog, Stage.ALIGN, request, LAPTOP, []).warnings
    assert warning.message.startswith("pocketsphinx-en-us, which comes with Dalston, finds when")
    assert "words wrong" not in warning.message


def test_a_model_of_another_stage_is_answered_with_the_option_of_this_one() -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    request = ModelRequest(model="faster-whisper-tiny.en")
    with pytest.raises(StageNotCoveredError) as raised:
        resolve_model(catalog, Stage.ALIGN, request, LAPTOP, [])
    assert "`--align-model wav2vec2-align-en`" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [
        pytest.param(Stage.TRANSCRIBE, ModelRequest(model="sphinx-en"), id="it-was-asked-for"),
        pytest.param(Stage.ALIGN, ModelRequest(), id="nothing-better-exists"),
    ],
)
def test_no_warning_where_it_does_not_help(stage: Stage, wanted: ModelRequest) -> None:
    choice = resolve_model(CATALOG, stage, wanted, LAPTOP, [])
    assert choice.model.id == "sphinx-en"
    assert choice.warnings == ()
    assert choice.better is None


def test_recommendations_fit_the_machine_and_are_not_gated() -> None:
    small = Machine(cpus=2, ram_mb=2_000)
    for machine, expected in ((LAPTOP, "fw-turbo"), (small, "fw-tiny")):
        best = recommended(CATALOG, Stage.TRANSCRIBE, ModelRequest(language="de"), machine)
        assert best is not None
        assert best.id == expected
    assert recommended(CATALOG, Stage.REFINE, ModelRequest(), LAPTOP) is None


def test_a_better_model_of_one_language_is_named() -> None:
    here = ["fw-distil.en", "fw-tiny"]
    choice = resolve_model(CATALOG, Stage.TRANSCRIBE, ModelRequest(), LAPTOP, here)
    assert choice.reason.startswith("no language was given, and of 3 models that are installed")
    (warning,) = choice.warnings
    assert "fw-distil.en, which is installed too, is better" in warning.message
    assert warning.hint == "add --language en if they do"

    english = resolve_model(CATALOG, Stage.TRANSCRIBE, ModelRequest(language="en"), LAPTOP, here)
    assert english.reason.startswith("it is the best of 3 models for en")
    assert english.warnings == ()


@pytest.mark.parametrize(
    ("asked", "compute_type"),
    [
        pytest.param(None, "int8", id="the-models-own"),
        pytest.param("float32", "float32", id="asked"),
    ],
)
def test_compute_type(asked: str | None, compute_type: str) -> None:
    wanted = ModelRequest(model="fw-tiny.en", compute_type=asked)
    choice = resolve_model(CATALOG, Stage.TRANSCRIBE, wanted, LAPTOP, [])
    assert choice.compute_type == compute_type


@pytest.mark.parametrize(
    ("languages", "language", "covered"),
    [
        pytest.param([], "xx", True, id="any"),
        pytest.param(["en"], None, True, id="unknown"),
        pytest.param(["pt"], "pt-br", True, id="region-of-a-language"),
        pytest.param(["pt-br"], "pt-br", True, id="region"),
        pytest.param(["pt-br"], "pt", False, id="language-of-a-region"),
        pytest.param(["en"], "de", False, id="other"),
    ],
)
def test_covers(languages: list[str], language: str | None, covered: bool) -> None:
    assert (
        supports_language(model_entry(languages=languages), Stage.TRANSCRIBE, language) is covered
    )


@pytest.mark.parametrize(
    ("stage", "language", "covered"),
    [
        pytest.param(Stage.TRANSCRIBE, "de", True, id="the-models"),
        pytest.param(Stage.ALIGN, "de", False, id="a-stage-with-fewer"),
        pytest.param(Stage.ALIGN, "en-gb", True, id="a-variety"),
        pytest.param(Stage.DIARIZE, "xx", True, id="a-stage-with-any"),
    ],
)
def test_a_stage_may_have_languages_of_its_own(
    stage: Stage, language: str, *, covered: bool
) -> None:
    model = model_entry(
        stages=["transcribe", "align", "diarize"],
        languages=["en", "de"],
        stage_languages={"align": ["en"], "diarize": []},
    )

    assert supports_language(model, stage, language) is covered


def test_a_stage_alone_is_not_for_a_model_that_has_it_beside_others() -> None:
    """A model of several stages is not taken for one: its other weights would have no use."""
    bundle = model_entry(
        id="bundle", engine="all", stages=["transcribe", "diarize"], rank=99, languages=["en"]
    )
    alone = model_entry(id="alone", engine="all", stages=["diarize"], rank=1)
    every = engine_entry(name="all", stages={"transcribe": {}, "diarize": {}})

    def chosen(*models: ModelEntry) -> Choice:
        catalog = Catalog(engines={"all": every}, models={each.id: each for each in models})
        installed = [each.id for each in models]
        return resolve_model(catalog, Stage.DIARIZE, ModelRequest(), LAPTOP, installed)

    assert chosen(bundle, alone).model is alone
    assert "best of 2 models" in chosen(bundle, alone).reason
    assert chosen(bundle).model is bundle
