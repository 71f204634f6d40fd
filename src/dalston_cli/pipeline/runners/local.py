"""Jobs in this process, with engines and decoders of this machine."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.pipeline.events import JobFinished, JobWaiting
from dalston_cli.pipeline.jobs.base import Job, JobTools
from dalston_cli.pipeline.jobs.done import finished_before


@dataclass(frozen=True, kw_only=True)
class LocalRunner:
    """Runs jobs side by side on one event loop.

    Attributes:
        scratch: For decoded audio; each job's part of it goes with the job.
    """

    tools: JobTools
    scratch: Path

    def finished_before(self, job: Job) -> JobFinished | None:
        """Return the report of a recording that is known to be done; see ``Runner``."""
        return finished_before(job, self.tools)

    async def run(self, job: Job) -> JobFinished | JobWaiting:
        """Do what has to be done for one recording; see ``Runner``."""
        from dalston_cli.pipeline.running.job import RecordingJob  # noqa: PLC0415 - where something is left to do

        folder = self.scratch / str(job.number)
        recording = RecordingJob(job, self.tools, folder)
        outcome: JobFinished | JobWaiting | None = None
        try:
            while outcome is None:
                async with recording.reread():
                    outcome = await recording.run()
        finally:
            once = job.recording.source.reference is None  # what was saved of it is all there is
            if not (once and isinstance(outcome, JobWaiting)):
                shutil.rmtree(folder, ignore_errors=True)
        return outcome
