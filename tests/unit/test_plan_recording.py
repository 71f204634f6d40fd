"""Plans as a table: what was asked for, what there is, what comes out."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import FAKE
from tests.support.pipeline_home import MACHINE, make_catalog, write_model
from tests.support.run_options import planned, run_options

from dalston_cli.audio.clip import Clip
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.resolve_errors import LanguageNotCoveredError, NoModelError, NoModelsError
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.choosing import WeightsElsewhereError
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import Planner, plan_recording
from dalston_cli.pipeline.request import Overrides
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.emotion import EMOTION_ADVICE
from dalston_sdk.wire import (
    AlignOptions,
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RefineOptions,
    TranscribeOptions,
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


def launch(engine: EngineEntry, device: str) -> Launch:
    return Launch(launcher="local", digest=f"{engine.name}@{device}")


def context_of(catalog: Catalog, **changes: Any) -> PlanContext:
    facts: dict[str, Any] = {
        "catalog": catalog,
        "machine": MACHINE,
        "installed": {name: Weights(digest=f"d:{name}", path=None) for name in catalog.models},
        "launch": launch,
    }
    return PlanContext(**(facts | changes))


def stages_of(plan: RecordingPlan) -> dict[str, str]:
    return {stage.kind: stage.model.id for stage in plan.stages.values()}


@pytest.mark.parametrize(
    ("options", "overrides", "stages", "skipped"),
    [
        pytest.param({}, {}, {"transcribe": "speech"}, {"align"}, id="nothing-asked"),
        pytest.param(
            {"model": "speech-no-words"},
            {},
            {"transcribe": "speech-no-words", "align": "aligner"},
            set(),
            id="aligned-where-the-model-gives-no-words",
        ),
        pytest.param(
            {"model": "speech-no-words", "align": "never"},
            {},
            {"transcribe": "speech-no-words"},
            set(),
            id="never-aligned",
        ),
        pytest.param(
            {"align": "always"},
            {},
            {"transcribe": "speech", "align": "aligner"},
            set(),
            id="always-aligned",
        ),
        pytest.param(
            {"model": "speech-no-words", "transcribe": TranscribeOptions(language="de")},
            {},
            {"transcribe": "speech-no-words"},
            {"align"},
            id="no-aligner-for-the-language",
        ),
        pytest.param(
            {
                "diarize": DiarizeOptions(),
                "emotion": EmotionOptions(),
                "events": EventsOptions(),
                "refine": RefineOptions(),
            },
            {},
            {
                "transcribe": "speech",
                "diarize": "speakers",
                "emotion": "moods",
                "events": "moods",
                "refine": "editor",
            },
            {"align"},
            id="every-optional-stage",
        ),
        pytest.param(
            {"diarize": DiarizeOptions(), "channels": "split"},
            {},
            {"transcribe": "speech"},
            {"align", "diarize"},
            id="channels-are-speakers",
        ),
        pytest.param(
            {"diarize": DiarizeOptions()},
            {"channels": "split", "model": "speech-other"},
            {"transcribe": "speech-other"},
            {"align", "diarize"},
            id="a-manifest-overrides",
        ),
        pytest.param(
            {"diarize": DiarizeOptions(), "stage_models": {"diarize": "speakers-raises"}},
            {},
            {"transcribe": "speech", "diarize": "speakers-raises"},
            {"align"},
            id="a-named-model-for-a-stage",
        ),
    ],
)
def test_stages(
    catalog: Catalog,
    options: dict[str, Any],
    overrides: dict[str, Any],
    stages: dict[str, str],
    skipped: set[str],
) -> None:
    plan = plan_recording(context_of(catalog), run_options(**options), Overrides(**overrides))

    assert stages_of(plan) == stages
    assert {one.stage.name for one in plan.skipped} == skipped
    assert all(stage.reason for stage in plan.stages.values())
    assert all(one.reason for one in plan.skipped)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        pytest.param(
            {"transcribe": TranscribeOptions(hotwords=("x",))},
            UsageError,
            "does not support the option `hotwords`",
            id="option",
        ),
        pytest.param(
            {"transcribe": TranscribeOptions(best_of=3)},
            UsageError,
            "did you mean `beam_size`|does not support the option `best_of`",
            id="option-near-miss",
        ),
        pytest.param(
            {"transcribe": TranscribeOptions(task="translate")},
            UsageError,
            "cannot translate",
            id="translation",
        ),
        pytest.param(
            {"align": "always", "transcribe": TranscribeOptions(language="de")},
            NoModelError,
            "no model that is installed can align de",
            id="no-aligner-for-the-language",
        ),
        pytest.param(
            {"model": "german", "transcribe": TranscribeOptions(language="en")},
            LanguageNotCoveredError,
            r"does not understand English \(en\)",
            id="language",
        ),
        pytest.param({"model": "speach"}, UsageError, "did you mean `speech`", id="model"),
    ],
)
def test_what_is_impossible_is_refused(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    folder = tmp_path / "catalog"
    write_model(folder, "german", "transcribe", languages="de")
    context = context_of(make_catalog(folder))

    with pytest.raises(error, match=message):
        plan_recording(context, run_options(**options))


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"language": "de"}, id="language"),
        pytest.param({"languages": ("en", "de")}, id="one-of-several-languages"),
        pytest.param({"task": "translate"}, id="translation"),
    ],
)
def test_a_refusal_names_first_what_is_installed(asked: dict[str, Any]) -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    here = Weights(digest="d", path=None)
    names = ("faster-whisper-tiny.en", "faster-whisper-base")
    context = context_of(catalog, installed=dict.fromkeys(names, here))
    options = run_options(model="tiny.en", transcribe=TranscribeOptions(**asked))

    with pytest.raises(UsageError) as caught:
        plan_recording(context, options)

    hint = str(caught.value.hint)
    assert re.match(r"(try|use) `?--model faster-whisper-base\b", hint)
    assert "whisperx" not in hint


@pytest.mark.parametrize(
    ("changes", "aligners"),
    [
        pytest.param({}, ["german", "many", "aligner"], id="the-language-will-show"),
        pytest.param({"align": "always"}, ["german", "many", "aligner"], id="always"),
        pytest.param(
            {"transcribe": TranscribeOptions(language="en")}, ["many"], id="the-language-is-said"
        ),
        pytest.param({"stage_models": {"align": "german"}}, ["german"], id="named"),
    ],
)
def test_every_aligner_that_is_here_may_be_needed(
    tmp_path: Path, changes: dict[str, Any], aligners: list[str]
) -> None:
    folder = tmp_path / "catalog"
    write_model(folder, "german", "align", languages="de", rank=50)
    write_model(folder, "many", "align", languages="en, de, fr", rank=30)
    options = run_options(**{"model": "speech-no-words", **changes})

    plan = plan_recording(context_of(make_catalog(folder)), options)

    assert [aligner.model.id for aligner in plan.candidates(ALIGN)] == aligners
    assert planned(plan, "align").model.id == ("german" if aligners == ["german"] else "many")
    assert all(other not in plan.stages.values() for other in plan.alternatives)


def test_another_aligner_makes_another_plan(tmp_path: Path) -> None:
    folder, options = tmp_path / "catalog", run_options(model="speech-no-words")
    before = plan_recording(context_of(make_catalog(folder)), options)
    write_model(folder, "german", "align", languages="de", rank=-1)

    assert plan_recording(context_of(make_catalog(folder)), options).key != before.key


def test_a_stage_that_no_engine_offers_is_refused_before_anything_runs(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path / "catalog")
    without = {name: model for name, model in catalog.models.items() if name != "moods"}
    context = context_of(Catalog(engines=catalog.engines, models=without))

    with pytest.raises(NoModelError) as caught:
        plan_recording(context, run_options(emotion=EmotionOptions()))

    assert caught.value.exit_code == 5
    assert caught.value.hint


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, False), ({"events": EventsOptions()}, False), ({"emotion": EmotionOptions()}, True)],
)
def test_who_infers_emotions_is_told_what_the_law_says(
    catalog: Catalog, options: dict[str, Any], *, said: bool
) -> None:
    plan = plan_recording(context_of(catalog), run_options(**options))
    assert (EMOTION_ADVICE in plan.advice) is said


def test_all_that_is_missing_is_told_at_once_with_what_gets_it(tmp_path: Path) -> None:
    source = f"{{kind: file, path: {tmp_path}}}"
    for name, stages in (("who", "diarize"), ("what", "emotion, events")):
        write_model(tmp_path / "other", name, stages, source=source)
    write_model(tmp_path / "other", "speech", "transcribe")
    paths = CatalogPaths(engines=(FAKE,), models=(tmp_path / "other",))
    context = context_of(load_catalog(paths), installed={})
    options = run_options(
        pipeline="night",
        diarize=DiarizeOptions(),
        emotion=EmotionOptions(),
        events=EventsOptions(),
        refine=RefineOptions(),
    )

    with pytest.raises(NoModelsError) as caught:
        plan_recording(context, options)

    assert caught.value.message.startswith("the pipeline night wants more than is installed: ")
    for does in ("diarize", "detect emotions", "detect events", "refine"):
        assert f"no model that is installed can {does}" in caught.value.message
    assert caught.value.hint == (
        "run `dalston models pull who what`; see `dalston models list --stage refine`"
    )
    assert caught.value.exit_code == 5


def test_what_a_pipeline_suggests_is_left_out_where_an_engine_does_not_know_it(
    catalog: Catalog,
) -> None:
    wanted = EventsOptions(labels=("Dog",), min_duration_ms=5)
    transcribe = TranscribeOptions(beam_size=2, best_of=3, patience=1.5)
    suggested = {
        "events": frozenset({"labels", "min_duration_ms"}),
        "transcribe": frozenset({"beam_size", "best_of", "patience", "prefix"}),
    }
    options = run_options(events=wanted, transcribe=transcribe, pipeline="p", suggested=suggested)

    plan = plan_recording(context_of(catalog), options)

    assert plan.transcribe.options == TranscribeOptions(beam_size=2)
    assert planned(plan, "events").options == EventsOptions(labels=("Dog",))
    told = [advice.message for advice in plan.advice if advice.code == "option_left_out"]
    assert len(told) == 2
    assert "does not know best_of, patience, which the pipeline p sets" in told[0]
    assert "does not know min_duration_ms" in told[1]
    with pytest.raises(UsageError, match="does not support the option `min_duration_ms`"):
        plan_recording(context_of(catalog), run_options(events=wanted, pipeline="p"))


def test_where_every_model_is_gated_the_hint_says_what_that_takes(tmp_path: Path) -> None:
    source = "{kind: hf, repo: a/b, revision: main}\ngated: true"
    write_model(tmp_path, "who", "diarize", source=source)
    write_model(tmp_path, "who-else", "diarize", source=source, rank=-1)
    write_model(tmp_path, "speech", "transcribe")
    catalog = load_catalog(CatalogPaths(engines=(FAKE,), models=(tmp_path,)))

    with pytest.raises(NoModelError) as caught:
        plan_recording(context_of(catalog, installed={}), run_options(diarize=DiarizeOptions()))

    assert caught.value.hint == (
        "run `dalston models pull who`; before that, accept the terms of who at the hub and set"
        " HF_TOKEN"
    )


@pytest.mark.parametrize("option", [{"languages": ("en",)}, {"task": "translate"}])
def test_which_text_it_is_to_be_is_no_suggestion(option: dict[str, Any], tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path / "catalog")
    options = run_options(
        transcribe=TranscribeOptions(**option),
        pipeline="p",
        suggested={"transcribe": frozenset(option)},
    )
    with pytest.raises(UsageError, match=r"does not support|cannot translate"):
        plan_recording(context_of(catalog), options)


def test_names_of_speakers_make_another_plan_of_the_same_stages(catalog: Catalog) -> None:
    context = context_of(catalog)
    plain = plan_recording(context, run_options())
    named = plan_recording(context, run_options(speaker_names=(("SPEAKER_00", "Ada"),)))
    own = Overrides(speaker_names=(("SPEAKER_00", "Eve"),))
    other = plan_recording(context, run_options(speaker_names=(("SPEAKER_00", "Ada"),)), own)

    assert len({plain.key, named.key, other.key}) == 3
    assert other.speaker_names == (("SPEAKER_00", "Eve"),)
    assert plain.transcribe.identity() == named.transcribe.identity()


def test_a_models_only_language_needs_no_option(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    write_model(folder, "german", "transcribe", languages="de")
    catalog = make_catalog(folder)
    fake = catalog.engine("fake")
    stages = {
        stage: support.replaced(options=tuple(o for o in support.options if o != "language"))
        for stage, support in fake.stages.items()
    }
    engine = fake.replaced(stages=stages)
    context = context_of(Catalog(engines={"fake": engine}, models=catalog.models))
    options = run_options(model="german", transcribe=TranscribeOptions(language="de"))

    plan = plan_recording(context, options)

    assert plan.transcribe.options == TranscribeOptions()


def test_a_models_defaults_give_way_to_the_user(catalog: Catalog) -> None:
    speech = catalog.model("speech").replaced(
        defaults={"beam_size": 3, "language": "en", "hotwords": ["no"]}
    )
    models = {**catalog.models, "speech": speech}
    context = context_of(Catalog(engines=catalog.engines, models=models))
    options = run_options(transcribe=TranscribeOptions(language="fr"))

    plan = plan_recording(context, options)

    assert plan.transcribe.options == TranscribeOptions(beam_size=3, language="fr")


def test_a_model_that_is_not_installed_is_to_be_pulled(catalog: Catalog) -> None:
    speech = catalog.model("speech")
    context = context_of(catalog, installed={})

    plan = plan_recording(context, run_options(model="speech"))

    assert [each.model for each in plan.stages.values() if each.to_pull] == [speech]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"formats": ("srt",)}, True, id="formats"),
        pytest.param({"jobs": 7, "replicas": 2, "keep_alive_s": 1.0}, True, id="how-it-runs"),
        pytest.param({"model": "speech-other"}, False, id="model"),
        pytest.param({"compute_type": "int8"}, False, id="compute-type"),
        pytest.param({"transcribe": TranscribeOptions(beam_size=2)}, False, id="option"),
        pytest.param({"channels": 1}, False, id="channel"),
        pytest.param({"clip": Clip(end=3.0)}, False, id="clip"),
        pytest.param({"diarize": DiarizeOptions()}, False, id="stage"),
        pytest.param({"align": "always", "align_options": AlignOptions()}, False, id="align"),
    ],
)
def test_the_key_depends_on_what_decides_the_result(
    catalog: Catalog, changes: dict[str, Any], *, same: bool
) -> None:
    context = context_of(catalog)

    before = plan_recording(context, run_options())
    after = plan_recording(context, run_options(**changes))

    assert (before.key == after.key) is same


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"launch": lambda engine, device: Launch(launcher="local", digest=f"{engine}{device}")},
            id="engine",
        ),
        pytest.param({"installed": {"speech": Weights(digest="d:new", path=None)}}, id="weights"),
    ],
)
def test_the_key_depends_on_engine_and_weights(catalog: Catalog, changes: dict[str, Any]) -> None:
    before = plan_recording(context_of(catalog), run_options())
    after = plan_recording(context_of(catalog, **changes), run_options())

    assert before.key != after.key


def test_recordings_without_overrides_share_a_plan(catalog: Catalog) -> None:
    planner = Planner(context_of(catalog), run_options())

    plans = [planner.plan(Overrides()) for _ in range(3)]
    other = planner.plan(Overrides(language="de"))

    assert plans[0] is plans[1] is plans[2]
    assert other is not plans[0]
    assert other.transcribe.options == TranscribeOptions(language="de")


def test_speakers_of_a_manifest_replace_the_runs(catalog: Catalog) -> None:
    options = run_options(diarize=DiarizeOptions(min_speakers=2, max_speakers=4))

    plan = plan_recording(context_of(catalog), options, Overrides(num_speakers=3))

    assert planned(plan, "diarize").options == DiarizeOptions(num_speakers=3)


def test_a_remote_engine_finds_the_weights_among_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    source = f"{{kind: file, path: {tmp_path}/weights}}"
    write_model(folder, "own", "transcribe", source=source)
    far = Launch(launcher="remote", digest="d", brings_own_weights=True)
    context = context_of(make_catalog(folder), installed={}, launch=lambda *_: far)

    plan = plan_recording(context, run_options(model="own"))

    assert not any(each.to_pull for each in plan.stages.values())
    assert plan.transcribe.model_ref.path == "fake/own"
    assert plan_recording(context, run_options(model="speech")).transcribe.model_ref.path is None


def test_a_remote_engine_cannot_see_a_folder_that_was_named(
    catalog: Catalog, tmp_path: Path
) -> None:
    named = catalog.model("speech").replaced(
        id="named", file=Path(), source=FileSource(path=tmp_path)
    )
    far = Launch(launcher="remote", digest="d", brings_own_weights=True)
    context = context_of(catalog.with_model("./here", named), launch=lambda *_: far)

    with pytest.raises(WeightsElsewhereError, match=r"named are at .*has weights of its own"):
        plan_recording(context, run_options(model="./here"))


def test_a_model_that_is_not_needed_has_to_exist(catalog: Catalog) -> None:
    mistyped = run_options(stage_models={"align": "alinger"})
    with pytest.raises(UsageError, match="alinger"):
        plan_recording(context_of(catalog), mistyped)
    named = plan_recording(context_of(catalog), run_options(stage_models={"align": "aligner"}))
    assert stages_of(named) == {"transcribe": "speech"}
