"""The way of a recording through its plan: the order of stages, and each one's model.

A job goes it, and a forecast looks along it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any

from msgspec import Struct

from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.stages.base import Inputs, Skip, Stage
from dalston_sdk import wire


class StoredResult(Struct, frozen=True, kw_only=True):
    """A stage in the store: its result, and how it came about."""

    record: wire.StageRecord
    result: wire.Result


def in_order(plan: RecordingPlan) -> Iterable[Stage[Any, Any]]:
    """Return the stages of a plan and all that they need, each after those that it needs."""
    needs: dict[Stage[Any, Any], Sequence[Stage[Any, Any]]] = {}
    found = list(plan.stages)
    for stage in found:
        if stage not in needs:
            needs[stage] = stage.needs
            found += stage.needs
    return TopologicalSorter(needs).static_order()


def picked(plan: RecordingPlan, stage: Stage[Any, Any], inputs: Inputs) -> StagePlan | Skip | None:
    """Choose one of the models that were planned for a stage; None where it is not planned.

    Its options have what is known of the recording by now.
    """
    plans = {each.model.id: each for each in plan.candidates(stage)}
    if not plans:
        return None
    languages = {name: each.model.languages_of(stage.kind) for name, each in plans.items()}
    required = plan.stages[stage].required or plan.known_text is not None
    choice = stage.pick(languages, inputs, required=required)
    if isinstance(choice, Skip):
        return choice
    chosen = plans[choice]
    supported = chosen.engine.stages[stage.kind].options
    options, reason = stage.informed(chosen.options, inputs, supported)
    if not reason:
        return chosen
    return replace(chosen, options=options, reason=f"{chosen.reason}; {reason}")
