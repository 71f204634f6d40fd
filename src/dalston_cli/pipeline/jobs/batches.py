"""Batch sizes: those that were asked for, and those that fit into a device's memory."""

import msgspec
from msgspec import Struct

from dalston_cli.launchers.failure import EngineRefusal
from dalston_cli.pipeline.jobs.base import JobJournal
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_sdk.wire import ErrorCode

FIRST_BATCH_AFTER_OUT_OF_MEMORY = 8
"""Taken if the user set no batch size, and the engine's own did not fit."""


def batch_size_of(options: Struct) -> int | None:
    """Return the batch size that was asked for; None lets the engine choose."""
    batch_size: int | None = getattr(options, "batch_size", None)
    return batch_size


def fitting_batch(plan: StagePlan, device: str, journal: JobJournal) -> int | None:
    """Return the batch size that was asked for, or a smaller one where that did not fit before."""
    sizes = (batch_size_of(plan.options), journal.batch_size(plan.model.id, device))
    return min((size for size in sizes if size is not None), default=None)


def fitting_options(plan: StagePlan, device: str, journal: JobJournal) -> Struct:
    """Return a stage's options with a batch size that fits."""
    fitting = fitting_batch(plan, device, journal)
    if fitting == batch_size_of(plan.options):
        return plan.options
    return msgspec.structs.replace(plan.options, batch_size=fitting)


def smaller_batch(plan: StagePlan, refusal: EngineRefusal, options: Struct) -> int | None:
    """Return the next batch to try; None where a smaller one cannot help.

    An engine of ours tries smaller batches itself, and its error is not retryable.
    """
    supported = plan.engine.stages[plan.stage.kind].options
    ran_out = refusal.reason is ErrorCode.OUT_OF_MEMORY and refusal.retryable
    if not ran_out or "batch_size" not in supported:
        return None
    tried = batch_size_of(options)
    return FIRST_BATCH_AFTER_OUT_OF_MEMORY if tried is None else tried // 2 or None
