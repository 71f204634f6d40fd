"""Feeds of podcasts: what they say of their episodes. Nothing that they name is asked for here."""

import calendar
import io
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct

from dalston_cli.amounts import readable_size
from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteError
from dalston_cli.pipeline.remote.patience import patiently
from dalston_cli.pipeline.remote.stores import store_of

SUFFIXES = frozenset({".atom", ".rss", ".xml"})
MOST_BYTES = 20_000_000
"""Of a feed; those of thousands of episodes have ten."""

_MEDIA = ("audio/", "video/")
_MAY_BE = frozenset(
    ("", "application/mp4", "application/octet-stream", "application/ogg", "binary/octet-stream")
)


class FeedSupportError(UnavailableError):
    """What reads feeds is not installed."""

    code = "feed_support"

    def __init__(self) -> None:
        super().__init__(
            "feeds need feedparser, which is not installed",
            hint="install it: pip install 'dalston[feeds]'",
        )


class FeedError(RemoteError):
    """A feed cannot be read."""

    code = "feed"

    def __init__(self, address: Address, problem: str) -> None:
        super().__init__(
            f"{address.shown} {problem}",
            hint="name the address of an RSS or Atom feed, or of a recording itself",
        )


class Episode(Struct, frozen=True, kw_only=True):
    """One entry of a feed with a recording.

    Attributes:
        url: Of the recording, as the feed has it, made absolute.
        identity: What the feed tells the episode by; empty where it does not.
        date: The day of its publication (UTC), as ``2024-05-17``; empty where it is not known.
        page: Where it can be read about; empty where there is no such place.
        media_type: Of the recording, as the feed says; may be empty.
    """

    url: str
    identity: str
    title: str
    date: str
    page: str
    media_type: str


class Feed(Struct, frozen=True, kw_only=True):
    """A feed, the newest episode first.

    Attributes:
        without: Entries that have no recording.
        damage: What is wrong with it as a whole; empty for nothing.
    """

    title: str
    episodes: tuple[Episode, ...]
    without: int = 0
    damage: str = ""


def fetch_feed(address: Address) -> Feed:
    """Fetch and read a feed.

    Raises:
        FeedSupportError: What reads it is not installed.
        RemoteError: It cannot be fetched, or is none.
    """
    parse = _parser()
    return patiently(lambda: parse_feed(_bytes_of(address), address, parse))


def parse_feed(data: bytes, address: Address, parse: Any = None) -> Feed:  # noqa: ANN401 - feedparser has no types
    """Read a feed. One that breaks off or is damaged has the episodes that can be read.

    Raises:
        FeedError: It is none.
    """
    # As a stream: text would be taken for an address or a file, and be opened.
    read = (parse or _parser())(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not read.get("version") and not read.entries:
        raise FeedError(address, "is no feed")
    found = [_episode(entry, address) for entry in read.entries]
    episodes = [episode for episode in found if episode is not None]
    # Stable: those of one day, and those without a date, stay in the feed's order.
    episodes.sort(key=lambda episode: episode.date, reverse=True)
    damage = str(read.get("bozo_exception", "")) if read.get("bozo") else ""
    return Feed(
        title=_text(read.feed, "title"),
        episodes=tuple(episodes),
        without=len(found) - len(episodes),
        damage=" ".join(damage.split()),
    )


def _parser() -> Any:  # noqa: ANN401 - feedparser has no types
    try:
        from feedparser import parse  # noqa: PLC0415 - only where a feed is named
    except ImportError:
        raise FeedSupportError from None
    return parse


def _bytes_of(address: Address) -> bytes:
    data = bytearray()
    with closing(store_of(address).read(address)) as blocks:
        for block in blocks:
            data += block
            if len(data) > MOST_BYTES:
                raise FeedError(address, f"is larger than {readable_size(MOST_BYTES)}: no feed is")
    return bytes(data)


def _episode(entry: Mapping[str, Any], address: Address) -> Episode | None:
    media = next(filter(_is_recording, entry.get("links", ())), None)
    if media is None:
        return None
    return Episode(
        url=urljoin(address.url, str(media["href"]).strip()),
        identity=_text(entry, "id"),
        title=_text(entry, "title"),
        date=_day(entry),
        page=_text(entry, "link"),
        media_type=str(media.get("type") or ""),
    )


def _is_recording(link: Mapping[str, Any]) -> bool:
    """Return True for the enclosure of a recording: one without a type may be one."""
    if link.get("rel") != "enclosure" or not str(link.get("href") or "").strip():
        return False
    kind = str(link.get("type") or "").lower()
    return kind.startswith(_MEDIA) or kind in _MAY_BE


def _text(part: Mapping[str, Any], name: str) -> str:
    return " ".join(str(part.get(name) or "").split())


def _day(entry: Mapping[str, Any]) -> str:
    plain = dict(entry.items())  # feedparser's own would answer for a name that is missing
    when = plain.get("published_parsed") or plain.get("updated_parsed")
    if when is None:
        return ""
    try:
        return datetime.fromtimestamp(calendar.timegm(when), UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):  # a year that no calendar has
        return ""
