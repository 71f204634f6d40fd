"""Foreign readers find in documents what was in the transcripts."""

import io
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree as ET

import mammoth  # type: ignore[import-untyped] # it has no types
import msgspec
import pytest
from docx import Document
from docx.shared import Emu
from odf import teletype, text  # type: ignore[import-untyped] # it has no types
from odf.opendocument import load  # type: ignore[import-untyped] # as above
from tests.support.transcripts import GOLDEN, segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.script import clean
from dalston_cli.formats.word_template import template_of
from dalston_sdk.wire import AudioEvent, Transcript

every = pytest.mark.parametrize("name", list(GOLDEN))
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def rendered(name: str, found: Transcript, options: RenderOptions | None = None) -> bytes:
    return WRITERS[name].render(found, options or RenderOptions())


def in_docx(data: bytes) -> str:
    found: str = mammoth.extract_raw_text(io.BytesIO(data)).value
    return found


def in_odt(data: bytes) -> str:
    document = load(io.BytesIO(data))
    found = (*document.getElementsByType(text.H), *document.getElementsByType(text.P))
    return "\n".join(teletype.extractText(each) for each in found)


def written(found: Transcript) -> Iterator[str]:
    """Yield every text that a reader has to find."""
    yield from (clean(each.text) for each in found.segments)
    yield from (clean(each.title) for each in found.chapters)
    yield from (clean(each.text) for each in found.action_items)
    yield from (clean(each) for each in (found.title, found.summary) if each)


def letters(shown: str) -> str:
    return "".join(shown.split())


@every
def test_mammoth_reads_the_word_document(name: str) -> None:
    found = GOLDEN[name]()
    shown = letters(in_docx(rendered("docx", found)))
    assert [each for each in written(found) if letters(each) not in shown] == []


@every
def test_odfpy_reads_the_opendocument_text(name: str) -> None:
    found = GOLDEN[name]()
    shown = letters(in_odt(rendered("odt", found)))
    assert [each for each in written(found) if letters(each) not in shown] == []


@pytest.mark.parametrize("output_format", ["docx", "odt"])
def test_the_same_transcript_gives_the_same_bytes(output_format: str) -> None:
    first, second = (rendered(output_format, GOLDEN["meeting"]()) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert file.testzip() is None


def test_an_opendocument_begins_with_its_type() -> None:
    with zipfile.ZipFile(io.BytesIO(rendered("odt", GOLDEN["meeting"]()))) as file:
        first = file.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_every_part_of_a_word_document_has_its_style() -> None:
    document = Document(io.BytesIO(rendered("docx", GOLDEN["meeting"]())))
    styles = {paragraph.style.name for paragraph in document.paragraphs if paragraph.style}
    assert styles == {"Title", "Heading 1", "Heading 2", "List Bullet", "Dalston Speech"}
    runs = [run for paragraph in document.paragraphs for run in paragraph.runs]
    assert {run.style.name for run in runs} >= {"Dalston Time", "Dalston Speaker"}


@pytest.mark.parametrize(
    ("timestamps", "expected"), [(None, True), (True, True), (False, False)], ids=str
)
@pytest.mark.parametrize("output_format", ["docx", "odt", "md"])
def test_times_can_be_left_out(output_format: str, timestamps: bool | None, expected: bool) -> None:
    found = transcript([segment("Hello there.", 61.0, 62.0)])
    data = rendered(output_format, found, RenderOptions(timestamps=timestamps))
    shown = {"docx": in_docx, "odt": in_odt}.get(output_format, _decoded)(data)
    assert ("00:01:01" in shown) is expected


def _decoded(data: bytes) -> str:
    return data.decode()


@pytest.mark.parametrize("output_format", ["docx", "odt"])
def test_arabic_runs_from_right_to_left(output_format: str) -> None:
    member = {"docx": "word/document.xml", "odt": "content.xml"}[output_format]
    with zipfile.ZipFile(io.BytesIO(rendered(output_format, GOLDEN["dialogue"]()))) as file:
        body = file.read(member).decode()
    mark = {"docx": "<w:bidi/>", "odt": 'style-name="Dalston_20_Speech_20_RTL"'}[output_format]
    [position] = [at for at in range(len(body)) if body.startswith(mark, at)]
    assert body.index("\u6771\u4eac") < position < body.index("\u0645\u0631\u062d\u0628\u0627")


def test_what_no_document_can_hold_is_replaced() -> None:
    found = transcript([segment("a\x00b\ud800c\ufffed", 0.0, 1.0)])
    assert "ab?c?d" in in_docx(rendered("docx", found))
    assert "ab?c?d" in in_odt(rendered("odt", found))


@pytest.mark.parametrize("suffix", ["docx", "dotx"])
def test_a_template_gives_styles_and_page_but_no_text(suffix: str) -> None:
    house = Document()
    house.add_paragraph("Text of the template.")
    house.styles["Title"].font.name = "House Font"
    section = house.sections[0]
    section.header.paragraphs[0].text = "University of Dalston"
    section.page_width = Emu(5_000_000)
    out = io.BytesIO()
    house.save(out)
    data = out.getvalue() if suffix == "docx" else as_template(out.getvalue())
    options = RenderOptions(docx_template=template_of(data))
    found = Document(io.BytesIO(rendered("docx", GOLDEN["meeting"](), options)))
    assert found.styles["Title"].font.name == "House Font"
    assert found.sections[0].header.paragraphs[0].text == "University of Dalston"
    assert found.sections[0].page_width == pytest.approx(5_000_000, abs=1_000)
    assert "Text of the template." not in [paragraph.text for paragraph in found.paragraphs]
    assert found.paragraphs[0].text == "# Doors & *garden*"


def as_template(data: bytes) -> bytes:
    """Return the document as Word saves a template."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as read, zipfile.ZipFile(out, "w") as copy:
        for member in read.infolist():
            content = read.read(member)
            copy.writestr(member, content.replace(b"document.main+xml", b"template.main+xml"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "no Word document"), (b"PK\x03\x04 torn", "no Word document"), (None, "without macros")],
    ids=["empty", "torn", "opendocument"],
)
def test_what_is_no_template_is_named(data: bytes | None, message: str) -> None:
    other = rendered("odt", GOLDEN["meeting"]())
    with pytest.raises(ValueError, match="no Word document" if data is None else message):
        template_of(other if data is None else data)


@every
def test_tiers_of_elan_hold_segments_and_words(name: str) -> None:
    found = GOLDEN[name]()
    root = ET.fromstring(rendered("eaf", found))
    slots = {
        each.get("TIME_SLOT_ID"): int(each.get("TIME_VALUE", "")) for each in root.iter("TIME_SLOT")
    }
    tiers = {each.get("TIER_ID", ""): each for each in root.iter("TIER")}
    said = []
    for tier_id, tier in tiers.items():
        spans = [
            (
                slots[each.get("TIME_SLOT_REF1")],
                slots[each.get("TIME_SLOT_REF2")],
                each.findtext("ANNOTATION_VALUE"),
            )
            for each in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        assert all(start < end for start, end, _ in spans)
        assert all(left[1] <= right[0] for left, right in pairwise(spans))
        if ": " not in tier_id:
            said += spans
        if tier_id.endswith(": words"):
            assert tier.get("PARENT_REF") == tier_id.removesuffix(": words")
    assert sorted(text for _, _, text in said if text) == sorted(
        clean(each.text) for each in found.segments
    )
    starts = {start for start, _, _ in said}
    assert {round(each.start * 1000) for each in found.segments} <= starts


def test_a_speaker_named_as_an_event_keeps_a_tier_of_its_own() -> None:
    laugh = AudioEvent(start=1.0, end=2.0, label="Laughter", score=0.9)
    found = transcript([segment("Hello there.", 0.0, 1.0, speaker="event: Laughter")])
    root = ET.fromstring(rendered("eaf", msgspec.structs.replace(found, events=(laugh,))))
    texts = {
        each.get("TIER_ID"): each.findtext(".//ANNOTATION_VALUE") for each in root.iter("TIER")
    }
    assert texts["event: Laughter"] == "Hello there."
    assert texts["event: Laughter'"] == "Laughter"


def test_elan_finds_the_recording_by_its_name() -> None:
    root = ET.fromstring(rendered("eaf", GOLDEN["monologue"]()))
    [media] = root.iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "./my monologue.wav"
    assert media.get("MIME_TYPE") in {"audio/x-wav", "audio/wav"}
