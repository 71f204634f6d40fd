"""The state of a recording before its job: the one answer, for ``transcribe`` and ``plan``."""

import time
from collections.abc import Callable
from functools import lru_cache, partial

from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import Evidence, Existing, FileStamp, Sink, Source
from dalston_cli.pipeline.events import JobFinished
from dalston_cli.pipeline.jobs.base import Job, JobJournal, JobTools
from dalston_cli.pipeline.jobs.keys import prepare_key
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.request import Cell


class Standing(Struct, frozen=True, kw_only=True):
    """A recording under a plan, before its job.

    Attributes:
        prepared: Key of its audio; None for a recording that was never read.
    """

    prepared: str | None
    key: str
    sink: Sink
    journal: JobJournal

    def existing(self) -> tuple[Existing, Outcome | None]:
        """Return the state of its outputs, and how it ended where nothing has to be done.

        Raises:
            DalstonError: What cannot be an output is in the way.
        """
        existing = self.sink.existing()
        known = existing.complete and not existing.unknown and self.prepared is not None
        return existing, self.journal.outcome(self.key) if known else None

    def unchanged(self, name: str, outcome: Outcome, clock: float) -> JobFinished:
        """Return the report of a recording that was begun at ``clock``, for nothing to do."""
        return JobFinished(
            recording=name,
            status="unchanged",
            outputs=self.sink.texts,
            duration_s=outcome.duration_s,
            elapsed_s=time.monotonic() - clock,
            warnings=outcome.warnings,
        )

    def recognized(self, evidence: Evidence) -> tuple[Existing, Outcome | None]:
        """Return the same, where the journal did not know all outputs.

        Raises:
            DalstonError: An output from elsewhere is in the way.
        """
        existing = self.sink.recognize(evidence)
        if not existing.complete:
            return existing, None
        outcome, transcript = self.journal.outcome(self.key), existing.transcript
        if outcome is None and transcript is not None:
            warnings = tuple(notice.message for notice in transcript.warnings)
            outcome = Outcome(duration_s=transcript.recording.duration_s, warnings=warnings)
            self.journal.remember_outcome(self.key, outcome, recording=evidence.digest)
        return existing, outcome


def standing_of(
    digest: str | None,
    plan: RecordingPlan,
    journal: JobJournal,
    open_sink: Callable[[str], Sink],
    columns: tuple[tuple[str, Cell], ...] = (),
) -> Standing:
    """Return how a recording stands; ``columns`` are those of a manifest for its results."""
    prepared = None if digest is None else prepare_key(digest, plan.channels, plan.clip, plan.track)
    if columns:
        key = make_key("transcript", prepared=prepared, plan=plan.key, columns=columns)
    else:
        key = _transcript_key(prepared, plan.key)
    return Standing(prepared=prepared, key=key, sink=open_sink(key), journal=journal)


@lru_cache(maxsize=16)
def _transcript_key(prepared: str | None, plan: str) -> str:
    """Return the key of a transcript; of all recordings that were never read it is the same."""
    return make_key("transcript", prepared=prepared, plan=plan)


def finished_before(job: Job, tools: JobTools) -> JobFinished | None:
    """Return the report of a recording that the journal knows to be done; None for all others.

    No file is read and nothing is told: what is not that plain is left to the recording's job.
    """
    clock, source = time.monotonic(), job.recording.source
    stamp = source.stamp()
    if stamp is None or not stamp.is_settled:
        return None
    digest = known_digest(source, stamp, tools.journal)
    if digest is None:
        return None
    open_sink, columns = partial(tools.open_sink, job), job.recording.columns
    standing = standing_of(digest, job.plan, tools.journal, open_sink, columns)
    try:
        _, outcome = standing.existing()
    except DalstonError:
        return None  # its job meets it again
    return None if outcome is None else standing.unchanged(job.recording.name, outcome, clock)


def known_digest(source: Source, stamp: FileStamp | None, journal: JobJournal) -> str | None:
    """Return the digest of a recording's bytes where it was read before and has not changed."""
    reference = source.reference
    if stamp is None or reference is None:
        return None
    return journal.known_digest(reference, stamp)
