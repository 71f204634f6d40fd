"""What correcting on the page of ``dalston review`` feels like: cursor, focus, keys, two tabs."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from tests.support.browser import Visit, chromium
from tests.support.review_server import ReviewServer, review_server, write_transcript
from tests.support.transcripts import segment, transcript

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
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewServer]:
    """A folder with two transcripts, without recordings."""
    del browser  # where there is none, no server is needed
    folder = tmp_path_factory.mktemp("review")
    found = transcript(
        [
            segment(text, n * 4.0, n * 4.0 + 3.5, number=n, speaker=("Grace", "Tom")[n % 2])
            for n, text in enumerate(TEXTS)
        ],
        duration_s=16.0,
    )
    write_transcript(folder / "talk.json", msgspec.structs.replace(found, title="<b>The lathe</b>"))
    write_transcript(folder / "other.json", found)
    with review_server(folder) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: ReviewServer) -> Iterator[Visit]:
    """The page of the transcript; it asks loopback alone, and has no faults."""
    opened = Visit(browser)
    opened.open(server.url)
    opened.page.get_by_role("link", name="<b>The lathe</b>").click()
    expect(row(opened.page, 0)).to_be_visible()
    yield opened
    assert [each for each in opened.complaints if "409" not in each] == []
    assert [one for one in opened.requests if not one.startswith((server.base, "data:"))] == []
    opened.context.close()


def row(page: Page, index: int) -> Locator:
    return page.locator("#rows > .segment").nth(index)


def text(page: Page, index: int) -> Locator:
    return row(page, index).locator(".text")


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_text("Saved")


def correct(page: Page, index: int, new: str) -> None:
    row(page, index).hover()
    row(page, index).get_by_role("button", name="Edit").click()
    page.get_by_label("Text of the segment").fill(new)
    page.keyboard.press("Enter")


def test_the_cursor_is_at_the_word_and_the_focus_comes_back(visit: Visit) -> None:
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
    expect(page.locator(".word.human")).to_have_text("meet")
    expect(row(page, 0).locator(".time")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(text(page, 0)).to_have_text(TEXTS[0])
    page.keyboard.press("Control+y")
    expect(text(page, 0)).to_have_text(TEXTS[0].replace("meat", "meet"))


def test_checked_segments_stay_checked_and_the_focus_stays_where_it_was(visit: Visit) -> None:
    page = visit.page
    button = row(page, 0).get_by_role("button", name="Check")
    button.focus()
    page.keyboard.press("Enter")
    expect(row(page, 0)).to_have_class(re.compile(r"\bchecked\b"))
    expect(row(page, 0).get_by_role("button", name="Checked", pressed=True)).to_be_focused()


def test_an_edit_that_cannot_be_sent_waits_until_it_can(visit: Visit) -> None:
    page = visit.page
    visit.context.set_offline(offline=True)
    correct(page, 1, "I sold a lathe.")
    expect(page.locator("#saving")).to_contain_text("Not saved: the server is not there")
    visit.context.set_offline(offline=False)
    expect(page.locator("#saving")).to_have_text("Saved")
    page.reload()
    expect(text(page, 1)).to_have_text("I sold a lathe.")
    visit.complaints.clear()  # of the requests that failed


def test_without_the_token_the_page_shows_nothing(browser: Browser, server: ReviewServer) -> None:
    visit = Visit(browser)
    page = visit.open(server.base + "/#item=talk.json")
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


def test_a_speaker_is_renamed_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Rename Tom").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("New name of Tom")
    expect(field).to_be_focused()
    assert (
        field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
        == "Tom"
    )
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.keyboard.type("e c n")  # letters that are shortcuts elsewhere
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rename Tom")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("  ")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()  # no name is none
    page.keyboard.type("Thomas")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename Thomas")).to_be_focused()
    expect(page.locator("#rows .speaker")).to_have_text(["Grace", "Thomas", "Grace", "Thomas"])
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Rename Tom")).to_be_visible()
    visit.complaints.clear()  # the checker tries styles of its own, which the policy forbids


def test_a_name_that_is_being_typed_outlasts_what_another_tab_changes(
    visit: Visit, browser: Browser, server: ReviewServer
) -> None:
    page = visit.page
    page.get_by_role("button", name="Rename Tom").click()
    page.get_by_label("New name of Tom").fill("Tomm")
    beside = Visit(browser)
    other = beside.open(server.url)
    other.get_by_role("link", name="<b>The lathe</b>").click()
    correct(other, 3, "It stood in the hall for a year.")
    saved(other)
    expect(text(page, 3)).to_have_text("It stood in the hall for a year.")
    expect(page.get_by_label("New name of Tom")).to_be_focused()
    expect(page.get_by_label("New name of Tom")).to_have_value("Tomm")
    other.get_by_role("button", name="Rename Tom").click()
    other.get_by_label("New name of Tom").fill("Thomas")
    other.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename Thomas")).to_be_visible()
    expect(page.get_by_label("New name of Tom")).to_have_count(0)
    for _ in range(2):
        other.keyboard.press("Control+z")
    expect(text(other, 3)).to_have_text(TEXTS[3])
    beside.context.close()


def test_a_segment_is_given_to_a_speaker_who_is_new(visit: Visit) -> None:
    page = visit.page
    row(page, 0).hover()
    row(page, 0).get_by_label("Speaker", exact=True).select_option("another…")
    field = page.get_by_label("Name of the speaker")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, 0).get_by_label("Speaker", exact=True)).to_be_focused()
    expect(row(page, 0).get_by_label("Speaker", exact=True)).to_have_value("Grace")
    row(page, 0).get_by_label("Speaker", exact=True).select_option("another…")
    page.keyboard.type("Ida")
    page.keyboard.press("Enter")
    expect(row(page, 0).locator(".speaker")).to_have_text("Ida")
    expect(row(page, 0).locator(".time")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(row(page, 0).locator(".speaker")).to_have_text("Grace")


def test_speakers_are_changed_renamed_and_made_one(visit: Visit) -> None:
    page = visit.page
    row(page, 1).hover()
    row(page, 1).get_by_label("Speaker").select_option("Grace")
    expect(row(page, 1).locator(".speaker")).to_have_count(0)
    expect(row(page, 2).locator(".speaker")).to_have_count(0)
    page.get_by_role("button", name="Rename Tom").click()
    page.get_by_label("New name of Tom").fill("Grace")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".people .who")).to_have_count(1)
    expect(page.locator("#rows .speaker")).to_have_text(["Grace"])
