"""Speakers are enrolled from the page: the real server and browser, and voices that are stored."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.cli.terminal import Shell
from tests.support.browser import Visit, chromium
from tests.support.places import folder_variables
from tests.support.review_server import ReviewServer, edit, review_server
from tests.support.tones import write_tones_model, write_voices

ADA, BOB, STRANGER = 1, 5, 7
AGREED = "named in our minutes, by e-mail of 1 March"
MEETING = "meeting.json"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A user with two meetings of three people, of whom one says little."""
    base = tmp_path_factory.mktemp("enrolling")
    shell = Shell(base, base)
    with pytest.MonkeyPatch.context() as patch:
        runtime = tmp_path_factory.mktemp("r")
        shell.environ |= folder_variables(base, runtime=runtime)
        shell.environ |= {"DALSTON_CATALOG_PATH": str(base / "catalog"), "DALSTON_OFFLINE": "yes"}
        write_tones_model(base / "catalog")
        for name in ("meeting", "later"):
            write_voices(base / f"{name}.wav", (STRANGER, 9), (ADA, 12), (BOB, 11))
        words = ("transcribe", "meeting.wav", "later.wav", "-f", "json", "-o", base)
        done = shell.call(*words, "--model", "speech", "--diarize")
        assert done.code == 0, done.err
        assert shell.call("engines", "stop", "--all").code == 0
        for name, value in shell.environ.items():
            patch.setenv(name, value)
        yield shell


@pytest.fixture(scope="module")
def server(shell: Shell) -> Iterator[ReviewServer]:
    with review_server(shell.work, "--roster", "team") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(server: ReviewServer, browser: Browser) -> Iterator[Page]:
    visit = Visit(browser)
    page = visit.open(server.url)
    page.get_by_role("link", name="meeting.wav").click()
    yield page
    assert [each for each in visit.requests if not each.startswith((server.base, "data:"))] == []
    assert [each for each in visit.complaints if "422" not in each] == []
    visit.context.close()


@pytest.fixture
def tab(server: ReviewServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def roster(shell: Shell) -> Path:
    return Path(shell.environ["DALSTON_STATE_DIR"]) / "speakers" / "team.json"


def people(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(roster(shell).read_text(encoding="utf-8"))["people"]
    return found


def ask(page: Page, speaker: str, name: str) -> None:
    """Fill in what the page asks."""
    page.get_by_role("button", name=f"Enrol the voice of {speaker}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("What the person agreed to").fill(AGREED)
    dialog.get_by_label("This person agreed").check()
    dialog.get_by_role("button", name="Enrol").click()


def test_a_voice_is_enrolled_with_consent_and_found_elsewhere(page: Page, shell: Shell) -> None:
    page.get_by_role("button", name="Enrol the voice of SPEAKER_01").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("This person agreed")).not_to_be_checked()
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_label("What the person agreed to").fill(AGREED)
    dialog.get_by_role("button", name="Enrol").click()
    expect(dialog.get_by_label("This person agreed")).to_be_focused()  # the browser asks for it
    assert not roster(shell).exists()
    dialog.get_by_role("button", name="Cancel").click()

    ask(page, "SPEAKER_01", "Ada")

    expect(dialog).to_contain_text("Ada is on the roster “team”, with 1 sample and 12 seconds")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert stat.S_IMODE(roster(shell).stat().st_mode) == 0o600
    [ada] = people(shell)
    [consent], [voice] = ada["consents"], ada["voices"]
    assert (consent["given_for"], bool(consent["noted_by"])) == (AGREED, True)
    assert (voice["model"], voice["dimension"], voice["seconds"]) == ("tones", 2, 12.0)
    found = shell.call("speakers", "match", "later.json", "--roster", "team", "--json")
    [match] = json.loads(found.out)["data"]
    assert {one["speaker"]: one.get("name") for one in match["matches"]} == {
        "SPEAKER_00": None,
        "SPEAKER_01": "Ada",
        "SPEAKER_02": None,
    }


def test_what_cannot_be_enrolled_is_said_and_can_be_mended(page: Page, shell: Shell) -> None:
    before = roster(shell).read_bytes()
    ask(page, "SPEAKER_00", "Zoe")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("has 9.0 s of speech, 10 s are needed")
    dialog.get_by_role("button", name="Cancel").click()

    ask(page, "SPEAKER_02", "Ada")
    expect(dialog.get_by_role("alert")).to_contain_text("is not that of Ada's other samples")
    assert roster(shell).read_bytes() == before
    dialog.get_by_label("Name").fill("Bob")
    dialog.get_by_role("button", name="Enrol").click()
    expect(dialog).to_contain_text("Bob is on the roster")
    assert [one["name"] for one in people(shell)] == ["Ada", "Bob"]


def enrol(tab: httpx2.Client, **given: object) -> httpx2.Response:
    usual = {"speaker": "SPEAKER_01", "name": "Eve", "consent": AGREED, "agreed": True}
    return tab.post("/api/voices", params={"item": MEETING}, json=usual | given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"agreed": False}, "without Eve's consent", id="not agreed"),
        pytest.param({"consent": "  "}, "without Eve's consent", id="for nothing"),
        pytest.param({"agreed": "yes"}, "this is no enrolment", id="no answer"),
        pytest.param({"roster": "other"}, "this is no enrolment", id="another roster"),
        pytest.param({"name": "Ada, Eve"}, "has ',' in it", id="no name"),
        pytest.param({"name": "SPEAKER_01"}, "such labels", id="a label"),
        pytest.param({"speaker": "Carol"}, "diarization found no such speaker", id="no voice"),
    ],
)
def test_what_is_not_agreed_or_no_voice_is_refused(
    tab: httpx2.Client, shell: Shell, given: dict[str, object], told: str
) -> None:
    before = roster(shell).read_bytes() if roster(shell).exists() else b""
    answer = enrol(tab, **given)
    assert (answer.status_code, told in answer.json()["message"]) == (422, True), answer.text
    assert (roster(shell).read_bytes() if roster(shell).exists() else b"") == before


def test_a_voice_that_a_person_took_apart_is_refused(tab: httpx2.Client) -> None:
    """And one under a name that it was given meanwhile is the same voice."""
    shown = tab.get("/api/transcript", params={"item": "later.json"}).json()
    assert shown["roster"] == "team"
    first = next(one["id"] for one in shown["segments"] if one["speaker"] == "SPEAKER_02")
    edits: list[Callable[[int], httpx2.Response]] = [
        lambda at: edit(tab, "later.json", at, op="rename", speaker="SPEAKER_01", to="Ada L."),
        lambda at: edit(tab, "later.json", at, op="speaker", segment=first, speaker="Carol"),
    ]
    for at, one in enumerate(edits):
        assert one(at).status_code == 200
    body = {"speaker": "SPEAKER_02", "name": "Bo", "consent": AGREED, "agreed": True}
    mixed = tab.post("/api/voices", params={"item": "later.json"}, json=body)
    assert (mixed.status_code, "you gave to others" in mixed.json()["message"]) == (422, True)
    body |= {"speaker": "Ada L.", "name": "Ada"}
    assert tab.post("/api/voices", params={"item": "later.json"}, json=body).json()["samples"] >= 1


def test_only_the_token_and_a_roster_allow_it(server: ReviewServer, shell: Shell) -> None:
    with server.client(with_token=False) as stranger:
        assert enrol(stranger).status_code == 401
    with review_server(shell.work / MEETING) as plain, plain.client() as tab:
        assert tab.get("/api/transcript", params={"item": MEETING}).json()["roster"] is None
        assert enrol(tab).status_code == 404
