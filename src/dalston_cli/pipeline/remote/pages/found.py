"""What a page says of a recording, as it was read last: where it is, and what tells its bytes."""

import time
from contextlib import closing
from urllib.parse import parse_qsl, urlencode

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.pages.errors import page_error
from dalston_cli.pipeline.remote.pages.exchange import Entry, Failure, ReadPage
from dalston_cli.pipeline.remote.pages.process import PageProcess

_FRESH_S = 900.0
"""Sites let an address of a recording expire after hours."""


def page_of(entry: Entry) -> str:
    """Return the address of an entry's page as people may see it.

    A query that names the entry is a part of the name; all others are left out.
    """
    address = Address(entry.url)
    query = entry.url.partition("#")[0].partition("?")[2]
    naming = [pair for pair in parse_qsl(query) if pair[1] == entry.identity]
    if not naming:
        return address.shown
    return f"{Address(entry.url.partition('?')[0]).shown}?{urlencode(naming)}"


def reference_of(entry: Entry) -> str:
    """Return the address of an entry's page, with its place where that plays several."""
    page = page_of(entry)
    return f"{page}#{entry.number}" if entry.number else page


class FoundEntry:
    """A recording on a page: the entry that the page had last.

    Attributes:
        entry: As it was read last.
        named: The address that the user named: it says which networks may be reached.
        address: Of its page.
    """

    def __init__(self, entry: Entry, named: Address) -> None:
        self.address = Address(entry.url)
        self.named = named
        self.entry = entry
        self._read_s = time.monotonic()

    @property
    def reference(self) -> str:
        """The address of its page, without secrets; with its place where that plays several."""
        return reference_of(self.entry)

    @property
    def is_fresh(self) -> bool:
        """True if what its page said can still be used."""
        return self.entry.failure is None and time.monotonic() - self._read_s < _FRESH_S

    def read_again(self) -> None:
        """Read its page, and take what that says now.

        Raises:
            RemoteError: It is gone, or cannot be had.
            PageSupportError: yt-dlp is not installed.
        """
        job = ReadPage(url=self.entry.url, named=self.named.url, only=self.entry.identity)
        with closing(PageProcess(job).replies()) as replies:
            answer = next(replies, None)
        if isinstance(answer, Entry):
            self.entry, self._read_s = answer, time.monotonic()
            answer = answer.failure
        if isinstance(answer, Failure):
            raise page_error(answer, self.address)
