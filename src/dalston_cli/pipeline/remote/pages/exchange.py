"""What goes to the process that runs yt-dlp, and what comes back: one line of JSON each.

Addresses and formats in it may hold secrets: it goes through pipes, and is kept nowhere.
"""

from typing import Literal

from msgspec import Raw, Struct

FailureKind = Literal[
    "changed",
    "denied",
    "empty",
    "live",
    "missing",
    "no_room",
    "private",
    "site",
    "too_large",
    "unencrypted",
    "unreachable",
]


class ReadPage(Struct, frozen=True, kw_only=True, tag="read"):
    """Find out what a page plays.

    Attributes:
        url: Of the page.
        named: The address that the user named: it says which networks may be reached.
        latest: Of a list only so many entries, the newest; None for the page's own recording or,
            where it is a list, for all of them.
        only: The identity of the one entry that is wanted; empty for all.
        sites: Ask only for sites that yt-dlp knows.
    """

    url: str
    named: str
    latest: int | None = None
    only: str = ""
    sites: bool = False


class FetchEntry(Struct, frozen=True, kw_only=True, tag="fetch"):
    """Save a recording that was found on a page.

    Attributes:
        info: What yt-dlp said of it.
        mark: As it was when it was found; see ``Entry``.
        folder: Where it goes, as ``FETCHED``.
        most_bytes: More is too large.
    """

    named: str
    info: Raw
    mark: str
    folder: str
    most_bytes: int


PageJob = ReadPage | FetchEntry

FETCHED = "fetched"
"""The name of a fetched recording."""


class Failure(Struct, frozen=True, kw_only=True, tag="failure"):
    """Why something cannot be had.

    Attributes:
        reason: For people; may hold secrets until ``Address.hide`` took them out.
        may_pass: The same may go well a moment later.
        is_silent: There was no answer at all.
    """

    kind: FailureKind
    reason: str = ""
    may_pass: bool = False
    is_silent: bool = False


class Entry(Struct, frozen=True, kw_only=True, tag="entry"):
    """A recording that a page plays.

    Attributes:
        url: Of its own page; the same for several that one page plays.
        identity: What its site tells it by.
        number: Its place among several that one page plays, from 1; 0 for one that has a page.
        date: The day of its publication (UTC), as ``2024-05-17``; empty where it is not known.
        playlist: The title of the list that it is in; empty for none.
        suffix: Of its format, with the dot; may be empty.
        size: Bytes; None where they are not known for sure.
        mark: Changes when its bytes do; empty where nothing does.
        info: For ``FetchEntry``.
        failure: Why it cannot be had; None where it can.
    """

    url: str
    identity: str
    title: str
    number: int = 0
    date: str = ""
    uploader: str = ""
    playlist: str = ""
    suffix: str = ""
    size: int | None = None
    mark: str = ""
    info: Raw = Raw(b"null")
    failure: Failure | None = None


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """Bytes of a recording, or entries of a list, that are there; ``total`` is None if unknown."""

    done: int
    total: int | None = None


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """All of the job is done.

    Attributes:
        num_live: Entries that are left out because they go on or have not begun.
        is_cut: A list has more entries than are read of one.
    """

    num_live: int = 0
    is_cut: bool = False


PageReply = Entry | Progress | Done | Failure
