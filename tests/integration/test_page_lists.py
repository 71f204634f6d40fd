"""Lists of web pages, read as far as they are asked for: yt-dlp, and a real HTTPS server."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pytest
from tests.support.remote_stores import WebFiles

from dalston_cli.pipeline.intake.pages import PageScan
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.pages import reading
from dalston_cli.pipeline.remote.pages.exchange import Done, Entry, Failure, Progress, ReadPage
from dalston_cli.pipeline.remote.pages.network import NetworkGuard
from dalston_cli.pipeline.remote.pages.reading import PageReader, reading_downloader

PAGE = 30
"""Entries that the site hands over at once, as large sites do."""

NUM_ENTRIES = 240


def site(web: WebFiles, days: list[str], *, plays: int = NUM_ENTRIES) -> None:
    """Put a channel on the server, whose list comes page after page; the first entries play."""
    sound = b"RIFF" + bytes(3_000)
    for begin in range(0, len(days) + PAGE, PAGE):
        numbers = range(begin, min(begin + PAGE, len(days)))
        listed = [{"url": f"{web.url}/{one}", "day": days[one]} for one in numbers]
        web.files[f"/channel/{begin // PAGE}"] = json.dumps(listed).encode()
    for number in range(min(len(days), plays)):
        web.files[f"/{number}.wav"] = sound
        head = f'<title>{number}</title><meta property="og:video" content="{web.url}/{number}.wav">'
        web.files[f"/{number}"] = f"<html><head>{head}</head></html>".encode()


def days(*, rising: bool) -> list[str]:
    found = [f"20{10 + number // 28:02}01{1 + number % 28:02}" for number in range(NUM_ENTRIES)]
    return found if rising else found[::-1]


class Channel:
    """Reads the channel in this process, with a part of yt-dlp for the site."""

    def __init__(self, web: WebFiles, *, latest: int | None = None) -> None:
        from yt_dlp.extractor.common import InfoExtractor  # noqa: PLC0415 - takes a second

        class ChannelIE(InfoExtractor):  # type: ignore[misc] # yt-dlp has no types
            _VALID_URL = r"https://127\.0\.0\.1:\d+/channel"

            def _real_extract(self, url: str) -> Any:
                return self.playlist_result(self._entries(url), "all", "All of it")

            def _entries(self, url: str) -> Iterator[Any]:
                for number in count():
                    listed = self._download_json(f"{url}/{number}", str(number))
                    for each in listed:
                        day = {"upload_date": each["day"]} if each["day"] else {}
                        yield self.url_result(each["url"], **day)
                    if not listed:
                        return

        url = f"{web.url}/channel"
        job = ReadPage(url=url, named=url, latest=latest)
        downloader = reading_downloader(job, NetworkGuard(url))
        ie = ChannelIE(downloader.ydl)
        downloader.ydl.add_info_extractor(ie)
        known = downloader.ydl._ies
        known["Generic"] = known.pop("Generic")  # asked last, as among those of yt-dlp
        self._web = web
        self.told: list[Progress] = []
        self.reader = PageReader(job, downloader, self.told.append)

    def titles(self) -> list[str]:
        found = self.reader.entries()
        return [each.title if isinstance(each, Entry) else each.kind for each in found]

    @property
    def num_pages(self) -> int:
        return sum(path.startswith("/channel/") for path in self._web.gets())


def test_the_first_recording_is_there_before_the_rest_of_its_list(web: WebFiles) -> None:
    site(web, [""] * NUM_ENTRIES, plays=1)
    channel = Channel(web)
    with closing(channel.reader.entries()) as entries:
        first = next(entries)
        assert isinstance(first, Entry)
        assert (first.title, first.playlist) == ("0", "All of it")
        assert channel.num_pages == 1


def test_of_a_list_without_days_the_first_are_read(web: WebFiles) -> None:
    site(web, [""] * NUM_ENTRIES)
    channel = Channel(web, latest=3)
    assert channel.titles() == ["0", "1", "2"]
    assert (channel.num_pages, channel.told) == (1, [])


def test_of_a_list_from_new_to_old_so_much_is_read_that_this_is_seen(web: WebFiles) -> None:
    site(web, days(rising=False))
    channel = Channel(web, latest=2)
    assert channel.titles() == ["0", "1"]
    assert channel.num_pages == 2


def test_the_newest_at_the_end_of_a_list_are_found(web: WebFiles) -> None:
    site(web, days(rising=True))
    channel = Channel(web, latest=2)
    assert channel.titles() == ["239", "238"]
    assert channel.told == [Progress(done=100), Progress(done=200)]


def test_what_was_read_of_a_list_that_breaks_off_is_kept(web: WebFiles) -> None:
    site(web, [""] * NUM_ENTRIES, plays=2)
    web.status["/channel/1"] = 404
    channel = Channel(web)
    *entries, last = channel.reader.entries()
    assert last == Failure(kind="missing", reason="the server says 404")
    found = [each for each in entries if isinstance(each, Entry)]
    assert len(found) == PAGE
    assert [each.title for each in found if each.failure is None] == ["0", "1"]


def test_a_list_without_end_is_cut(web: WebFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ENTRIES", 4)
    site(web, [""] * NUM_ENTRIES, plays=2)
    channel = Channel(web)
    assert len(channel.titles()) == 4
    assert channel.reader.done == Done(is_cut=True)


def test_how_far_a_list_is_read_is_told(web: WebFiles) -> None:
    """A list of addresses on a page that the process of yt-dlp itself knows."""
    items = "".join(
        f"<item><link>{web.url}/{number}</link>"
        f"<pubDate>{1 + number % 28:02} Jan {1990 + number // 28} 09:00:00 +0000</pubDate></item>"
        for number in range(120)
    )
    web.files["/list"] = f"<rss><channel><title>All</title>{items}</channel></rss>".encode()
    web.files["/119"] = b"<html><title>New</title><audio src='/new.wav'></audio></html>"
    web.files["/new.wav"] = b"RIFF" + bytes(3_000)
    notes: list[str] = []
    warnings: list[Any] = []
    scan = PageScan(1, warnings.append, notes.append)
    [found] = scan.recordings(Address(f"{web.url}/list"))
    assert found.name == f"{web.url}/119"
    assert notes[1] == f"reading the list on {web.url}/list: 100 entries so far"
    assert warnings == []
