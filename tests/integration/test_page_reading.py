"""yt-dlp's own reading and fetching of pages, in this process: a real HTTPS server on loopback."""

import gc
import io
import json
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.remote_stores import WebFiles

from dalston_cli.pipeline.remote.pages.exchange import (
    FETCHED,
    Done,
    Entry,
    Failure,
    FetchEntry,
    PageJob,
    PageReply,
    Progress,
    ReadPage,
)
from dalston_cli.pipeline.remote.pages.network import NetworkGuard
from dalston_cli.pipeline.remote.pages.worker import answer

SOUND = b"RIFF" + bytes(3_000)
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/1.ts\n#EXTINF:2,\n/2.ts\n"


def page(body: str, title: str = "A talk", head: str = "") -> bytes:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


def answers(job: PageJob, named: str | None = None) -> list[PageReply]:
    replies = io.BytesIO()
    answer(job, NetworkGuard(named or job.named), replies)
    lines = replies.getvalue().splitlines()
    return [msgspec.json.decode(line, type=PageReply) for line in lines]


def read(url: str, *, latest: int | None = None, named: str | None = None) -> list[PageReply]:
    return answers(ReadPage(url=url, named=url, latest=latest), named)


def fetch(entry: Entry, folder: Path, most_bytes: int = 10_000, mark: str = "") -> PageReply:
    job = FetchEntry(
        named=entry.url,
        info=entry.info,
        mark=mark or entry.mark,
        folder=str(folder),
        most_bytes=most_bytes,
    )
    *progress, last = answers(job)
    with warnings.catch_warnings():  # a transfer that fails leaves files open to its process's end
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert all(isinstance(each, Progress) for each in progress)
    return last


def linked_data(**more: str) -> str:
    about = {"@context": "https://schema.org", "@type": "AudioObject", **more}
    return f'<script type="application/ld+json">{json.dumps(about)}</script>'


@pytest.mark.parametrize(
    ("body", "head", "title"),
    [
        pytest.param("<video src='/a.wav'></video>", "", "A talk (1)", id="video"),
        pytest.param("<audio><source src='/a.wav'></audio>", "", "A talk (1)", id="audio"),
        pytest.param("", '<meta property="og:video" content="URL/a.wav">', "A talk", id="og"),
        pytest.param("", linked_data(name="Doors", contentUrl="URL/a.wav"), "Doors", id="JSON-LD"),
        pytest.param("<iframe src='https://127.0.0.1:1/'></iframe>", "", None, id="nothing"),
    ],
)
def test_what_a_page_plays(
    web: WebFiles, body: str, head: str, title: str | None, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    web.files |= {"/a.wav": SOUND, "/page": page(body, head=head.replace("URL", web.url))}
    found = read(f"{web.url}/page")
    if title is None:
        assert found == [Failure(kind="empty", reason=f"Unsupported URL: {web.url}/page")]
        return
    [entry, done] = found
    assert isinstance(entry, Entry)
    assert done == Done()
    assert (entry.title, entry.size, entry.number) == (title, len(SOUND), 0)
    assert entry.date == "", "that of the page's file is not that of what it plays"
    assert fetch(entry, tmp_path) == Done()
    assert (tmp_path / FETCHED).read_bytes() == SOUND


@pytest.mark.parametrize(
    ("status", "kind", "may_pass"),
    [(404, "missing", False), (403, "denied", False), (503, "unreachable", True)],
)
def test_a_page_that_cannot_be_had(
    web: WebFiles, status: int, kind: str, *, may_pass: bool
) -> None:
    web.status["/page"] = status
    [failure] = read(f"{web.url}/page")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_pass) == (kind, may_pass)
    assert failure.reason == f"the server says {status}"


def test_several_recordings_of_one_page_have_their_numbers(web: WebFiles) -> None:
    sounds = {f"/{name}.wav": SOUND for name in "abc"}
    body = "".join(f"<audio src='{path}'></audio>" for path in sounds)
    web.files |= {**sounds, "/page": page(body)}
    *entries, done = read(f"{web.url}/page", latest=2)
    assert [each.number for each in entries if isinstance(each, Entry)] == [1, 2]
    assert done == Done()
    *entries, _ = read(f"{web.url}/page")
    assert len(entries) == 3


def test_the_newest_of_a_list_are_read(web: WebFiles) -> None:
    items = "".join(
        f"<item><title>{name}</title><link>{web.url}/{name}</link>"
        f"<pubDate>Fri, {day:02} May 2024 09:00:00 +0000</pubDate></item>"
        for name, day in (("old", 1), ("new", 30), ("gone", 20))
    )
    web.files["/list"] = f"<rss><channel><title>All</title>{items}</channel></rss>".encode()
    web.files |= {"/a.wav": SOUND, "/new": page("<audio src='/a.wav'></audio>", "New")}
    new, gone, done = read(f"{web.url}/list", latest=2)
    assert isinstance(new, Entry)
    assert (new.url, new.date, new.playlist) == (f"{web.url}/new", "2024-05-30", "All")
    assert isinstance(gone, Entry)
    assert gone.failure == Failure(kind="missing", reason="the server says 404")
    assert done == Done()
    assert "/old" not in web.gets()
    [again] = answers(ReadPage(url=new.url, named=web.url, only=new.identity))
    assert isinstance(again, Entry)
    assert again.mark == new.mark
    [failure] = answers(ReadPage(url=new.url, named=web.url, only="other"))
    assert failure == Failure(kind="missing")


def test_a_recording_in_parts_is_put_together(
    web: WebFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    web.types["/talk.m3u8"] = "application/vnd.apple.mpegurl"
    whole = f"{PLAYLIST}#EXT-X-ENDLIST\n"
    web.files |= {"/talk.m3u8": whole.encode(), "/1.ts": b"one" * 99, "/2.ts": b"two" * 99}
    entry, _ = read(f"{web.url}/talk.m3u8")
    assert isinstance(entry, Entry)
    assert entry.size is None
    assert fetch(entry, tmp_path) == Done()
    assert (tmp_path / FETCHED).read_bytes() == b"one" * 99 + b"two" * 99
    (tmp_path / FETCHED).unlink()
    assert fetch(entry, tmp_path, most_bytes=400) == Failure(kind="too_large")
    del web.files["/2.ts"]
    assert fetch(entry, tmp_path) == Failure(kind="missing", reason="the server says 404")
    web.files["/talk.m3u8"] = PLAYLIST.encode()
    assert read(f"{web.url}/talk.m3u8") == [Failure(kind="live")]


def test_a_transfer_has_a_limit_and_is_of_one_file(
    web: WebFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    web.files |= {"/a.wav": SOUND, "/page": page("<audio src='/a.wav'></audio>")}
    entry, _ = read(f"{web.url}/page")
    assert isinstance(entry, Entry)
    assert fetch(entry, tmp_path, most_bytes=1_000) == Failure(kind="too_large")
    web.bare.add("/a.wav")
    assert fetch(entry, tmp_path, most_bytes=1_000) == Failure(kind="too_large")
    web.bare.clear()
    assert fetch(entry, tmp_path, mark="other") == Failure(kind="changed")


def test_a_page_of_the_world_does_not_lead_into_a_private_network(web: WebFiles) -> None:
    web.files["/page"] = page("<audio src='/a.wav'></audio>")
    [failure] = read(f"{web.url}/page", named="https://1.1.1.1/")
    assert failure == Failure(kind="private", reason="127.0.0.1")


def test_only_the_web_is_asked(web: WebFiles) -> None:
    web.files["/page"] = page("<audio src='file:///etc/passwd'></audio>")
    found = read(f"{web.url}/page")
    assert not any(isinstance(each, Entry) and each.size for each in found)
