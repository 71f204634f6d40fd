"""The model for a stage, chosen when the results of the stages before are there."""

from typing import Any

from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.stages.base import Inputs, Skip, Stage


def picked(plan: RecordingPlan, stage: Stage[Any, Any], inputs: Inputs) -> StagePlan | Skip | None:
    """Choose one of the models that were planned for a stage; None where it is not planned."""
    plans = {each.model.id: each for each in plan.candidates(stage)}
    if not plans:
        return None
    languages = {name: each.model.languages_of(stage.kind) for name, each in plans.items()}
    choice = stage.pick(languages, inputs, required=plan.stages[stage].required)
    return choice if isinstance(choice, Skip) else plans[choice]
