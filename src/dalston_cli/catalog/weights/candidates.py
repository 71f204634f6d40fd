"""The places to ask for a model's files, in order, and the job that asks each."""

import msgspec
from msgspec import Struct

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HttpsSource, HubSource, PackageSource
from dalston_cli.catalog.weights import exchange, failures, layout
from dalston_cli.catalog.weights.pull_options import SourceOrder

JobSource = exchange.HubJob | exchange.HttpsJob | exchange.PackageJob | exchange.MirrorJob
_MB = 10**6


class Candidate(Struct, frozen=True, kw_only=True):
    """One place to ask.

    Attributes:
        model: With the source to ask as its only one; from a mirror, with all.
        place: Folder or address of a mirror that is asked in place of the sources; or empty.
        mirror: The mirror's name for people; empty if there is none.
    """

    model: ModelEntry
    place: str = ""
    mirror: str = ""

    @property
    def server(self) -> str:
        """Return what is asked, for people."""
        return f"the mirror {self.mirror}" if self.mirror else failures.server_of(self.model)

    def error(self, failure: exchange.Failure) -> failures.PullError:
        """Return the error for a failure that the child process reported."""
        if self.mirror:
            return failures.mirror_error(self.model, self.mirror, failure)
        return failures.error_of(self.model, failure)

    def job(self) -> JobSource:
        """Return what the child process is to ask."""
        if self.mirror:
            return _mirror_job(self.model, self.place)
        return _job_source(self.model)


def candidates(
    model: ModelEntry, order: SourceOrder, *, offline: bool = False
) -> tuple[Candidate, ...]:
    """Return the places to ask, the first one first; ``offline`` leaves a mirror here alone."""
    name = order.mirror_name or order.mirror
    mirrors = (Candidate(model=model, place=order.mirror, mirror=name),) if name else ()
    if offline:
        return mirrors
    wanted = PackageSource if order.first == "index" else HubSource
    ordered = sorted(model.sources, key=lambda source: not isinstance(source, wanted))
    return (*mirrors, *(Candidate(model=model.with_source(source)) for source in ordered))


def _mirror_job(model: ModelEntry, place: str) -> exchange.MirrorJob:
    digests = (layout.pinned_digest(source) for source in model.sources)
    return exchange.MirrorJob(
        place=place,
        engine=model.engine,
        model=model.id,
        sources=tuple(map(layout.describe_source, model.sources)),
        digests=tuple(digest for digest in digests if digest),
    )


def _job_source(model: ModelEntry) -> JobSource:
    match model.source:
        case HubSource(repo=repo, revision=revision, files=files, parts=parts):
            first = exchange.HubRepository(
                repo=repo, revision=revision, files=files, gated=model.gated
            )
            further = (exchange.HubRepository(**msgspec.structs.asdict(part)) for part in parts)
            return exchange.HubJob(repositories=(first, *further))
        case HttpsSource(files=https_files):
            remote = tuple(
                exchange.RemoteFile(**msgspec.structs.asdict(file)) for file in https_files
            )
            return exchange.HttpsJob(files=remote, size_hint=model.size_mb * _MB)
        case PackageSource() as source:
            fields = msgspec.to_builtins(source)
            return msgspec.convert(fields | {"type": fields.pop("kind")}, exchange.PackageJob)
        case source:
            raise AssertionError(source)  # `pull` does not come here with these
