"""Recordings that web pages play, where the command line names the page: each fails alone."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

from msgspec import Struct

from dalston_cli.amounts import count
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import Tell
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.folder_scan import WarningSink
from dalston_cli.pipeline.intake.titles import titled_file
from dalston_cli.pipeline.remote.address import Address, safe_path
from dalston_cli.pipeline.remote.pages.downloader import MOST_ENTRIES
from dalston_cli.pipeline.remote.pages.errors import PageEmptyError, page_error
from dalston_cli.pipeline.remote.pages.exchange import (
    Done,
    Entry,
    Failure,
    Progress,
    ReadPage,
)
from dalston_cli.pipeline.remote.pages.found import page_of, reference_of
from dalston_cli.pipeline.remote.pages.process import PageProcess
from dalston_cli.pipeline.remote.pages.recording import PageRecording
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import RecordingRequest

_UNKNOWN = ".audio"
"""The suffix of a recording whose kind is told when it is read; outputs do not have it."""

_TELL_EVERY = 10
"""Entries of a list."""


class UnreadablePage(RemoteFile):
    """A page, or a recording of it, that cannot be read: it fails as a recording does.

    Args:
        address: Of the page.
        error: What is wrong with it.
        reference: As people may see it; empty for its address.
    """

    def __init__(
        self, address: Address, error: DalstonError | OSError, reference: str = ""
    ) -> None:
        super().__init__(address)
        self.error = error
        self._reference = reference

    @property
    def reference(self) -> str:
        """Its address, without secrets; with its place where a page plays several."""
        return self._reference or super().reference

    async def look(self, tell: Tell) -> None:
        """Raise what is wrong with the page."""
        del tell
        raise self.error


class PageScan(Struct, frozen=True):
    """Reads pages.

    Attributes:
        latest: Of a list only so many entries, the newest; None for all.
        on_note: Takes what is being done: it may take minutes.
    """

    latest: int | None
    on_warning: WarningSink
    on_note: Callable[[str], None]

    def recordings(self, address: Address) -> Iterator[RecordingRequest]:
        """Yield what a page plays.

        Raises:
            PageSupportError: yt-dlp is not installed.
        """
        self.on_note(f"looking for recordings on {address.shown}")
        yield from self._of(ReadPage(url=address.url, named=address.url, latest=self.latest))

    def of_known_site(self, address: Address) -> tuple[RecordingRequest, ...]:
        """Return what a page of a site plays that yt-dlp knows; nothing for any other address."""
        job = ReadPage(url=address.url, named=address.url, latest=self.latest, sites=True)
        self.on_note(f"looking for recordings on {address.shown}")
        found = tuple(self._of(job))
        first = found[0].source
        is_other = isinstance(first, UnreadablePage) and isinstance(first.error, PageEmptyError)
        return () if is_other and len(found) == 1 else found

    def _of(self, job: ReadPage) -> Iterator[RecordingRequest]:
        address = Address(job.named)
        seen: set[str] = set()
        files: set[Path] = set()
        with closing(PageProcess(job).replies()) as replies:
            for reply in replies:
                match reply:
                    case Entry():
                        request = self._request(reply, address, files)
                        if str(request.source.reference) not in seen:
                            seen.add(str(request.source.reference))
                            yield request
                        if len(seen) % _TELL_EVERY == 0:
                            self.on_note(f"{count(len(seen), 'recording')} on {address.shown}")
                    case Failure():
                        yield _unreadable(address, page_error(reply, address))
                    case Done():
                        self._tell_of(reply, address, found=bool(seen))
                        if not seen and not reply.num_live:
                            yield _unreadable(address, PageEmptyError(address))
                    case Progress():
                        read = f"{reply.done:,} entries so far"
                        self.on_note(f"reading the list on {address.shown}: {read}")

    def _request(self, entry: Entry, named: Address, files: set[Path]) -> RecordingRequest:
        source: RemoteFile
        if entry.failure is None:
            source = PageRecording(entry, named)
            name = source.reference
        else:
            place = Address(entry.url) if Address(entry.url).is_web else named
            name = reference_of(entry)
            source = UnreadablePage(place, page_error(entry.failure, place), name)
        relative = _file_name(entry, "")
        if relative in files:
            relative = _file_name(entry, f" ({entry.number or len(files) + 1})")
        files.add(relative)
        return RecordingRequest(
            source=source, name=name, relative=relative, size=entry.size, columns=_columns(entry)
        )

    def _tell_of(self, done: Done, address: Address, *, found: bool) -> None:
        if done.num_live:
            live = count(done.num_live, "recording")
            self._warn("page_live", f"{address.shown}: {live} not over yet, left out")
        if done.is_cut:
            told = f"{address.shown} lists more than {MOST_ENTRIES:,} recordings: no more are read"
            self._warn("page_long", told)
        if not found and not done.num_live:
            self._warn("page_without", f"{address.shown} has no recording")

    def _warn(self, code: str, message: str) -> None:
        self.on_warning(WarningRaised(code=code, message=message))


def _unreadable(address: Address, error: DalstonError | OSError) -> RecordingRequest:
    source = UnreadablePage(address, error)
    return RecordingRequest(source=source, name=address.shown, relative=safe_path(address.name))


def _file_name(entry: Entry, more: str) -> Path:
    """Return ``2024-05-17 The title.m4a``; the page's own name where it has no title."""
    otherwise = PurePosixPath(Address(entry.url).name).stem
    title = f"{entry.title or otherwise}{more}"
    return titled_file(title, entry.date, otherwise, entry.suffix or _UNKNOWN)


def _columns(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return what a page says of a recording, as columns of a manifest would."""
    said = {
        "title": entry.title,
        "date": entry.date,
        "uploader": entry.uploader,
        "playlist": entry.playlist,
        "page": page_of(entry),
    }
    return tuple((name, value) for name, value in said.items() if value)
