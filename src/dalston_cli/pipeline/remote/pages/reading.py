"""What a page plays, as entries: read by yt-dlp, which hands over all of a list that it can."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec

from dalston_cli.pipeline.remote.pages.downloader import MOST_ENTRIES, Downloader
from dalston_cli.pipeline.remote.pages.exchange import Done, Entry, Failure, ReadPage
from dalston_cli.pipeline.remote.pages.failures import failure_of
from dalston_cli.pipeline.remote.pages.network import NetworkGuard

_LISTS = frozenset({"playlist", "multi_video"})
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

Info = Mapping[str, Any]


class PageReader:
    """Reads one page; ``done`` tells afterwards what was left out."""

    def __init__(self, job: ReadPage, guard: NetworkGuard) -> None:
        sites = {"allowed_extractors": ["default", "-generic"]} if job.sites else {}
        self._job = job
        self._guard = guard
        self._downloader = Downloader(
            guard, is_reading=True, noplaylist=job.latest is None and not job.only, **sites
        )
        self._num_live = self._num_more = 0

    @property
    def done(self) -> Done:
        """What was left out."""
        return Done(num_live=self._num_live, num_more=self._num_more)

    def entries(self) -> Generator[Entry | Failure, None, None]:
        """Yield what the page plays; a failure alone where it cannot be read."""
        with closing(self._downloader):
            yield from self._entries()

    def _entries(self) -> Iterator[Entry | Failure]:
        job, ydl = self._job, self._downloader.ydl
        try:
            info = ydl.extract_info(job.url, download=False)
        except Exception as error:  # noqa: BLE001 - yt-dlp's parts for sites raise anything
            yield failure_of(error, self._guard)
            return
        if info is None or info.get("_type") not in _LISTS:
            yield Failure(kind="empty") if info is None else self._single(info)
            return
        flat = list(_flat(info))
        self._num_more = max(0, len(flat) - MOST_ENTRIES)
        wanted = _newest_first(flat[:MOST_ENTRIES]) if job.latest is not None else flat
        found = 0
        for each in wanted[:MOST_ENTRIES]:
            for entry in self._resolved(each, info, 0):
                yield entry
                found += 1
                if found == job.latest:
                    return
        if not flat:
            yield Failure(kind="empty")

    def _single(self, info: Info) -> Entry | Failure:
        return Failure(kind="live") if _is_live(info) else self._entry(info, info)

    def _resolved(self, each: Info, playlist: Info, depth: int) -> Iterator[Entry]:
        """Yield an entry of a list with all that is known of it, or those of a list in it."""
        if _is_live(each):
            self._num_live += 1
            return
        info: Any = each
        if each.get("_type", "video") != "video":
            try:
                info = self._downloader.ydl.process_ie_result(dict(each), download=False)
            except Exception as error:  # noqa: BLE001 - as above
                yield _unreadable(each, playlist, failure_of(error, self._guard))
                return
        if info is None:
            yield _unreadable(each, playlist, Failure(kind="empty"))
        elif info.get("_type") in _LISTS:
            for inner in _flat(info) if depth < _DEEPEST else ():
                yield from self._resolved(inner, info, depth + 1)
        elif _is_live(info):
            self._num_live += 1
        else:
            yield self._entry(info, playlist)

    def _entry(self, info: Info, playlist: Info) -> Entry:
        mark, size = self._downloader.mark_of(info)
        url = _url(info)
        is_of_page = playlist is not info and url == _url(playlist)
        return Entry(
            url=url,
            identity=_identity(info),
            number=int(info.get("playlist_index") or 0) if is_of_page else 0,
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
        return _day(info)


def _flat(info: Info) -> Iterator[Info]:
    """Yield the entries of a list, and of lists in it that are there already."""
    for each in info.get("entries") or ():
        if not each:
            continue
        if each.get("_type") in _LISTS:
            yield from _flat(each)
        else:
            yield each


def _newest_first(entries: list[Info]) -> list[Info]:
    """Return entries by day, the newest first, if all have one; else in the page's order."""
    days = [_flat_day(each) for each in entries]
    if not all(days):
        return entries
    order = sorted(range(len(entries)), key=lambda index: days[index], reverse=True)
    return [entries[index] for index in order]


def _flat_day(info: Info) -> str:
    when = info.get("timestamp")
    return f"{int(when) // 86_400:012}" if isinstance(when, int | float) else _day(info)


def _day(info: Info) -> str:
    found = next(filter(None, (info.get("upload_date"), info.get("release_date"))), "")
    digits = str(found)
    is_day = len(digits) == len("20240517") and digits.isdecimal()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if is_day else ""


def _unreadable(info: Info, playlist: Info, failure: Failure) -> Entry:
    return Entry(
        url=_url(info),
        identity=_identity(info),
        title=_text(info, "title"),
        playlist=_text(playlist, "title"),
        failure=failure,
    )


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
