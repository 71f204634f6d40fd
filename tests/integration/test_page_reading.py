"""The page of ``-f html`` in a real browser, opened from disk: read, heard, searched, printed."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import Visit, chromium, until
from tests.support.sounds import tone, write_wav
from tests.support.transcripts import segment, transcript

from dalston_cli.app import main
from dalston_cli.audio.source import content_digest
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_sdk.wire import AudioEvent, Chapter, SpeakerTurn, Transcript, Word

SENTENCES = (
    "Good morning, let us begin with the doors.",
    "They are green, and I will paint them on Monday.",
    "Then there is the garden, which nobody waters.",
    "The café has a garden, too.",
)
HOSTILE = '<script>document.title = "taken"</script><img src=x onerror="document.title=1">'
SEGMENT_S = 4.0


def spoken(num_segments: int, *, text: str = "") -> Transcript:
    """A conversation of two, a sentence each four seconds, every tenth word doubtful."""
    found = [
        segment(
            text or SENTENCES[number % len(SENTENCES)],
            number * SEGMENT_S,
            number * SEGMENT_S + 3.5,
            number=number,
            speaker=f"SPEAKER_0{number // 2 % 2}",
        )
        for number in range(num_segments)
    ]
    words = iter(range(10**6))
    found = [
        msgspec.structs.replace(each, words=tuple(_rated(word, next(words)) for word in each.words))
        for each in found
    ]
    whole = transcript(found, duration_s=num_segments * SEGMENT_S)
    name = msgspec.structs.replace(whole.recording, name="talk.wav")
    return msgspec.structs.replace(
        whole,
        recording=name,
        title="Doors and gardens",
        summary="The doors are green.",
        chapters=(
            Chapter(start=0.0, end=8.0, title="Doors"),
            Chapter(start=8.0, end=num_segments * SEGMENT_S, title="The garden"),
        ),
        events=(AudioEvent(start=7.6, end=8.0, label="Applause", score=0.9),),
        turns=(
            SpeakerTurn(start=0.0, end=9.0, speaker="SPEAKER_00"),
            SpeakerTurn(start=8.0, end=16.0, speaker="SPEAKER_01"),
        ),
    )


def _rated(word: Word, number: int) -> Word:
    return msgspec.structs.replace(word, confidence=0.3 if number % 10 == 9 else 0.95)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with pages of it beside."""
    place = tmp_path_factory.mktemp("pages")
    write_wav(place / "talk.wav", tone(32.0, 220.0))
    pages = {"talk": spoken(8), "hour": spoken(900), "long": spoken(9000)}
    pages["hostile"] = spoken(8, text=HOSTILE)
    for name, found in pages.items():
        target = place / f"{name}.html"
        target.write_bytes(WRITERS["html"].render(found, RenderOptions().at(target)))
    return place


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A window of 1200 pixels; the page in it must not complain, nor ask for anything elsewhere."""
    opened = Visit(browser)
    yield opened
    opened.context.close()
    assert opened.complaints == []
    assert {
        url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))
    } == set()


def now(page: Page) -> float:
    return float(page.evaluate("document.getElementById('audio').currentTime"))


def is_playing(page: Page) -> bool:
    return bool(page.evaluate("!document.getElementById('audio').paused"))


def ready(page: Page) -> Page:
    until(page, "document.getElementById('audio').readyState > 0")
    return page


def test_it_plays_and_the_words_light_up(visit: Visit, folder: Path) -> None:
    page = ready(visit.open(folder / "talk.html"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Doors and gardens")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.querySelector('.is-now')?.textContent === 'morning,'")
    assert is_playing(page)
    expect(page.locator(".is-current .text")).to_have_text(SENTENCES[0])
    page.get_by_role("button", name="Pause", exact=True).click()
    assert not is_playing(page)


def test_a_click_on_a_word_plays_from_there(visit: Visit, folder: Path) -> None:
    page = ready(visit.open(folder / "talk.html"))
    page.get_by_text("garden,", exact=True).first.click()
    until(page, "!document.getElementById('audio').paused")
    expected = spoken(8).segments[2].words[4]
    assert expected.start <= now(page) < expected.start + 2
    expect(page.locator(".is-now")).to_have_text("garden,")


def test_keys(visit: Visit, folder: Path) -> None:
    page = ready(visit.open(folder / "talk.html"))
    press = page.keyboard.press
    press("Space")
    until(page, "!document.getElementById('audio').paused")
    press("Space")
    until(page, "document.getElementById('audio').paused")
    before = now(page)
    press("ArrowRight")
    assert now(page) == pytest.approx(before + 5, abs=0.1)
    press("ArrowLeft")
    assert now(page) == pytest.approx(before, abs=0.1)
    press("n")
    doubtful = page.locator(".is-looked-at")
    assert doubtful.get_attribute("title") == "Doubtful: 30 %"
    first = doubtful.inner_text()
    press("n")
    assert page.locator(".is-looked-at").inner_text() != first
    press("p")
    expect(page.locator(".is-looked-at")).to_have_text(first)
    press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.get_by_label("Letters and signs are shortcuts").uncheck()
    press("Escape")
    at = now(page)
    press("j")
    assert now(page) == at
    press("ArrowRight")
    assert now(page) == pytest.approx(at + 5, abs=0.1)


def test_search(visit: Visit, folder: Path) -> None:
    page = visit.open(folder / "long.html")
    page.keyboard.press("/")
    page.keyboard.type("CAFE has")
    expect(page.locator("#found")).to_have_text("1 of 2250")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#found")).to_have_text("2250 of 2250")
    expect(page.locator('[data-key="s8999"]')).to_be_in_viewport()
    assert page.evaluate("CSS.highlights.get('found-now').size") == 1
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_have_text("")


def test_ten_hours_stay_smooth(visit: Visit, folder: Path) -> None:
    page = visit.open(folder / "long.html")
    for place in (0.0, 0.3, 0.9, 1.0):
        page.evaluate(f"scrollTo(0, document.body.scrollHeight * {place})")
        page.wait_for_timeout(100)
        shown = page.locator("#rows > li")
        assert 5 < shown.count() < 60
        assert page.evaluate("document.getElementsByTagName('*').length") < 1500
        assert page.evaluate(
            "[...document.querySelectorAll('#rows > li')].some((row) => {"
            " const box = row.getBoundingClientRect(); return box.top < 400 && box.bottom > 100; })"
        )
    expect(page.locator('[data-key="s8999"]')).to_be_in_viewport()
    assert page.locator("#rows > li").last.get_attribute("aria-setsize") == "9003"


def test_a_transcript_full_of_scripts_is_inert(visit: Visit, folder: Path) -> None:
    page = visit.open(folder / "hostile.html")
    expect(page.locator(".text").first).to_have_text(HOSTILE)
    assert page.title() == "Doors and gardens"
    assert page.locator("img").count() == 0


def test_the_policy_stops_a_script_that_is_not_ours(browser: Browser, folder: Path) -> None:
    visit = Visit(browser)
    page = visit.open(folder / "talk.html")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'document.title = 1'}))"
    )
    assert page.title() == "Doors and gardens"
    assert "Content Security Policy" in visit.complaints[0]
    visit.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_screen_readers_too(visit: Visit, folder: Path, scheme: str) -> None:
    visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of its literals
    page = ready(visit.open(folder / "talk.html"))
    # Playwright reads the checker's script for itself, past the page's policy.
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    page.keyboard.press("?")
    found = Axe().run(page)
    assert [each["id"] for each in found.response["violations"]] == []


def test_without_its_recording_it_says_so_and_takes_another(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    visit = Visit(browser)
    (tmp_path / "talk.html").write_bytes((folder / "talk.html").read_bytes())
    page = visit.open(tmp_path / "talk.html")
    expect(page.get_by_role("alert")).to_contain_text("talk.wav is not beside this page")
    page.get_by_label("Choose the recording").set_input_files(folder / "talk.wav")
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('audio').currentTime > 0.1")
    visit.context.close()


def test_an_embedded_recording_needs_no_file(visit: Visit, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "alone.html"
    found = spoken(8)
    wav = folder / "talk.wav"
    named = msgspec.structs.replace(found.recording, name=str(wav), digest=content_digest(wav))
    found = msgspec.structs.replace(found, recording=named)
    options = RenderOptions(embed_audio=lambda _: None)
    target.write_bytes(WRITERS["html"].render(found, options.at(target)))
    page = ready(visit.open(target))
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').currentTime > 0.1")


def test_a_link_into_the_page_leads_to_its_time(visit: Visit, folder: Path) -> None:
    page = visit.open((folder / "long.html").as_uri() + "#t=20000.5")
    expect(page.locator('[data-key="s5000"]')).to_be_in_viewport()
    expect(page.locator("#now")).to_have_text("5:33:20")


def test_a_waveform_is_drawn_and_leads_to_its_times(visit: Visit, folder: Path) -> None:
    transcript_file = folder / "waves.json"
    transcript_file.write_bytes(WRITERS["json"].render(spoken(8), RenderOptions()))
    assert main(["export", str(transcript_file), "-f", "html", "--waveform", "--quiet"]) == 0
    page = ready(visit.open(folder / "waves.html"))
    until(page, "Boolean(document.querySelector('#waveform div div')?.shadowRoot)")
    box = page.locator("#waveform").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(page, "Math.abs(document.getElementById('audio').currentTime - 16) < 0.3")
    expect(page.locator("#timeline")).to_have_attribute(
        "aria-valuetext", re.compile("0:1[56] of 0:32")
    )


def test_without_javascript_the_text_is_there(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "talk.html").as_uri())
    expect(page.locator("noscript article p").nth(1)).to_contain_text(SENTENCES[0])
    context.close()


def test_a_printer_gets_all_of_it(visit: Visit, folder: Path) -> None:
    page = visit.open(folder / "hour.html")
    count = "window.printed = document.querySelectorAll('#printed p').length"
    page.evaluate(f"addEventListener('beforeprint', () => {{ {count} }})")
    page.pdf()
    assert page.evaluate("window.printed") == 901
