"""The page of ``dalston review`` in a real browser: corrected, saved, seen by another tab."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from tests.support.browser import Visit, chromium, until
from tests.support.sounds import tone, write_wav
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS

TEXTS = (
    "We met at a swap meat in Dalston.",
    "I was selling a lathe that I could not carry home.",
    "And I bought it.",
    "It stood in the kitchen for a year.",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A folder with a transcript and its recording, and the address where it is reviewed."""
    del browser  # where there is none, no server is needed
    folder = tmp_path_factory.mktemp("review")
    write_wav(folder / "talk.wav", tone(16.0, 220.0))
    found = transcript(
        [
            segment(text, n * 4.0, n * 4.0 + 3.5, number=n, speaker=("Grace", "Tom")[n % 2])
            for n, text in enumerate(TEXTS)
        ],
        duration_s=16.0,
    )
    named = msgspec.structs.replace(found.recording, name="talk.wav")
    found = msgspec.structs.replace(found, recording=named, title="<b>The lathe</b>")
    (folder / "talk.json").write_bytes(WRITERS["json"].render(found, RenderOptions()))
    command = [sys.executable, "-m", "dalston_cli", "review", str(folder), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        address = next(line for line in process.stdout if line.startswith("http://")).strip()
        yield address, folder
        process.terminate()
        process.stdout.close()


@pytest.fixture
def visit(browser: Browser, server: tuple[str, Path]) -> Iterator[Visit]:
    """The page of the transcript as the machine made it; it asks loopback alone."""
    address, folder = server
    (folder / "talk.corrections.jsonl").unlink(missing_ok=True)
    opened = Visit(browser)
    opened.open(address.split("&item=")[0])
    opened.page.get_by_role("link", name="The lathe").click()
    expect(row(opened.page, 0)).to_contain_text(TEXTS[0])
    yield opened
    opened.context.close()
    assert [each for each in opened.complaints if "409" not in each] == []
    host = address.split("#")[0]
    assert {url for url in opened.requests if not url.startswith((host, "data:"))} == set()


def row(page: Page, index: int) -> Locator:
    return page.locator("#rows > .segment").nth(index)


def text(page: Page, index: int) -> Locator:
    return row(page, index).locator(".text")


def corrections(server: tuple[str, Path]) -> list[dict[str, object]]:
    lines = (server[1] / "talk.corrections.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_text("Saved")


def correct(page: Page, index: int, new: str) -> None:
    row(page, index).hover()
    row(page, index).get_by_role("button", name="Edit").click()
    page.get_by_label("Text of the segment").fill(new)
    page.keyboard.press("Enter")


def test_a_word_is_corrected_in_place_and_is_there_after_a_reload(
    visit: Visit, server: tuple[str, Path]
) -> None:
    page = visit.page
    assert "token" not in page.url
    page.get_by_text("meat", exact=True).dblclick()
    field = page.get_by_label("Text of the segment")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.selectionStart") == TEXTS[0].index("meat")
    for letter in ("Delete",) * 4:
        page.keyboard.press(letter)
    page.keyboard.type("meet")
    page.keyboard.press("Enter")
    expect(text(page, 0)).to_have_text("We met at a swap meet in Dalston.")
    expect(page.locator(".word.human")).to_have_text("meet")
    expect(row(page, 0).locator(".time")).to_be_focused()
    saved(page)
    assert len(corrections(server)) == 2
    page.reload()
    expect(text(page, 0)).to_have_text("We met at a swap meet in Dalston.")
    page.get_by_text("meet", exact=True).click()
    until(page, "document.getElementById('audio').currentTime > 0.5")


def test_undo_and_redo(visit: Visit) -> None:
    page = visit.page
    correct(page, 2, "And I took it.")
    expect(text(page, 2)).to_have_text("And I took it.")
    page.keyboard.press("Control+z")
    expect(text(page, 2)).to_have_text(TEXTS[2])
    page.get_by_role("button", name="Redo").click()
    expect(text(page, 2)).to_have_text("And I took it.")


def test_a_segment_is_split_at_the_cursor_and_merged_again(visit: Visit) -> None:
    page = visit.page
    page.get_by_text("lathe", exact=True).dblclick()
    page.keyboard.press("Control+Enter")
    expect(text(page, 1)).to_have_text("I was selling a")
    expect(text(page, 2)).to_have_text("lathe that I could not carry home.")
    expect(text(page, 3)).to_have_text(TEXTS[2])
    row(page, 1).hover()
    row(page, 1).get_by_role("button", name="Merge").click()
    expect(text(page, 1)).to_have_text(TEXTS[1])
    expect(text(page, 2)).to_have_text(TEXTS[2])


def test_speakers_are_changed_renamed_and_made_one(visit: Visit) -> None:
    page = visit.page
    row(page, 1).hover()
    row(page, 1).get_by_label("Speaker").select_option("Grace")
    expect(row(page, 1).locator(".speaker")).to_have_count(0)
    expect(row(page, 2).locator(".speaker")).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept("Grace"))
    page.get_by_role("button", name="Rename Tom").click()
    expect(page.locator(".people .who")).to_have_count(1)
    expect(page.locator("#rows .speaker")).to_have_text(["Grace"])


def test_checked_segments_stay_checked_and_the_focus_stays_where_it_was(visit: Visit) -> None:
    page = visit.page
    button = row(page, 0).get_by_role("button", name="Check")
    button.focus()
    page.keyboard.press("Enter")
    expect(row(page, 0)).to_have_class(re.compile(r"\bchecked\b"))
    expect(row(page, 0).get_by_role("button", name="Checked", pressed=True)).to_be_focused()
    page.reload()
    expect(row(page, 0).get_by_role("button", name="Checked")).to_have_count(1)


def test_two_tabs_do_not_overwrite_each_other(visit: Visit) -> None:
    page, other = visit.page, visit.context.new_page()
    other.goto("about:blank")
    address = page.url.split("#")[0]
    token = page.evaluate("sessionStorage.getItem('dalston-token')")
    other.goto(f"{address}#token={token}&item=talk.json")
    expect(text(other, 3)).to_have_text(TEXTS[3])
    row(page, 3).hover()
    row(page, 3).get_by_role("button", name="Edit").click()
    page.get_by_label("Text of the segment").fill("It stood in my kitchen.")
    correct(other, 3, "It stood in the kitchen for two years.")
    saved(other)
    expect(page.locator("#saving")).to_contain_text("Changed in another tab")
    expect(page.get_by_label("Text of the segment")).to_have_value("It stood in my kitchen.")
    page.keyboard.press("Escape")
    expect(text(page, 3)).to_have_text("It stood in the kitchen for two years.")
    correct(page, 0, "We met in Dalston.")
    expect(text(other, 0)).to_have_text("We met in Dalston.")


def test_without_the_token_the_page_shows_nothing(
    browser: Browser, server: tuple[str, Path]
) -> None:
    visit = Visit(browser)
    page = visit.open(server[0].split("#")[0] + "#item=talk.json")
    expect(page.get_by_role("alert")).to_contain_text("Open the address that")
    visit.context.close()


def test_editing_is_for_screen_readers_too(visit: Visit) -> None:
    page = visit.page
    row(page, 0).get_by_role("button", name="Edit").focus()
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text of the segment")).to_be_focused()
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    visit.complaints.clear()  # the checker tries styles of its own, which the policy forbids
