"""Episodes of a feed that is named on the command line, as recordings: each fails alone."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct

from dalston_cli.amounts import count
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import Tell
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.folder_scan import WarningSink, looks_like_media
from dalston_cli.pipeline.intake.titles import titled_file
from dalston_cli.pipeline.intake.urls import given_address
from dalston_cli.pipeline.remote.address import Address, safe_path
from dalston_cli.pipeline.remote.feed import Episode, Feed, FeedSupportError, fetch_feed
from dalston_cli.pipeline.remote.opening import check_support
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import RecordingRequest

_UNKNOWN = ".audio"
"""The suffix of a recording whose kind is told when it is read; outputs do not have it."""


class UnreadableFeed(RemoteFile):
    """A feed that cannot be read: it stands for its episodes, and fails as a recording does."""

    def __init__(self, address: Address, error: DalstonError) -> None:
        super().__init__(address)
        self.error = error

    async def look(self, tell: Tell) -> None:
        """Raise what is wrong with the feed."""
        del tell
        raise self.error


class FeedScan(Struct, frozen=True):
    """Reads feeds.

    Attributes:
        latest: The number of episodes to take; None for all.
    """

    latest: int | None
    on_warning: WarningSink

    def recordings(self, address: Address) -> Iterator[RecordingRequest]:
        """Yield the newest episodes that have a recording.

        Raises:
            RemoteSupportError, FeedSupportError: Libraries are not installed.
        """
        check_support(address.scheme)
        try:
            feed = fetch_feed(address)
        except FeedSupportError:
            raise
        except DalstonError as error:
            source = UnreadableFeed(address, error)
            relative = safe_path(address.name)
            yield RecordingRequest(source=source, name=address.shown, relative=relative)
            return
        self._tell_of(feed, address)
        found = list(self._episodes(feed, address))
        yield from found[: self.latest]

    def _episodes(self, feed: Feed, address: Address) -> Iterator[RecordingRequest]:
        """Yield each episode once, with an address that may be asked for."""
        seen: set[str] = set()
        hosts: dict[str, bool] = {}
        for episode in feed.episodes:
            try:
                media = self._address(episode, address, hosts)
            except DalstonError as error:
                self._warn("episode_address", f"{_called(episode)}: {error.message}")
                continue
            if media is None or not seen.isdisjoint({media.shown, f"#{episode.identity}"}):
                continue
            seen |= {media.shown, *([f"#{episode.identity}"] if episode.identity else ())}
            yield RecordingRequest(
                source=RemoteFile(media),
                name=media.shown,
                relative=_file_name(episode, media),
                columns=_columns(episode, feed),
            )

    def _address(self, episode: Episode, feed: Address, hosts: dict[str, bool]) -> Address | None:
        """Return where the recording is; None, with a warning, where a feed must not send us.

        Raises:
            DalstonError: Nothing can be read there.
        """
        from dalston_cli.pipeline.remote.web import leads_inside  # noqa: PLC0415 - imports aiohttp

        media = given_address(episode.url)
        reason = ""
        if media is None or not media.is_web:
            reason = "is no web address"
        else:
            if media.host not in hosts:
                hosts[media.host] = leads_inside(feed.url, media.url)
            if hosts[media.host]:
                reason = "is in a private network, and the feed is not"
        if not reason:
            return media
        place = Address(episode.url).shown if media is None else media.shown
        self._warn("episode_address", f"{_called(episode)}: {place} {reason}: it is left out")
        return None

    def _tell_of(self, feed: Feed, address: Address) -> None:
        if feed.damage:
            message = f"{address.shown} is damaged ({feed.damage}): what can be read of it is taken"
            self._warn("feed_damaged", message)
        if feed.without:
            episodes = count(feed.without, "episode")
            self._warn("episodes_without", f"{address.shown}: {episodes} without a recording")
        if not feed.episodes:
            self._warn("feed_empty", f"{address.shown} has no episode with a recording")

    def _warn(self, code: str, message: str) -> None:
        self.on_warning(WarningRaised(code=code, message=message))


def _called(episode: Episode) -> str:
    return episode.title or episode.date or "an episode without a title"


def _file_name(episode: Episode, media: Address) -> Path:
    """Return ``2024-05-17 The title.mp3``; the recording's own name where it has no title."""
    suffix = PurePosixPath(media.name).suffix
    if not looks_like_media(media.name):
        suffix = mimetypes.guess_extension(episode.media_type) or _UNKNOWN
    return titled_file(episode.title, episode.date, PurePosixPath(media.name).stem, suffix)


def _columns(episode: Episode, feed: Feed) -> tuple[tuple[str, str], ...]:
    """Return what the feed says of an episode, as columns of a manifest would."""
    said = {
        "title": episode.title,
        "date": episode.date,
        "feed": feed.title,
        "page": episode.page,
    }
    return tuple((name, value) for name, value in said.items() if value)
