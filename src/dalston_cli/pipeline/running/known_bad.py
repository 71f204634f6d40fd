"""Recordings that are bad, and whose user knows."""

import asyncio
from pathlib import Path

from dalston_cli.pipeline.jobs.base import Job, JobRefusals
from dalston_cli.pipeline.records.keys import digest_file


def can_be_known(job: Job) -> bool:
    """Return True if a later run can tell that it is the same recording."""
    return job.recording.source.reference is not None


async def is_known_bad(job: Job, refusals: JobRefusals, digest: str | None) -> bool:
    """Note that a recording is bad; return True where its user knows so.

    Args:
        job: The recording's.
        refusals: What is known.
        digest: Of its bytes; None where it was not taken.
    """
    reference = job.recording.source.reference
    if reference is None:
        return False
    try:
        if digest is None:
            digest = await asyncio.to_thread(digest_file, Path(reference))
    except OSError:
        return False
    before = refusals.note(reference, digest)
    return before is not None and (before.accepted or job.accept_known_bad)
