"""Rosters in plans: the model that finds the speakers, and when names have to be given anew."""

from pathlib import Path

import msgspec
import pytest
from tests.support.pipeline_home import MACHINE, make_catalog
from tests.support.run_options import run_options
from tests.support.tones import write_tones_model
from tests.unit.test_speakers_decision import CONSENT, enrolled, roster

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.pipeline.plan.voices import NoVoiceFiguresError
from dalston_cli.pipeline.request import Overrides
from dalston_cli.speakers.decision import Rule
from dalston_cli.speakers.roster import OtherModelError, Roster
from dalston_sdk.wire import DiarizeOptions

ADA = roster(Ada=(enrolled(0),))
OF_TONES = msgspec.structs.replace(ADA, model="tones")


@pytest.fixture
def context(tmp_path: Path) -> PlanContext:
    write_tones_model(tmp_path)
    catalog = make_catalog(tmp_path)
    return PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"d:{name}", path=None) for name in catalog.models},
        launch=launch,
    )


def launch(engine: EngineEntry, device: str) -> Launch:
    return Launch(launcher="local", digest=f"{engine.name}@{device}")


def planned(
    context: PlanContext,
    roster: Roster | None,
    model: str = "tones",
    overrides: Overrides | None = None,
) -> RecordingPlan:
    options = run_options(
        model="speech", diarize=DiarizeOptions(), stage_models={"diarize": model}, roster=roster
    )
    return plan_recording(context, options, overrides or Overrides())


def test_the_rule_is_the_models(context: PlanContext) -> None:
    recognition = planned(context, OF_TONES).recognition
    assert recognition is not None
    assert (recognition.roster, recognition.rule) == (OF_TONES, Rule(threshold=0.9, margin=0.05))
    assert planned(context, None).recognition is None


def test_where_each_channel_is_a_speaker_nothing_is_compared(context: PlanContext) -> None:
    plan = planned(context, OF_TONES, overrides=Overrides(channels="split"))
    assert plan.recognition is None


@pytest.mark.parametrize(
    ("roster", "model", "error", "told"),
    [
        pytest.param(OF_TONES, "speakers", OtherModelError, "by tones, and speakers", id="other"),
        pytest.param(
            msgspec.structs.replace(ADA, model="speakers"),
            "speakers",
            NoVoiceFiguresError,
            "told by speakers: its catalog entry has no `voices`",
            id="not measured",
        ),
    ],
)
def test_models_that_are_refused(
    roster: Roster, model: str, error: type[Exception], told: str, context: PlanContext
) -> None:
    with pytest.raises(error, match=told):
        planned(context, roster, model)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(None, False, id="no roster"),
        pytest.param(OF_TONES.renamed("Ada", "Eve"), False, id="another name"),
        pytest.param(OF_TONES.without("Ada"), False, id="nobody"),
        pytest.param(
            msgspec.structs.replace(
                OF_TONES,
                people=tuple(
                    msgspec.structs.replace(each, consents=(CONSENT, CONSENT))
                    for each in OF_TONES.people
                ),
            ),
            True,
            id="another consent",
        ),
    ],
)
def test_names_are_given_anew_when_the_roster_changed(
    other: Roster | None, same: bool, context: PlanContext
) -> None:
    key = planned(context, OF_TONES).key
    assert (planned(context, other).key == key) is same
