"""Jobs as callers see them."""

from datetime import UTC, datetime

import msgspec

from dalston_cli.server.progress import Progress, Seen
from dalston_cli.server.queue import QueuedJob


def job_view(job: QueuedJob, progress: Progress | Seen | None) -> dict[str, object]:
    """Return what a caller may know of its job: neither paths nor secrets of the server."""
    stages = {} if progress is None else progress.stages
    duration_s = job.duration_s
    if duration_s is None and progress is not None:
        duration_s = progress.duration_s
    return {
        "id": job.id,
        "object": "job",
        "key": job.key,
        "state": job.state,
        "name": job.name,
        "model": job.model,
        "options": job.options,
        "created_at": _moment(job.created_at),
        "started_at": _moment(job.started_at),
        "ended_at": _moment(job.ended_at),
        "duration_s": duration_s,
        "stages": msgspec.to_builtins(stages),
        "warnings": list(job.warnings),
        "error": None if job.error is None else msgspec.to_builtins(job.error),
        "webhook": None if job.webhook is None else job.webhook.url,
    }


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
