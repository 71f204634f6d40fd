"""A review from its beginning to its end: the real server, the real page, a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.support.browser import Visit, chromium, until
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables
from tests.support.review_server import ReviewServer, review_server, write_transcript
from tests.support.sounds import tone, write_wav
from tests.support.transcripts import recording, segment, transcript

SAID = ("we will meat at the station", "bring an umbrella", "it is going to rain", "good bye")
Visitor = Callable[[], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("review")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ReviewServer]:
    for name in ("talk", "other"):
        segments = [
            segment(text, 4.0 * at, 4.0 * at + 3.5, number=at, speaker=f"SPEAKER_0{at % 2}")
            for at, text in enumerate(SAID)
        ]
        made = transcript(segments, duration_s=16.0)
        named = msgspec.structs.replace(made, recording=recording(f"{name}.wav", 16.0))
        write_transcript(folder / f"{name}.json", named)
    write_wav(folder / "talk.wav", tone(16.0, 220.0))
    with review_server(folder) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: ReviewServer) -> Iterator[Visitor]:
    """Open a tab of its own with the address that was printed, and choose the talk."""
    visits: list[Visit] = []

    def open_tab() -> Page:
        visits.append(Visit(browser))
        page = visits[-1].open(server.url)
        page.get_by_role("link", name="talk.wav").click()
        expect(page.locator("#saving")).to_have_text("Saved")
        return page

    yield open_tab
    for one in visits:
        assert [each for each in one.requests if not each.startswith((server.base, "data:"))] == []
        assert [each for each in one.complaints if "409" not in each] == []
        one.context.close()


def text_of(page: Page, name: str) -> Locator:
    return page.locator(f'.segment[data-key="{name}"] .text')


def change(page: Page, name: str, text: str, *, key: str = "Enter") -> None:
    """Double-click a word, type another text, and end with a key."""
    text_of(page, name).locator(".word").first.dblclick()
    field = page.get_by_label("Text of the segment")
    field.fill(text)
    field.press(key)


def choose(page: Page, name: str, button: str) -> None:
    row = page.locator(f'.segment[data-key="{name}"]')
    row.hover()
    row.get_by_role("button", name=button).click()


def exported(folder: Path, output_format: str) -> str:
    words = ("export", folder / "talk.json", "-f", output_format, "-o", "-")
    done = run_dalston(*words, environ=folder_variables(folder.parent / "dalston"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_word_is_corrected_and_stays_so(visit: Visitor, folder: Path) -> None:
    page = visit()
    change(page, "s0", "we will meet at the station")
    expect(page.locator("#saving")).to_have_text("Saved")
    expect(text_of(page, "s0").locator(".human")).to_have_text(["meet"])
    page.reload()
    expect(text_of(page, "s0")).to_have_text("we will meet at the station")
    assert "we will meet at the station" in exported(folder, "txt")

    page.locator("#undo").click()
    expect(text_of(page, "s0")).to_have_text(SAID[0])
    page.locator("#redo").click()
    expect(text_of(page, "s0")).to_have_text("we will meet at the station")


def test_a_second_tab_sees_the_edit_and_is_told_of_a_conflict(visit: Visitor) -> None:
    first, second = visit(), visit()
    change(first, "s3", "good night")
    expect(text_of(second, "s3")).to_have_text("good night")

    text_of(second, "s3").locator(".word").first.dblclick()
    second.get_by_label("Text of the segment").fill("see you")
    change(first, "s3", "good morning")
    expect(second.locator("#saving")).to_contain_text("Changed in another tab")
    expect(second.locator("#saving")).to_contain_text("see you")
    expect(second.get_by_label("Text of the segment")).to_have_value("see you")
    expect(text_of(first, "s3")).to_have_text("good morning")


def test_segments_and_speakers_are_corrected_and_exported(visit: Visitor, folder: Path) -> None:
    page = visit()
    text_of(page, "s2").locator(".word").nth(2).dblclick()
    field = page.get_by_label("Text of the segment")
    field.evaluate("field => field.setSelectionRange(5, 5)")
    field.press("Control+Enter")
    split = page.locator('.segment[data-key^="s2+"] .text')
    expect(split).to_have_text("going to rain")
    expect(text_of(page, "s2")).to_have_text("it is")

    choose(page, "s1", "Merge with next")
    expect(text_of(page, "s1")).to_have_text("bring an umbrella it is")

    page.get_by_role("button", name="Rename SPEAKER_00").click()
    page.get_by_label("New name of SPEAKER_00").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.locator(".segment .speaker").first).to_have_text("Ada")

    choose(page, "s1", "Mark as checked")
    expect(page.locator('.segment[data-key="s1"]')).to_contain_class("checked")
    expect(page.locator("#saving")).to_have_text("Saved")

    text = exported(folder, "txt")
    assert "Ada: we will" in text
    assert "bring an umbrella it is" in text
    assert "1 checked by a person, of 4 segments" in exported(folder, "md")
    page.reload()
    expect(text_of(page, "s1")).to_have_text("bring an umbrella it is")
    page.get_by_role("link", name="Transcripts").click()
    expect(page.get_by_role("link", name="talk.wav")).to_contain_text("25 % checked")


def test_the_recording_plays_from_a_word(visit: Visitor) -> None:
    page = visit()
    text_of(page, "s0").locator(".word").nth(3).click()
    until(page, "document.getElementById('audio').currentTime > 1")
    played = page.evaluate("document.getElementById('audio').currentTime")
    assert 1.0 < played < 4.0


def test_space_plays_after_a_click_and_does_not_click_again(visit: Visitor) -> None:
    page = visit()
    choose(page, "s3", "Mark as checked")
    row = page.locator('.segment[data-key="s3"]')
    expect(row).to_contain_class("checked")
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').currentTime > 0")
    expect(row).to_contain_class("checked")
