"""A past run as text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dalston_cli.amounts import count
from dalston_cli.console.text import printable

if TYPE_CHECKING:
    from dalston_cli.pipeline.records.history import JobRecord, RunRecord


def counts_text(counts: dict[str, int]) -> str:
    """Return text such as ``3 done, 1 failed``."""
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def run_lines(record: "RunRecord") -> Iterator[str]:
    """Yield everything about one run, line by line."""
    run = record.summary
    took = "" if run.elapsed_s is None else f", {run.elapsed_s:.1f} s"
    end = "" if run.exit_code is None else f", exit code {run.exit_code}"
    yield f"run {run.run} of {run.started_at} in {run.folder}: {run.state}{took}{end}"
    yield f"{count(run.num_recordings, 'recording')}: {counts_text(run.counts)}"
    for job in record.jobs:
        yield from _job_lines(job)


def _job_lines(job: "JobRecord") -> Iterator[str]:
    audio = "" if job.duration_s is None else f", {job.duration_s:.1f} s of audio"
    took = "" if job.elapsed_s is None else f" in {job.elapsed_s:.1f} s"
    yield f"  {printable(job.recording)}: {job.status}{took}{audio}"
    for attempt in job.attempts:
        problem = f": {attempt.error}" if attempt.error else ""
        batch = f", batch size {attempt.batch_size}" if attempt.batch_size else ""
        yield (
            f"    {attempt.stage} with {attempt.model} on {attempt.device}{batch}: "
            f"{attempt.status} after {attempt.elapsed_s:.2f} s{problem}"
        )
    if job.error:
        yield f"    error: {job.error}"
    if job.hint:
        yield f"    hint: {job.hint}"
    for output in job.outputs:
        yield f"    {printable(output)}"
