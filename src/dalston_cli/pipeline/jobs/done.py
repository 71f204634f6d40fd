"""The state of a recording before its job: the one answer, for ``transcribe`` and ``plan``."""

from collections.abc import Callable
from dataclasses import dataclass

from dalston_cli.pipeline.endpoints import Existing, FileStamp, Sink, Source
from dalston_cli.pipeline.jobs.base import JobJournal
from dalston_cli.pipeline.jobs.keys import prepare_key
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.records.keys import make_key


@dataclass(frozen=True, kw_only=True)
class Standing:
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
            DalstonError: An output from elsewhere is in the way.
        """
        existing = self.sink.existing()
        known = existing.complete and self.prepared is not None
        return existing, self.journal.outcome(self.key) if known else None


def standing_of(
    digest: str | None, plan: RecordingPlan, journal: JobJournal, open_sink: Callable[[str], Sink]
) -> Standing:
    """Return how a recording stands."""
    prepared = None if digest is None else prepare_key(digest, plan.channels, plan.clip, plan.track)
    key = make_key("transcript", prepared=prepared, plan=plan.key)
    return Standing(prepared=prepared, key=key, sink=open_sink(key), journal=journal)


def known_digest(source: Source, stamp: FileStamp | None, journal: JobJournal) -> str | None:
    """Return the digest of a recording's bytes where it was read before and has not changed."""
    if stamp is None or source.reference is None:
        return None
    return journal.known_digest(source.reference, stamp)
