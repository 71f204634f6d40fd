"""What a page plays, as entries: read by yt-dlp, of a list each entry when it is asked for."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec

from dalston_cli.pipeline.remote.pages.downloader import LISTS, MOST_ENTRIES, Downloader
from dalston_cli.pipeline.remote.pages.exchange import Done, Entry, Failure, Progress, ReadPage
from dalston_cli.pipeline.remote.pages.failures import failure_of
from dalston_cli.pipeline.remote.pages.network import NetworkGuard
from dalston_cli.pipeline.remote.pages.newest import Info, day_of, newest_first

_LIVE = frozenset({"is_live", "is_upcoming", "post_live"})
_DEEPEST = 3
"""Lists in lists: a channel has tabs."""

_BULKY = frozenset(
    {
        "automatic_captions",
        "chapters",
        "comments",
        "description",
        "heatmap",
        "requested_subtitles",
        "subtitles",
        "tags",
        "thumbnails",
    }
)
"""What fetching does not need."""

_FROM_LIST = (
    "extractor",
    "extractor_key",
    "webpage_url",
    "webpage_url_basename",
    "webpage_url_domain",
    "__x_forwarded_for_ip",
)
"""What an entry has of its list where it says nothing else."""

_TELL_EVERY = 100


def reading_downloader(job: ReadPage, guard: NetworkGuard) -> Downloader:
    """Return what reads a page."""
    sites = {"allowed_extractors": ["default", "-generic"]} if job.sites else {}
    is_one = job.latest is None and not job.only
    return Downloader(guard, is_reading=True, noplaylist=is_one, **sites)


class PageReader:
    """Reads one page; ``done`` tells afterwards what was left out.

    Args:
        job: What is wanted of the page.
        downloader: Reads; it is closed at the end.
        tell: Takes how many entries of a list are read where the newest are looked for.
    """

    def __init__(
        self, job: ReadPage, downloader: Downloader, tell: Callable[[Progress], None]
    ) -> None:
        self._job = job
        self._downloader = downloader
        self._tell = tell
        self._num_live = self._num_listed = 0

    @property
    def done(self) -> Done:
        """What was left out."""
        return Done(num_live=self._num_live, is_cut=self._num_listed > MOST_ENTRIES)

    def entries(self) -> Generator[Entry | Failure, None, None]:
        """Yield what the page plays; a failure as the last where it cannot be read any further."""
        with closing(self._downloader):
            try:
                yield from self._entries()
            except Exception as error:  # noqa: BLE001 - yt-dlp's parts for sites raise anything
                yield failure_of(error, self._downloader.guard)

    def _entries(self) -> Iterator[Entry | Failure]:
        job = self._job
        info = self._downloader.ydl.extract_info(job.url, download=False)
        if info is None or info.get("_type") not in LISTS:
            yield Failure(kind="empty") if info is None else self._single(info)
            return
        listed = self._listed(info)
        if job.latest is not None:
            listed = newest_first(listed, job.latest, self._told)
        found = 0
        for each in listed:
            for entry in self._resolved(each, info, 0):
                yield entry
                found += 1
                if found == job.latest:
                    return
        if not self._num_listed:
            yield Failure(kind="empty")

    def _listed(self, info: Info) -> Iterator[Info]:
        """Yield the entries of a list, and of lists in it that are there already."""
        for place, each in self._downloader.entries_of(info):
            if each.get("_type") in LISTS:
                yield from self._listed({**_of_list(info), **each})
                continue
            self._num_listed += 1
            if self._num_listed > MOST_ENTRIES:
                return
            is_whole = each.get("_type", "video") == "video"  # else the address of another page
            yield {**_of_list(info), "playlist_index": place, **each} if is_whole else each

    def _told(self, num_read: int) -> None:
        if num_read % _TELL_EVERY == 0:
            self._tell(Progress(done=num_read))

    def _single(self, info: Info) -> Entry | Failure:
        return Failure(kind="live") if _is_live(info) else self._entry(info, info)

    def _resolved(self, each: Info, playlist: Info, depth: int) -> Iterator[Entry]:
        """Yield an entry of a list with all that is known of it, or those of a list in it."""
        if _is_live(each):
            self._num_live += 1
            return
        try:
            yield from self._resolve(each, playlist, depth)
        except Exception as error:  # noqa: BLE001 - as above
            yield _unreadable(each, playlist, failure_of(error, self._downloader.guard))

    def _resolve(self, each: Info, playlist: Info, depth: int) -> Iterator[Entry]:
        info: Any = self._downloader.ydl.process_ie_result(dict(each), download=False)
        if info is None:
            yield _unreadable(each, playlist, Failure(kind="empty"))
        elif info.get("_type") in LISTS:
            for inner in self._listed(info) if depth < _DEEPEST else ():
                yield from self._resolved(inner, info, depth + 1)
        elif _is_live(info):
            self._num_live += 1
        else:
            yield self._entry(info, playlist)

    def _entry(self, info: Info, playlist: Info) -> Entry:
        mark, size = self._downloader.mark_of(info)
        is_of_page = playlist is not info and _url(info) == _url(playlist)
        return Entry(
            url=_url(info),
            identity=_identity(info),
            number=_number(info, playlist),
            title=_text(info, "title"),
            date=self._date(info),
            uploader=_text(info, "uploader", "channel", "creator", "artist"),
            playlist="" if playlist is info or is_of_page else _text(playlist, "title"),
            suffix=f".{info['ext']}" if info.get("ext") else "",
            size=size,
            mark=mark,
            info=msgspec.Raw(msgspec.json.encode(_slim(self._downloader.ydl.sanitize_info(info)))),
        )

    def _date(self, info: Info) -> str:
        """Return the day of publication (UTC), unless it is that of a file."""
        when = info.get("timestamp")
        if isinstance(when, int | float):
            if float(when) in self._downloader.file_dates:
                return ""
            try:
                return datetime.fromtimestamp(when, UTC).date().isoformat()
            except (OverflowError, ValueError, OSError):  # a year that no calendar has
                return ""
        return day_of(info)


def _of_list(info: Info) -> dict[str, Any]:
    found = {name: info[name] for name in _FROM_LIST if info.get(name)}
    return {**found, "playlist": _text(info, "title", "id")}  # without it yt-dlp drops the place


def _unreadable(info: Info, playlist: Info, failure: Failure) -> Entry:
    return Entry(
        url=_url(info),
        identity=_identity(info),
        number=_number(info, playlist),
        title=_text(info, "title"),
        playlist=_text(playlist, "title"),
        failure=failure,
    )


def _number(info: Info, playlist: Info) -> int:
    """Return an entry's place on a page that plays several; 0 for one with a page of its own."""
    is_of_page = playlist is not info and _url(info) == _url(playlist)
    return int(info.get("playlist_index") or 0) if is_of_page else 0


def _is_live(info: Info) -> bool:
    return bool(info.get("is_live")) or info.get("live_status") in _LIVE


def _identity(info: Info) -> str:
    return str(info.get("id") or "")


def _url(info: Info) -> str:
    return str(info.get("webpage_url") or info.get("url") or "")


def _text(info: Info, *names: str) -> str:
    """Return the first text that there is, as one line."""
    found = (" ".join(str(info.get(name) or "").split()) for name in names)
    return next(filter(None, found), "")


def _slim(info: dict[str, Any]) -> dict[str, Any]:
    """Return what is needed to fetch the format that was chosen."""
    kept = {name: value for name, value in info.items() if name not in _BULKY}
    formats = kept.get("formats")
    if isinstance(formats, list):
        chosen = info.get("format_id")
        kept["formats"] = [each for each in formats if each.get("format_id") == chosen]
    return kept
