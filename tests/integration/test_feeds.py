"""Feeds of podcasts: a real HTTPS server on loopback, whole, damaged and hostile feeds."""

import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.remote_stores import WebFiles

from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.remote import feed as feeds
from dalston_cli.pipeline.remote import web as remote_web
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.feed import FeedError, parse_feed
from dalston_cli.pipeline.request import RecordingRequest

ADDRESS = Address("https://feeds.example/show/feed.xml")


def item(title: str, url: str | None, day: int = 0, **more: str) -> str:
    parts = [f"<title>{escape(title)}</title>"]
    if url is not None:
        kind = more.pop("type", "audio/x-wav")
        parts.append(f'<enclosure url="{escape(url)}" type="{kind}" length="1"/>')
    if day:
        parts.append(f"<pubDate>Fri, {day:02} May 2024 09:00:00 +0000</pubDate>")
    parts += [f"<{name}>{escape(value)}</{name}>" for name, value in more.items()]
    return f"<item>{''.join(parts)}</item>"


def rss(*items: str, before: str = "", end: str = "</channel></rss>") -> bytes:
    head = f'<?xml version="1.0"?>{before}<rss version="2.0"><channel><title>A show</title>'
    return (head + "".join(items) + end).encode()


class Found:
    """What is found at addresses, and what is said of it."""

    def __init__(self, *inputs: str, latest: int | None = None, names: Path | None = None) -> None:
        self.warnings: list[WarningRaised] = []
        finder = RecordingFinder(
            sources=InputSources(
                inputs=inputs, latest=latest, files_from=None if names is None else str(names)
            ),
            stdin=io.BytesIO(),
            on_warning=self.warnings.append,
        )
        self.recordings: list[RecordingRequest] = list(finder.find())

    def told(self, code: str) -> list[str]:
        return [each.message for each in self.warnings if each.code == code]


def transcript(home: PipelineHome, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home.outputs / f"{name}.json").read_text("utf-8"))
    return document


def serve(web: WebFiles, home: PipelineHome, *names: str) -> None:
    for seed, name in enumerate(names):
        path = write_recording(home.base / "made.wav", seed=seed)
        web.files[f"/{name}"] = path.read_bytes()


async def test_the_newest_episodes_are_transcribed_with_what_the_feed_says(
    web: WebFiles, home: PipelineHome
) -> None:
    serve(web, home, "one.wav", "two.wav", "three.wav")
    web.files["/feed.xml"] = rss(
        item("Two: a/b", "two.wav?x=1", 20, guid="2", link="https://show.example/2"),
        item("One", f"{web.url}/one.wav", 10, guid="1"),
        item("Three", "/three.wav", 30, guid="3"),
    )
    found = Found(f"{web.url}/feed.xml", latest=2)

    report = await home.run(found.recordings)

    assert report.counts == {"done": 2}
    assert sorted(path.name for path in home.outputs.glob("*.txt")) == [
        "2024-05-20 Two: a-b.txt",
        "2024-05-30 Three.txt",
    ]
    assert transcript(home, "2024-05-20 Two: a-b")["recording"]["columns"] == {
        "title": "Two: a/b",
        "date": "2024-05-20",
        "feed": "A show",
        "page": "https://show.example/2",
    }
    assert not any("one.wav" in path for path in web.gets())
    again = await home.run(Found(f"{web.url}/feed.xml", latest=2).recordings)
    assert again.counts == {"unchanged": 2}


async def test_one_bad_episode_never_costs_another(web: WebFiles, home: PipelineHome) -> None:
    serve(web, home, "good.wav", "double.wav")
    web.files["/page"] = b"<html>an advertisement</html>"
    web.files["/feed"] = rss(
        item("Gone", "gone.wav", 9),
        item("A page", "page", 8, type="audio/mpeg"),
        item("Only text", None, 7),
        item("Good", "good.wav", 6, guid="g"),
        item("Good again", "other.wav", 5, guid="g"),
        item("Double", "double.wav", 4),
        item("Double", "double.wav", 3),
        item("A file", "file:///etc/passwd", 2),
        item("A bucket", "s3://secrets/x.wav", 1),
        end="<item><title>Cut",
    )
    found = Found(f"{web.url}/feed", latest=99)

    report = await home.run(found.recordings)

    assert report.counts == {"done": 2, "failed": 2}
    assert {error.code for error in report.errors} == {"remote_missing", "remote_page"}
    assert sorted(path.stem for path in home.outputs.glob("*.txt")) == [
        "2024-05-04 Double",
        "2024-05-06 Good",
    ]
    [damage] = found.told("feed_damaged")
    assert "is damaged" in damage
    assert "2 episodes without a recording" in found.told("episodes_without")[0]
    left_out = " ".join(found.told("episode_address"))
    assert "A file: " in left_out
    assert "A bucket: s3://secrets/x.wav is no web address" in left_out


async def test_a_feed_that_cannot_be_read_fails_alone(web: WebFiles, home: PipelineHome) -> None:
    serve(web, home, "good.wav")
    web.files["/none.xml"] = b"<html>no feed</html>"
    inputs = [f"{web.url}/{name}" for name in ("none.xml", "gone.xml", "good.wav")]
    report = await home.run(Found(*inputs).recordings)
    assert report.counts == {"done": 1, "failed": 2}
    assert {error.code for error in report.errors} == {"feed", "remote_missing"}


def test_a_feed_is_asked_for_only_where_the_command_line_names_it(
    web: WebFiles, home: PipelineHome
) -> None:
    web.files["/feed.xml"] = rss(item("One", "one.wav"))
    names = home.base / "names.txt"
    names.write_text(f"{web.url}/feed.xml\n", encoding="utf-8")
    [listed] = Found(names=names, latest=1).recordings
    assert listed.name.endswith("/feed.xml")
    assert web.asked == []


def test_a_feed_of_the_world_does_not_lead_into_a_private_network(
    web: WebFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/feed.xml"] = rss(item("Inside", "http://127.0.0.1:1/latest/meta-data.wav"))
    assert len(Found(f"{web.url}/feed.xml").recordings) == 1, "the feed is there itself"
    assert not remote_web.leads_inside("https://127.0.0.1/", "https://127.0.0.1/a")
    assert remote_web.leads_inside("https://1.1.1.1/", "http://169.254.169.254/a")
    assert not remote_web.leads_inside("https://1.1.1.1/", "https://8.8.8.8/a")


def test_a_feed_that_never_ends_is_given_up(web: WebFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_BYTES", 3_000_000)
    web.files["/feed.xml"] = rss(item("One", "one.wav"), end=" " * 5_000_000)
    web.bare.add("/feed.xml")
    with pytest.raises(FeedError, match=r"is larger than 3\.0 MB"):
        feeds.fetch_feed(Address(f"{web.url}/feed.xml"))


def test_entities_of_a_feed_are_not_expanded() -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {name} '{f'&{before};' * 10}'>"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    outside = "<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    data = rss("<item><title>&i;&x;</title><enclosure url='/a.mp3'/></item>", before=bomb + outside)
    [episode] = parse_feed(data, ADDRESS).episodes
    assert episode.url == "https://feeds.example/a.mp3"
    assert len(episode.title) < 100
    assert "root:" not in episode.title


@pytest.mark.parametrize(
    ("date", "day"),
    [
        pytest.param("Fri, 17 May 2024 23:30:00 -0500", "2024-05-18", id="zone"),
        pytest.param("2024-05-17T10:00:00Z", "2024-05-17", id="ISO"),
        pytest.param("soon", "", id="none"),
        pytest.param("Fri, 17 May 99999 23:30:00 +0000", "", id="no year"),
    ],
)
def test_the_date_of_an_episode(date: str, day: str) -> None:
    entry = f"<item><enclosure url='a.mp3'/><pubDate>{date}</pubDate></item>"
    [episode] = parse_feed(rss(entry), ADDRESS).episodes
    assert episode.date == day


def test_an_atom_feed_is_read_too() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title><entry><id>1</id>
    <title>One</title><updated>2024-05-17T10:00:00Z</updated>
    <link rel="enclosure" type="video/mp4" href="https://media.example/1.mp4"/></entry></feed>"""
    [episode] = parse_feed(data, ADDRESS).episodes
    assert (episode.url, episode.title, episode.date) == (
        *("https://media.example/1.mp4", "One"),
        "2024-05-17",
    )
