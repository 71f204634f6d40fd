"""A web address on the command line: a recording, a feed, or a page that plays recordings.

What it is, its server says. Addresses in lists and manifests are not asked here: they are
recordings.
"""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.intake.feeds import FeedScan, UnreadableFeed
from dalston_cli.pipeline.intake.folder_scan import WarningSink, looks_like_media
from dalston_cli.pipeline.intake.pages import PageScan
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteDeniedError, RemoteUnreachableError
from dalston_cli.pipeline.remote.feed import SUFFIXES, FeedError, FeedSupportError
from dalston_cli.pipeline.remote.opening import check_support
from dalston_cli.pipeline.remote.pages.process import has_support
from dalston_cli.pipeline.remote.recording import PAGES
from dalston_cli.pipeline.remote.silent_hosts import HOSTS
from dalston_cli.pipeline.remote.stores import store_of
from dalston_cli.pipeline.request import RecordingRequest

_FEEDS = frozenset({"application/atom+xml", "application/rss+xml"})
_PLAYLISTS = frozenset(
    (
        "application/dash+xml",
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
    )
)
"""Lists of the parts of a recording, which yt-dlp puts together."""


class WebScan(Struct, frozen=True):
    """Looks at named web addresses.

    Attributes:
        latest: Of feeds and pages only so many recordings, the newest; None for all.
        on_note: Takes what is being done.
    """

    latest: int | None
    on_warning: WarningSink
    on_note: Callable[[str], None]

    def recordings(self, address: Address) -> Iterator[RecordingRequest] | None:
        """Return the recordings of a feed or a page; None for an address that is a recording.

        Raises:
            RemoteSupportError, FeedSupportError, PageSupportError: Libraries are not installed.
        """
        check_support(address.scheme)
        if PurePosixPath(address.path).suffix.lower() in SUFFIXES:
            return self._feed(address)
        kind = self._kind(address)
        if kind in _FEEDS:
            return self._feed(address)
        pages = PageScan(self.latest, self.on_warning, self.on_note)
        if kind is None:
            return self._unanswered(address, pages)
        is_page = kind in PAGES or kind in _PLAYLISTS
        if self.latest is None or looks_like_media(address.path):
            return pages.recordings(address) if is_page else None
        return self._feed_or_page(address, pages if is_page else None)

    def _kind(self, address: Address) -> str | None:
        """Return the media type of what an address has; None where a server refuses to tell.

        Whatever else is wrong, its job meets again, and fails alone.
        """
        try:
            with HOSTS.asked(address):
                facts = store_of(address).look(address)
        except RemoteDeniedError:
            return None
        except RemoteUnreachableError as error:
            return "" if error.is_silent else None
        except DalstonError:
            return ""
        return "" if facts is None else facts.media_type.lower()

    def _unanswered(self, address: Address, pages: PageScan) -> Iterator[RecordingRequest] | None:
        """Return what a site has that refuses to tell others than browsers what an address is."""
        if looks_like_media(address.path) or not has_support():
            return None
        return iter(found) if (found := pages.of_known_site(address)) else None

    def _feed(self, address: Address) -> Iterator[RecordingRequest]:
        return FeedScan(self.latest, self.on_warning).recordings(address)

    def _feed_or_page(self, address: Address, pages: PageScan | None) -> Iterator[RecordingRequest]:
        """Return the episodes of a feed that its server may call a page, or what a page plays."""
        try:
            found = list(self._feed(address))
        except FeedSupportError:
            if pages is None:
                raise
            return pages.recordings(address)
        match found:
            case [RecordingRequest(source=UnreadableFeed(error=FeedError()))] if pages:
                return pages.recordings(address)
        return iter(found)
