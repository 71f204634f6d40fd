"""What is taken of a file's own metadata, and what is not."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from dalston_cli.audio.tags import file_tags, within
from dalston_sdk.wire import Chapter, RecordingDate

TODAY = date(2026, 3, 1)
MS = Fraction(1, 1000)
CONTAINER = "creation_time"


def chapter(start: int, end: int, title: str = "", time_base: Fraction = MS) -> Any:
    metadata = {"title": title} if title else {}
    return {"id": 1, "start": start, "end": end, "time_base": time_base, "metadata": metadata}


def recorded(**tags: str) -> tuple[str, str] | None:
    found = file_tags([tags], [], today=TODAY).recorded
    return None if found is None else (found.at, found.source)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({CONTAINER: "2024-05-17T09:30:00.000000Z"}, ("2024-05-17T09:30:00Z", "container")),
        ({"date": "2024-05-17"}, ("2024-05-17", "tags")),
        ({"DATE": "2024-05-17 09:30"}, ("2024-05-17T09:30:00", "tags")),
        ({"date": "2024-05-17T09:30:00+0200"}, ("2024-05-17T09:30:00+02:00", "tags")),
        ({"date": "2024"}, None),
        ({"date": "2024-05"}, None),
        ({"date": "2024-02-30"}, None),
        ({"date": "2024-05-17T25:00:00"}, ("2024-05-17", "tags")),
        ({"date": "\x1b[31m2024-05-17"}, None),
        ({"date": "next week"}, None),
        ({"date": "1899-12-31"}, None),
        ({"date": "1955-03-02"}, ("1955-03-02", "tags")),
        ({CONTAINER: "1904-01-01T00:00:00Z"}, None),
        ({CONTAINER: "1970-01-01T00:00:00Z"}, None),
        ({CONTAINER: "1969-12-31T19:00:00-05:00"}, None),
        ({CONTAINER: "1980-01-01T00:00:10Z"}, None),
        ({CONTAINER: "2026-03-02T01:00:00Z"}, ("2026-03-02T01:00:00Z", "container")),
        ({CONTAINER: "2040-02-06T06:28:15Z"}, None),
        ({CONTAINER: "1970-01-01T00:00:00Z", "date": "2024-05-17"}, ("2024-05-17", "tags")),
        (
            {CONTAINER: "2024-05-18T00:00:00Z", "date": "2024-05-17"},
            ("2024-05-18T00:00:00Z", "container"),
        ),
        (
            {"date": "2023-01-02", CONTAINER: "10-11-12", "time_reference": "0"},
            ("2023-01-02T10:11:12", "bext"),
        ),
        ({"date": "2023-01-02", "time_reference": "0"}, ("2023-01-02", "bext")),
        ({"date": "2023-01-02", CONTAINER: "10:11:12"}, ("2023-01-02", "tags")),
        (
            {
                "com.apple.quicktime.creationdate": "2024-05-18T01:30:00+0200",
                CONTAINER: "2024-05-17T23:30:00Z",
            },
            ("2024-05-18T01:30:00+02:00", "quicktime"),
        ),
    ],
    ids=str,
)
def test_dates(tags: dict[str, str], expected: tuple[str, str] | None) -> None:
    assert recorded(**tags) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A  film\n", "A film"),
        ("\x1b]0;owned\x07News", "]0;ownedNews"),
        (" \x00 ", None),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_titles(title: str, expected: str | None) -> None:
    assert file_tags([{"title": title}], []).title == expected


def test_the_containers_tags_come_before_those_of_the_audio() -> None:
    found = file_tags([{"Title": "Film"}, {"title": "Stereo", "DATE": "2024-05-17"}], [])

    assert found.title == "Film"
    assert found.recorded == RecordingDate(at="2024-05-17", source="tags")


@pytest.mark.parametrize(
    ("chapters", "expected"),
    [
        (
            [chapter(0, 2000, "One"), chapter(2000, 4000), chapter(4000, 6000, "Three")],
            [(0.0, 2.0, "One"), (2.0, 4.0, "Chapter 2"), (4.0, 6.0, "Three")],
        ),
        ([chapter(3000, 4000, "B"), chapter(0, 9000, "A")], [(0.0, 3.0, "A"), (3.0, 4.0, "B")]),
        (
            [chapter(0, 0, "A"), chapter(5000, 5000, "B")],
            [(0.0, 5.0, "A"), (5.0, 1_000_005.0, "B")],
        ),
        ([chapter(0, 3000, "A"), chapter(0, 60, "A again", Fraction(1, 10))], [(0.0, 3.0, "A")]),
        ([chapter(0, 6000)], []),
        ([chapter(0, 6000, "All")], [(0.0, 6.0, "All")]),
        (
            [chapter(0, 6000, "\x1b[2J"), chapter(6000, 7000, "B")],
            [(0.0, 6.0, "[2J"), (6.0, 7.0, "B")],
        ),
        ([chapter(0, 1, "A", Fraction(0))], []),
        ([], []),
    ],
    ids=[
        "plain",
        "in-order",
        "no-ends",
        "twice",
        "nameless",
        "all",
        "controls",
        "no-clock",
        "none",
    ],
)
def test_chapters(chapters: list[Any], expected: list[tuple[float, float, str]]) -> None:
    found = file_tags([], chapters).chapters

    assert [(each.start, each.end, each.title) for each in found] == expected


def test_chapters_are_on_the_recordings_clock() -> None:
    found = file_tags([], [chapter(10_000, 12_000, "A"), chapter(9000, 9500, "Z")], Fraction(10))

    assert [(each.start, each.title) for each in found.chapters] == [(0.0, "Z")]


def test_there_are_not_too_many_chapters() -> None:
    many = [chapter(number, number + 1, "A") for number in range(5000)]

    assert len(file_tags([], many).chapters) == 1000


def test_a_part_of_a_recording_has_the_chapters_in_it() -> None:
    chapters = [Chapter(start=0, end=2, title="A"), Chapter(start=2, end=4, title="B")]
    chapters.append(Chapter(start=4, end=1e6, title="C"))

    found = [(each.start, each.end, each.title) for each in within(chapters, 3.0, 6.0)]

    assert found == [(3.0, 4.0, "B"), (4.0, 6.0, "C")]
