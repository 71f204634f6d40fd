"""The page of ``dalston serve``: the real server, the fake engine, a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from tests.support.browser import Visit, chromium
from tests.support.pipeline_home import write_recording
from tests.support.served import Served, ServerHome, served

HOSTILE = "<img src=x onerror=alert(1)>.wav"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    home = ServerHome()
    home.environ["TOKEN_OF_ADA"] = home.token("ada")
    home.environ["TOKEN_OF_BEA"] = home.token("bea", "--scope", "jobs")
    with served(home, "--jobs", "2") as server:
        yield server
        assert server.stop() == 0
    home.close()


@pytest.fixture(scope="module")
def browser(server: Served) -> Iterator[Browser]:
    """A browser that is closed before the server: what ends that has a loop of its own."""
    del server
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: Served) -> Iterator[Visit]:
    """A tab at the server, which asks for a token."""
    visit = Visit(browser)
    visit.open(server.url)
    yield visit
    assert [each for each in visit.requests if not each.startswith((server.url, "data:"))] == []
    expected = ("status of 40",)
    assert [each for each in visit.complaints if not any(e in each for e in expected)] == []
    visit.context.close()


def sign_in(page: Page, server: Served, name: str = "ADA") -> None:
    page.locator("#token").fill(server.home.environ[f"TOKEN_OF_{name}"])
    page.locator("#token").press("Enter")
    expect(page.locator("#ask-token")).to_be_hidden()


def send(page: Page, *files: Path) -> None:
    page.locator("#files").set_input_files(list(files))
    page.locator("#start").click()


def row(page: Page, name: str) -> Locator:
    return page.locator("#jobs .job").filter(has=page.get_by_text(name, exact=True)).first


def violations(page: Page) -> list[tuple[str, str]]:
    results = Axe().run(page)
    return [
        (one["id"], node["html"][:200])
        for one in results.response["violations"]
        for node in one["nodes"]
    ]


def test_a_token_is_asked_for_and_stays_in_the_tab(visit: Visit, server: Served) -> None:
    page = visit.page
    expect(page.get_by_role("dialog", name="This server asks for a token")).to_be_visible()
    assert violations(page) == []
    page.locator("#token").fill("nonsense")
    page.locator("#token").press("Enter")
    expect(page.locator("#token-problem")).to_have_text("The token is wrong.")
    sign_in(page, server)
    page.reload()
    expect(page.locator("#no-jobs, #jobs .job").first).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    expect(page.locator("#status")).to_contain_text("Free memory")
    assert page.locator("#models li").count() > 0
    assert page.locator("#engines li").count() > 0
    other = visit.context.new_page()
    other.goto(server.url)
    expect(other.get_by_role("dialog")).to_be_visible()
    other.close()
    page.get_by_role("button", name="Forget the token").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_recording_goes_up_and_its_transcript_comes_down(
    visit: Visit, server: Served, tmp_path: Path
) -> None:
    page = visit.page
    sign_in(page, server)
    talk = write_recording(tmp_path / "talk.wav", seconds=2, seed=1)
    expect(page.locator("#start")).to_be_disabled()
    page.locator("#model").select_option("speech")
    page.get_by_label("Language").fill("English")
    page.get_by_label("who speaks").check()
    page.get_by_label("Number of speakers").fill("2")
    send(page, talk)
    job = row(page, "talk.wav")
    expect(job.locator(".state")).to_have_text("done, 0:02")
    expect(page.locator("#announcer")).to_have_text("talk.wav: done")

    job.get_by_label("Format of talk.wav").select_option("srt")
    with page.expect_download() as download:
        job.get_by_role("button", name="Download talk.wav").click()
    assert download.value.suggested_filename == "talk.srt"
    assert Path(download.value.path()).read_text("utf-8").startswith("1\n00:00:00")

    with page.context.expect_page() as opened:
        job.get_by_role("button", name="Open talk.wav").click()
    transcript = opened.value
    expect(transcript.locator(".segment .text").first).to_be_visible()
    assert transcript.locator(".segment .speaker").count() > 0
    assert transcript.evaluate("origin") == "null"  # it cannot reach the token
    transcript.reload()
    expect(transcript.locator(".segment .text").first).to_be_visible()
    transcript.close()

    assert violations(page) == []
    job.get_by_role("button", name="Remove talk.wav").click()
    expect(row(page, "talk.wav")).to_have_count(0)


def test_what_fails_says_why_and_no_name_is_markup(
    visit: Visit, server: Served, tmp_path: Path
) -> None:
    page = visit.page
    sign_in(page, server)
    broken = tmp_path / HOSTILE
    broken.write_bytes(b"no sound")
    page.locator("#model").select_option("speech")
    send(page, broken, write_recording(tmp_path / "good.wav", seconds=1, seed=2))
    expect(row(page, HOSTILE).locator(".state")).to_have_text("failed")
    expect(row(page, HOSTILE).locator(".job-why")).to_contain_text("no")
    expect(row(page, "good.wav").locator(".state")).to_contain_text("done")
    assert page.locator("#jobs img").count() == 0

    page.locator("#model").select_option("silent")
    page.get_by_label("Language").fill("nonsense")
    send(page, tmp_path / "good.wav")
    expect(page.locator("#trouble")).to_contain_text("good.wav")
    assert page.locator("#jobs .job").count() == 2


def test_the_page_works_with_the_keyboard_in_any_width_and_both_themes(
    browser: Browser, server: Served, tmp_path: Path
) -> None:
    for width, scheme in ((390, "dark"), (800, "light")):
        visit = Visit(browser, width=width)
        page = visit.open(server.url)
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        sign_in(page, server, "BEA")
        page.locator("#files").focus()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        name = f"{scheme}.wav"
        chooser.value.set_files(write_recording(tmp_path / name, seconds=1, seed=width))
        expect(page.locator("#chosen li")).to_have_count(1)
        page.locator("#start").press("Enter")
        expect(page.locator("#files")).to_be_focused()
        expect(row(page, name).locator(".state")).to_contain_text("done")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page) == []
        row(page, name).get_by_role("button", name=f"Remove {name}").press("Enter")
        expect(row(page, name)).to_have_count(0)
        visit.context.close()


def test_an_address_of_a_page_is_for_its_job_alone(server: Served, tmp_path: Path) -> None:
    with server.client(server.home.environ["TOKEN_OF_ADA"]) as client:
        recording = write_recording(tmp_path / "a.wav", seconds=1, seed=3)
        sent = {"file": ("a.wav", recording.read_bytes())}
        job = client.post("/v1/jobs", files=sent, data={"options": '{"model": "speech"}'}).json()
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
            events.read()
        made = client.post(f"/v1/jobs/{job['id']}/page")
        assert made.status_code == 201
        path = made.json()["path"]
        with server.client() as anyone:
            shown = anyone.get(path)
            assert shown.status_code == 200
            assert shown.headers["content-security-policy"].startswith("sandbox allow-scripts")
            assert "allow-same-origin" not in shown.headers["content-security-policy"]
            assert anyone.get(f"{path}x").status_code == 404
            for page in ("/", "/page/main.js", "/page/dom.js", "/page/style.css"):
                assert "script-src 'self'" in anyone.get(page).headers["content-security-policy"]
            assert anyone.get("/page/%2e%2e/tokens.json").status_code == 404
            assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
            assert anyone.get(path).status_code == 404
        with server.client(server.home.environ["TOKEN_OF_BEA"]) as bea:
            assert bea.post(f"/v1/jobs/{job['id']}/page").status_code == 404
