"""The page's files: small, joined without a bundler, and proof against what is in a transcript."""

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from tests.support.transcripts import dialogue, meeting, segment, transcript

import dalston_cli.formats.page
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.page.assets import SERVED_CSP, inert_json, served_files, static_page
from dalston_cli.formats.page.document import page_document
from dalston_cli.formats.registry import WRITERS
from dalston_sdk.wire import Transcript

FILES = Path(dalston_cli.formats.page.__file__).parent / "files"
SCRIPTS = sorted((FILES / "js").glob("*.js"))
LARGEST_SCRIPT = 60_000
SERVED_ALONE = FILES / "js" / "enrolling.js"
MOST_LINES = 250
HOSTILE = '</script><script>alert(1)</script><!--<img src=x onerror="alert(1)"> & \u2028'


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts.append((self._inside, data))

    def all(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag and text.strip()]

    @property
    def policy(self) -> str:
        found = (one for tag, one in self.elements if tag == "meta" and "http-equiv" in one)
        return next(found)["content"] or ""


def rendered(found: Transcript, **options: object) -> str:
    return WRITERS["html"].text(found, RenderOptions(**options))  # type: ignore[arg-type] # by name


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_these_scripts_and_this_style_and_no_other() -> None:
    page = Page(rendered(meeting()))
    data, script = page.all("script")
    assert json.loads(data)["title"] == meeting().title
    directives = dict(each.split(" ", 1) for each in page.policy.split("; "))
    assert directives["script-src"] == hash_of(script)
    assert directives["style-src"].split()[0] == hash_of(page.all("style")[0])
    assert (directives["default-src"], directives["connect-src"]) == ("'none'", "'none'")


def test_the_library_for_waveforms_comes_with_a_waveform_only() -> None:
    document = page_document(meeting())
    assert "WaveSurfer=" not in static_page(document)
    page = Page(static_page({**document, "peaks": [0, 255], "peaks_per_second": 1}))
    policy = dict(each.split(" ", 1) for each in page.policy.split("; "))["script-src"]
    assert policy.split() == [hash_of(script) for script in page.all("script")[1:]]


def test_the_script_is_small_and_so_are_its_modules() -> None:
    joined = Page(rendered(meeting())).all("script")[1]
    assert len(joined.encode()) + SERVED_ALONE.stat().st_size <= LARGEST_SCRIPT
    assert {file.name: lines for file in SCRIPTS if (lines := len(_lines(file))) > MOST_LINES} == {}


def test_a_page_that_opens_from_disk_cannot_enrol_a_voice() -> None:
    page = rendered(meeting())
    assert "This person agreed to it" in SERVED_ALONE.read_text(encoding="utf-8")
    assert "This person agreed to it" not in page
    assert "roster" not in json.loads(Page(page).all("script")[0])


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def test_joined_modules_have_no_name_in_common_and_nothing_of_modules_left() -> None:
    joined = Page(rendered(meeting())).all("script")[1]
    assert not re.search(r"^(import|export)\b", joined, re.MULTILINE)
    names = Counter(
        name
        for file in SCRIPTS
        for line in _lines(file)
        for name in re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", line)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=[file.name for file in SCRIPTS])
def test_no_module_parses_markup_or_text_as_a_program(file: Path) -> None:
    risky = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|DOMParser"
    assert re.findall(risky, file.read_text(encoding="utf-8")) == []


def test_a_hostile_transcript_is_text_wherever_it_stands() -> None:
    found = transcript([segment(HOSTILE, 0.0, 5.0, speaker=HOSTILE)])
    found = msgspec.structs.replace(found, title=HOSTILE, summary=HOSTILE, language='en"><script>')
    plain, page = Page(rendered(transcript([]))), Page(rendered(found, speakers=True))
    added = Counter(tag for tag, _ in page.elements) - Counter(tag for tag, _ in plain.elements)
    assert set(added) <= {"section", "p", "time", "b"}
    assert json.loads(page.all("script")[0])["segments"][0]["speaker"] == HOSTILE
    assert Counter(
        tag for tag, _ in Page(rendered(found, html_fragment=True, speakers=True)).elements
    ) == {
        **dict.fromkeys(("article", "h1", "section", "time", "b"), 1),
        "p": 2,
    }


@pytest.mark.parametrize("text", [HOSTILE, "\u2029<!--", "𝄞 ünï", '"\\'])
def test_inert_json_is_the_same_json(text: str) -> None:
    written = inert_json({"text": text})
    assert json.loads(written) == {"text": text}
    assert not set(written) & set("<>&\u2028\u2029")


def test_the_article_has_times_in_seconds_and_semantic_elements() -> None:
    page = Page(rendered(dialogue(), html_fragment=True))
    article, *_ = page.elements
    assert article == ("article", {"class": "dalston-transcript", "lang": "ja"})
    starts = [(tag, one.get("data-start")) for tag, one in page.elements if "data-start" in one]
    assert starts == [("p", "1.000"), ("p", "5.500"), ("p", "10.000")]
    assert [one.get("dir") for tag, one in page.elements if tag == "p"] == [None, "rtl", None]
    assert page.all("b") == ["SPEAKER_00:", "SPEAKER_01:"]
    untimed = Page(rendered(dialogue(), html_fragment=True, timestamps=False, speakers=False))
    assert {"time", "b"} & {tag for tag, _ in untimed.elements} == set()


@pytest.mark.parametrize(
    ("options", "speakers", "times"),
    [
        pytest.param({}, ["SPEAKER_00", "SPEAKER_01"], True, id="as-it-is"),
        pytest.param({"speakers": False}, [], True, id="no-speakers"),
        pytest.param({"timestamps": False}, ["SPEAKER_00", "SPEAKER_01"], False, id="no-times"),
    ],
)
def test_options_of_documents_count(
    options: dict[str, object], speakers: list[str], times: bool
) -> None:
    document = json.loads(Page(rendered(dialogue(), **options)).all("script")[0])
    assert [each["name"] for each in document["speakers"]] == speakers
    assert document["times"] is times
    assert bool(document["overlaps"]) is bool(speakers)


def test_the_served_files_name_each_other() -> None:
    files = served_files()
    page = Page(files["/"][1].decode())
    named = {
        address
        for tag, one in page.elements
        if tag in {"script", "link"}
        and (address := one.get("src") or one.get("href")) not in {None, "data:,"}
    }
    assert named == {"/style.css", "/vendor/wavesurfer.min.js", "/js/main.js"}
    assert named <= files.keys()
    imported = {
        f"/js/{name}"
        for file in SCRIPTS
        for name in re.findall(
            r'(?:from |import\()"\./([\w-]+\.js)"', file.read_text(encoding="utf-8")
        )
    }
    assert imported | {"/js/main.js"} == {path for path in files if path.startswith("/js/")}
    assert page.all("script") == []
    assert "unsafe" not in SERVED_CSP


def test_vendored_files_are_what_their_list_says() -> None:
    listed = (FILES / "vendor" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` .* `([^`]+)` \| `([0-9a-f]{64})` \|$", listed, re.MULTILINE)
    assert {name for name, _, _ in rows} == {file.name for file in (FILES / "vendor").glob("*.js")}
    for name, licence, digest in rows:
        assert hashlib.sha256((FILES / "vendor" / name).read_bytes()).hexdigest() == digest
        assert "Redistribution" in (FILES / "vendor" / licence).read_text(encoding="utf-8")
