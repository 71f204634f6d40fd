"""Plans with a model that covers several stages: who does which, as a table."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog, write_model
from tests.support.run_options import run_options

from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.stages.align import ALIGN
from dalston_sdk.wire import AlignOptions, DiarizeOptions, TranscribeOptions

GERMAN, GREEK = TranscribeOptions(language="de"), TranscribeOptions(language="el")


def launch(engine: EngineEntry, device: str) -> Launch:
    return Launch(launcher="local", digest=f"{engine.name}@{device}")


@pytest.fixture
def context(tmp_path: Path) -> PlanContext:
    """``bundle`` does three stages, and aligns fewer languages than it transcribes."""
    folder = tmp_path / "catalog"
    write_model(
        folder,
        "bundle",
        "transcribe, align, diarize",
        words="false",
        languages="en, de, el",
        stage_languages="align: [en, de], diarize: []",
        rank=5,
    )
    write_model(folder, "bundle-aligns", "transcribe, align", words="false", rank=4)
    write_model(folder, "greek", "align", languages="el")
    catalog = make_catalog(folder)
    return PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"d:{name}", path=None) for name in catalog.models},
        launch=launch,
    )


def stages_of(plan: RecordingPlan) -> dict[str, str]:
    return {stage.kind: stage.model.id for stage in plan.stages.values()}


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        pytest.param(
            {"model": "bundle"},
            {"transcribe": "bundle", "align": "bundle"},
            id="its-own-aligner-finds-the-words",
        ),
        pytest.param(
            {"model": "bundle", "diarize": DiarizeOptions()},
            {"transcribe": "bundle", "align": "bundle", "diarize": "bundle"},
            id="all-three",
        ),
        pytest.param(
            {"model": "bundle", "align": "never", "diarize": DiarizeOptions()},
            {"transcribe": "bundle", "diarize": "bundle"},
            id="never-aligned",
        ),
        pytest.param(
            {"model": "bundle", "align": "always", "transcribe": GERMAN},
            {"transcribe": "bundle", "align": "bundle"},
            id="a-language-it-aligns",
        ),
        pytest.param(
            {"model": "bundle", "transcribe": GREEK, "diarize": DiarizeOptions()},
            {"transcribe": "bundle", "align": "greek", "diarize": "bundle"},
            id="a-language-it-does-not-align",
        ),
        pytest.param(
            {
                "model": "bundle",
                "diarize": DiarizeOptions(),
                "stage_models": {"align": "aligner", "diarize": "speakers"},
            },
            {"transcribe": "bundle", "align": "aligner", "diarize": "speakers"},
            id="others-were-named",
        ),
        pytest.param(
            {"model": "bundle-aligns", "diarize": DiarizeOptions()},
            {"transcribe": "bundle-aligns", "align": "bundle-aligns", "diarize": "speakers"},
            id="a-stage-it-does-not-cover",
        ),
        pytest.param(
            {"model": "speech", "align": "always", "diarize": DiarizeOptions()},
            {"transcribe": "speech", "align": "aligner", "diarize": "speakers"},
            id="another-model-transcribes",
        ),
        pytest.param(
            {
                "model": "speech",
                "diarize": DiarizeOptions(),
                "stage_models": {"diarize": "bundle"},
            },
            {"transcribe": "speech", "diarize": "bundle"},
            id="named-for-one-stage",
        ),
    ],
)
def test_who_does_which_stage(
    context: PlanContext, options: dict[str, Any], stages: dict[str, str]
) -> None:
    plan = plan_recording(context, run_options(**options))

    assert stages_of(plan) == stages


def test_the_reason_says_that_it_is_covered(context: PlanContext) -> None:
    plan = plan_recording(context, run_options(model="bundle", diarize=DiarizeOptions()))

    reasons = [stage.reason for stage in plan.stages.values()]
    assert "asked for" in reasons[0]
    assert reasons[1:] == ["bundle, which transcribes, covers it"] * 2


def test_all_stages_ask_for_the_same_weights_in_the_same_format(context: PlanContext) -> None:
    """Else the engine would load them anew with every stage."""
    options = run_options(model="bundle", compute_type="int8", diarize=DiarizeOptions())

    plan = plan_recording(context, options)

    assert plan.transcribe.model_ref.compute_type == "int8"
    assert len({stage.model_ref for stage in plan.stages.values()}) == 1
    assert len({(stage.engine.name, stage.device) for stage in plan.stages.values()}) == 1


def test_stages_have_results_of_their_own(context: PlanContext) -> None:
    """So that diarization can be added later, and nothing else has to be done again."""
    before = plan_recording(context, run_options(model="bundle"))
    after = plan_recording(context, run_options(model="bundle", diarize=DiarizeOptions()))

    identities = [stage.identity() for stage in after.stages.values()]
    assert identities[:2] == [stage.identity() for stage in before.stages.values()]
    assert len({identity["stage"] for identity in identities}) == 3
    assert before.key != after.key


def test_its_own_aligner_goes_before_others_and_they_before_other_bundles(
    context: PlanContext,
) -> None:
    """The language is known only when the text is there."""
    own = plan_recording(context, run_options(model="bundle"))
    other = plan_recording(context, run_options(model="speech-no-words"))

    assert [each.model.id for each in own.candidates(ALIGN)] == [
        "bundle",
        "aligner",
        "greek",
        "bundle-aligns",
    ]
    assert [each.model.id for each in other.candidates(ALIGN)][-2:] == ["bundle", "bundle-aligns"]


def test_a_bundle_is_pulled_once(context: PlanContext) -> None:
    missing = replace(context, installed={})

    plan = plan_recording(missing, run_options(model="bundle", diarize=DiarizeOptions()))

    assert {each.model.id for each in plan.stages.values() if each.to_pull} == {"bundle"}


def test_an_option_that_a_covered_stage_lacks_is_refused(context: PlanContext) -> None:
    fake = context.catalog.engine("fake")
    stages = {
        stage: support.replaced(options=()) if stage.value == "align" else support
        for stage, support in fake.stages.items()
    }
    engine = fake.replaced(stages=stages)
    catalog = replace(context.catalog, engines={"fake": engine})
    without = replace(context, catalog=catalog)
    options = run_options(model="bundle", align_options=AlignOptions(interpolate="linear"))

    with pytest.raises(UsageError, match="does not support the option `interpolate`"):
        plan_recording(without, options)


def test_languages_of_a_stage_that_the_model_lacks_are_a_mistake(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    write_model(folder, "odd", "transcribe", stage_languages="diarize: [en]")

    with pytest.raises(CatalogError, match="does not cover this stage"):
        make_catalog(folder)
