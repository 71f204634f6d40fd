"""Plans with the name of a group as the model: who does which, and with which options."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog, write_group, write_model
from tests.support.run_options import run_options
from tests.unit.test_catalog_groups import catalog_with

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.pipeline.request import Overrides
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import typed
from dalston_sdk.wire import DiarizeOptions, EventsOptions, TranscribeOptions


def launch(engine: EngineEntry, device: str) -> Launch:
    return Launch(launcher="local", digest=f"{engine.name}@{device}")


def context_of(catalog: Catalog, *missing: str) -> PlanContext:
    here = catalog.models.keys() - set(missing)
    return PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"d:{name}", path=None) for name in here},
        launch=launch,
    )


@pytest.fixture
def context(tmp_path: Path) -> PlanContext:
    """``trio`` aligns English; there are better speakers than its own, and a Greek aligner."""
    write_model(tmp_path, "speakers-best", "diarize", rank=9)
    write_model(tmp_path, "greek", "align", languages="el", rank=9)
    return context_of(catalog_with(tmp_path))


def stages_of(plan: RecordingPlan) -> dict[str, str]:
    return {stage.kind: stage.model.id for stage in plan.stages.values()}


@pytest.mark.parametrize(
    ("options", "stages", "times_words"),
    [
        pytest.param({}, {"transcribe": "speech", "align": "aligner"}, False, id="text-and-words"),
        pytest.param(
            {"diarize": DiarizeOptions()},
            {"transcribe": "speech", "align": "aligner", "diarize": "speakers"},
            False,
            id="all-three",
        ),
        pytest.param({"align": "never"}, {"transcribe": "speech"}, None, id="never-aligned"),
        pytest.param(
            {
                "diarize": DiarizeOptions(),
                "stage_models": {"align": "greek", "diarize": "speakers-best"},
            },
            {"transcribe": "speech", "align": "greek", "diarize": "speakers-best"},
            False,
            id="others-were-named",
        ),
        pytest.param(
            {"transcribe": TranscribeOptions(language="el")},
            {"transcribe": "speech"},
            None,
            id="a-language-that-its-aligner-does-not-know",
        ),
        pytest.param(
            {"transcribe": TranscribeOptions(language="el"), "align": "always"},
            {"transcribe": "speech", "align": "greek"},
            None,
            id="that-language-aligned",
        ),
        pytest.param(
            {"transcribe": TranscribeOptions(word_timestamps=True)},
            {"transcribe": "speech", "align": "aligner"},
            True,
            id="words-timed-by-both",
        ),
    ],
)
def test_who_does_which_stage(
    context: PlanContext, options: dict[str, Any], stages: dict[str, str], *, times_words: bool
) -> None:
    plan = plan_recording(context, run_options(model="trio", **options))

    assert stages_of(plan) == stages
    used = typed(plan.transcribe.options, TranscribeOptions)
    assert (used.word_timestamps, used.batch_size) == (times_words, 4)


def test_what_the_user_sets_counts(context: PlanContext) -> None:
    options = TranscribeOptions(batch_size=1, beam_size=2)

    plan = plan_recording(context, run_options(model="trio", transcribe=options))

    used = typed(plan.transcribe.options, TranscribeOptions)
    assert (used.batch_size, used.beam_size) == (1, 2)


def test_the_reason_has_the_name(context: PlanContext) -> None:
    plan = plan_recording(context, run_options(model="trio", diarize=DiarizeOptions()))

    reasons = [stage.reason for stage in plan.stages.values()]
    assert all("it was asked for as trio; it is installed" in reason for reason in reasons)


def test_other_aligners_wait_for_the_language(context: PlanContext) -> None:
    plan = plan_recording(context, run_options(model="trio"))

    assert [each.model.id for each in plan.candidates(ALIGN)] == ["aligner", "greek"]


def test_each_model_that_is_missing_is_pulled(context: PlanContext) -> None:
    missing = context_of(context.catalog, "speech", "speakers")

    plan = plan_recording(missing, run_options(model="trio", diarize=DiarizeOptions()))

    assert {each.model.id for each in plan.stages.values() if each.to_pull} == {
        "speech",
        "speakers",
    }


def test_a_manifest_may_name_it(context: PlanContext) -> None:
    plan = plan_recording(context, run_options(model="speech-other"), Overrides(model="trio"))

    assert stages_of(plan) == {"transcribe": "speech", "align": "aligner"}


def test_it_may_be_named_for_one_stage(context: PlanContext) -> None:
    options = run_options(
        model="speech-other", diarize=DiarizeOptions(), stage_models={"diarize": "trio"}
    )

    plan = plan_recording(context, options)

    assert stages_of(plan) == {"transcribe": "speech-other", "diarize": "speakers"}
    events = run_options(stage_models={"events": "trio"}, events=EventsOptions())
    with pytest.raises(UsageError, match="no model that trio stands for can detect events"):
        plan_recording(context, events)


def test_a_group_that_can_find_speakers_says_how(context: PlanContext, tmp_path: Path) -> None:
    [advice] = plan_recording(context, run_options(model="trio")).advice
    assert advice.message == "trio finds who speaks, with speakers, only where --diarize is given"
    assert advice.hint == "add --diarize"

    write_group(tmp_path, "duo", transcribe="speech", align="aligner")
    of_two = replace(context, catalog=make_catalog(tmp_path))
    plan = plan_recording(of_two, run_options(), Overrides(model="trio"))
    assert [advice.hint for advice in plan.advice] == ["add --diarize, or take duo"]
    assert plan_recording(of_two, run_options(model="duo")).advice == ()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"diarize": DiarizeOptions()}, id="found"),
        pytest.param({"channels": "split"}, id="channels-tell-speakers-apart"),
        pytest.param({"track": "all"}, id="tracks-tell-speakers-apart"),
    ],
)
def test_where_speakers_are_told_apart_there_is_nothing_to_say(
    context: PlanContext, options: dict[str, Any]
) -> None:
    assert plan_recording(context, run_options(model="trio", **options)).advice == ()


def test_results_of_its_models_are_theirs(context: PlanContext, tmp_path: Path) -> None:
    """A run that names the models has the same stages, so that nothing is done twice."""
    options = TranscribeOptions(batch_size=4, word_timestamps=False)
    named = run_options(model="speech", align="always", transcribe=options)

    without = replace(context, catalog=make_catalog(tmp_path / "other"))
    plan = plan_recording(without, named)

    of_group = plan_recording(context, run_options(model="trio"))
    assert [each.identity() for each in plan.stages.values()] == [
        each.identity() for each in of_group.stages.values()
    ]
