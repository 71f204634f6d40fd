"""What it means to a recording that an optional stage failed."""

from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.launchers.failure import WorkFailedError
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.request import OVERVIEW
from dalston_cli.pipeline.running.budget import BudgetUnknownError
from dalston_sdk.wire import RefineOptions


class StageFailedError(DalstonError):
    """An engine could not do an optional stage of a recording, which has to have it."""

    code = "stage_failed"
    exit_code = ExitCode.ALL_FAILED

    def __init__(self, plan: StagePlan, error: DalstonError) -> None:
        super().__init__(
            f"without {result_name(plan)}, which --strict requires: {error.message}",
            hint=error.hint,
        )


def strictly(plan: StagePlan, error: DalstonError) -> DalstonError:
    """The error of a recording that is to fail with its optional stage.

    An engine that works and could not do this one thing is there for the next recording: that is
    this recording's failure. Where an engine or its model cannot be had at all, it says so itself.
    """
    if isinstance(error, WorkFailedError | BudgetUnknownError):
        return StageFailedError(plan, error)
    return error


def result_name(plan: StagePlan) -> str:
    """What a stage gives, in words: the refining stage does different things."""
    options = plan.options
    if isinstance(options, RefineOptions):
        written = [name.replace("_", " ") for name in OVERVIEW if getattr(options, name)]
        return ", ".join(written) or plan.stage.value
    return plan.stage.value
