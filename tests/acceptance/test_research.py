"""A researcher's work: interviews become Word and ELAN files, corrected, then without names."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from docx import Document
from playwright.sync_api import Page, expect
from pympi.Elan import Eaf  # type: ignore[import-untyped] # it has no types
from tests.acceptance.home import Home
from tests.support.browser import Visit, chromium
from tests.support.flite import utter
from tests.support.recordings import write_wav
from tests.support.review_server import ReviewServer
from tests.support.speech import needs_flite

pytestmark = needs_flite

TALK = (
    ("slt", "Where did you live before you came to this city?"),
    ("rms", "I lived in a house near the river with my mother."),
    ("slt", "What is your number?"),
    ("rms", "The number is four seven two nine."),
)
"""One microphone for each voice."""
CORRECTED = "I lived in a house near the river with Henrietta Swan, my mother."
NUMBER = TALK[3][1]
FORMATS = ("json", "docx", "eaf")
SECRETS = (  # the last is also in words of XML
    "henrietta",
    "swan",
    "four seven two nine",
    "ada",
)


def record_interview(path: Path) -> Path:
    """Record two people, each on a channel of their own."""
    spoken = [utter(text, voice).samples for voice, text in TALK]
    sides = [
        np.concatenate([part * (number % 2 == side) for number, part in enumerate(spoken)])
        for side in (0, 1)
    ]
    return write_wav(path, np.stack(sides, axis=1))


def word_text(path: Path) -> list[str]:
    """Return the paragraphs of a Word document, and the cells of its table."""
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(one.text for one in document.paragraphs), *cells]


def elan_tiers(path: Path) -> dict[str, list[str]]:
    """Return the texts of an ELAN file by tier."""
    file = Eaf(str(path))
    return {
        tier: [text for *_, text in sorted(file.get_annotation_data_for_tier(tier))]
        for tier in file.get_tier_names()
    }


@contextmanager
def reviewed(user: Home, folder: Path, recordings: Path) -> Iterator[Page]:
    """Open the first transcript of a folder in a browser, as ``dalston review`` has it."""
    words = ("review", folder, "--audio-dir", recordings, "--no-browser", "--json")
    process = user.start(*words)
    try:
        assert process.stdout is not None
        server = ReviewServer(json.loads(process.stdout.readline())["data"]["url"], process)
        with chromium() as browser:
            visit = Visit(browser)
            page = visit.open(server.url)
            page.get_by_role("link", name="talk.wav").click()
            expect(page.locator("#saving")).to_have_text("Saved")
            yield page
            assert visit.complaints == []
        assert server.stop() == 0
    finally:
        process.kill()
        process.communicate()


def correct(page: Page) -> None:
    """Correct what one said, name both, mark a sentence as checked, and load it all again."""
    answer = page.locator(".segment").nth(1)
    for place, text in ((1, CORRECTED), (3, NUMBER)):
        row = page.locator(".segment").nth(place)
        row.locator(".word").last.dblclick()
        field = page.get_by_label("Text of the segment")
        field.fill(text)
        field.press("Enter")
        expect(row.locator(".text")).to_have_text(text)
    rename(page, "SPEAKER_00", "Interviewer")
    rename(page, "SPEAKER_01", "Ada Swan")
    answer.hover()
    answer.get_by_role("button", name="Mark as checked").click()
    expect(answer).to_contain_class("checked")
    expect(page.locator("#saving")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".segment").nth(1).locator(".text")).to_have_text(CORRECTED)
    expect(page.locator(".segment").nth(1)).to_contain_class("checked")
    expect(page.locator(".segment .speaker").nth(1)).to_have_text("Ada Swan")


def rename(page: Page, label: str, name: str) -> None:
    page.get_by_role("button", name=f"Rename {label}").click()
    page.get_by_label(f"New name of {label}").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Rename {name}")).to_be_visible()


def test_interviews_are_transcribed_corrected_and_made_anonymous(
    lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    interviews, out = tmp_path / "interviews", tmp_path / "out"
    interviews.mkdir()
    record_interview(interviews / "talk.wav")
    (interviews / "call.wav").write_bytes((examples / "call.wav").read_bytes())

    def run(*words: str | Path) -> None:
        done = lasting_home.run_here(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr

    run("transcribe", interviews, "--channels", "split", "-f", "json,docx,eaf", "-o", out)
    names = {path.name for path in out.iterdir()}
    assert names == {f"{name}.{ending}" for name in ("call", "talk") for ending in FORMATS}
    machine = json.loads((out / "talk.json").read_text(encoding="utf-8"))
    said = [(one["speaker"], one["text"]) for one in machine["segments"]]
    assert [speaker for speaker, _ in said] == ["SPEAKER_00", "SPEAKER_01"] * 2
    heard, spoken = (set(text.lower().rstrip(".").split()) for text in (said[1][1], TALK[1][1]))
    assert len(heard & spoken) > len(spoken) / 2
    check_files(out / "talk", said)

    with reviewed(lasting_home, out, interviews) as page:
        correct(page)
    run("export", out / "talk.json", "-f", "docx,eaf", "-o", out, "--overwrite")

    right = [("Interviewer", said[0][1]), ("Ada Swan", CORRECTED)]
    right += [("Interviewer", said[2][1]), ("Ada Swan", NUMBER)]
    check_files(out / "talk", right)
    assert any("1 checked by a person" in text for text in word_text(out / "talk.docx"))
    assert json.loads((out / "talk.json").read_text(encoding="utf-8")) == machine

    public, key = tmp_path / "public", tmp_path / "case.key"
    run("redact", out, "--name", "Henrietta Swan", "--key", key, "-o", public)
    redacted = public / "talk.redacted.json"
    run("export", redacted, "-f", "docx,eaf", "-o", public)

    speech = "\n".join(word_text(redacted.with_suffix(".docx")))
    assert "near the river with [NAME_" in speech
    assert "[NUMBER_1]" in speech
    tiers = elan_tiers(redacted.with_suffix(".eaf"))
    speakers = {tier for tier in tiers if ":" not in tier}
    assert len(speakers) == 2
    assert all(tier.startswith("[NAME_") for tier in speakers)
    assert [secret for secret in SECRETS if secret in speech.lower()] == []
    assert [secret for secret in SECRETS if secret in json.dumps(tiers).lower()] == []
    with zipfile.ZipFile(redacted.with_suffix(".docx")) as package:
        parts = [package.read(name) for name in package.namelist()]
    for data in (*parts, redacted.with_suffix(".eaf").read_bytes(), redacted.read_bytes()):
        assert [secret for secret in SECRETS[:-1] if secret.encode() in data.lower()] == []

    back = tmp_path / "back"
    run("redact", "--restore", redacted, "--key", key, "-o", back)
    assert (back / "talk.restored.json").read_bytes() == (out / "talk.json").read_bytes()
    run("export", back / "talk.restored.json", "-f", "docx,eaf", "-o", back)
    check_files(back / "talk.restored", right)


def check_files(stem: Path, said: list[tuple[str, str]]) -> None:
    """Find what everyone said in the Word document and in the ELAN file."""
    paragraphs = word_text(Path(f"{stem}.docx"))
    for speaker, text in said:
        assert any(speaker in each and text in each for each in paragraphs), (text, paragraphs)
    tiers = elan_tiers(Path(f"{stem}.eaf"))
    for speaker in {speaker for speaker, _ in said}:
        texts = [text for each, text in said if each == speaker]
        assert tiers[speaker] == texts
        assert " ".join(tiers[f"{speaker}: words"]).split() == " ".join(texts).split()
