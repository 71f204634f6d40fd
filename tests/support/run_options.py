"""Options of runs, and results of stages, with the stages' names for keywords."""

from typing import Any

from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.request import AUTO_MODEL, RunOptions, StageRequest
from dalston_cli.stages.base import Results, Stage
from dalston_cli.stages.merge.model import ChannelResults
from dalston_cli.stages.registry import STAGES
from dalston_sdk.wire import AlignOptions, TranscribeOptions

BY_NAME: dict[str, Stage[Any, Any]] = {stage.name: stage for stage in STAGES}


def run_options(
    *,
    model: str = AUTO_MODEL,
    align: str = "auto",
    stage_models: dict[str, str] | None = None,
    suggested: dict[str, frozenset[str]] | None = None,
    **changes: Any,
) -> RunOptions:
    """Options of a run.

    Args:
        model: The one that transcribes.
        align: ``auto``, ``always`` or ``never``.
        stage_models: Models of other stages, by the stages' names.
        suggested: What only a pipeline sets, by the stages' names.
        changes: Options of stages by the stages' names (``align_options`` for those of align),
            and what else a run has.
    """
    aligned = changes.pop("align_options", AlignOptions())
    asked = {"transcribe": TranscribeOptions(), **({} if align == "never" else {"align": aligned})}
    asked |= {name: changes.pop(name) for name in BY_NAME if changes.get(name) is not None}
    models = {"transcribe": model, **(stage_models or {})}
    stages = {
        BY_NAME[name]: StageRequest(
            options=options,
            model=models.get(BY_NAME[name].kind.value, AUTO_MODEL),
            required=name != "align" or align == "always",
            suggested=(suggested or {}).get(name, frozenset()),
        )
        for name, options in asked.items()
    }
    return RunOptions(stages=stages, **changes)


def channel_results(channel: int | None, duration_s: float, **results: Any) -> ChannelResults:
    """Return the results of a channel, by the stages' names."""
    found = {BY_NAME[name]: result for name, result in results.items() if result is not None}
    return ChannelResults(channel=channel, duration_s=duration_s, results=Results(found))


def asked(options: RunOptions, stage: str) -> Any:
    """The options of one stage; None where it is not wanted."""
    request = options.stages.get(BY_NAME[stage])
    return request.options if request else None


def planned(plan: RecordingPlan, stage: str) -> StagePlan:
    """One stage of a plan."""
    return plan.stages[BY_NAME[stage]]
