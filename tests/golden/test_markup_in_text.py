"""Text and names that look like markup change nothing: ffmpeg, the reader of players, is asked."""

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt
from praatio import textgrid  # type: ignore[import-untyped] # it has no types
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.look_alikes import OVERRIDES_AND_TAGS
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_cli.stages.merge.labels import name_speakers

TEXTS = (
    r"if a <b>then</b> {\an8}up & away",
    r"C:\New \h folder",
    "<font color=red>red</font> <i>",
    "{Y:i}slanted {b} 5 < 6 > 4 <3",
    "</u> --> <c.loud>x</c> <v Eve> <00:00:01.000>",
    "&lt;b&gt; &amp; &nbsp;",
    "$a$ and $$b$$, ~~no~~ **more**, <script>alert(1)</script> [x](http://y) ![z](w)",
)
ORIGINALS = str.maketrans({look: chr(mark) for mark, look in OVERRIDES_AND_TAGS.items()})

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")


def shown_by_players(file: Path) -> list[tuple[str, str]]:
    """Return what ffmpeg makes of each subtitle: its text for the screen, and its overrides."""
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "ass", "-"]
    script = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    texts = [line.split(",", 9)[9] for line in script.splitlines() if line.startswith("Dialogue: ")]
    return [(re.sub(r"\{.*?\}", "", text), "".join(re.findall(r"\{.*?\}", text))) for text in texts]


@needs_ffmpeg
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("output_format", ["srt", "ass"])
def test_players_show_it_as_it_is(tmp_path: Path, output_format: str, text: str) -> None:
    found = transcript([segment(text, 0.0, 5.0, speaker="SPEAKER_00")])
    found = name_speakers(found, {"SPEAKER_00": r"<b>{\b1}Eve"})
    options = RenderOptions(speakers=True)
    file = tmp_path / f"a.{output_format}"
    file.write_text(WRITERS[output_format].text(found, options), encoding="utf-8")
    shown = shown_by_players(file)
    assert {overrides for _, overrides in shown} == {""}
    words = " ".join(part for part, _ in shown).replace(r"\N", " ").translate(ORIGINALS)
    expected = rf"<b>{{\b1}}Eve: {text}"
    assert (
        words.split() == expected.replace("-->", "→" if output_format == "srt" else "-->").split()
    )


@needs_ffmpeg
def test_the_word_that_is_spoken_is_still_underlined(tmp_path: Path) -> None:
    options = RenderOptions(subtitles=SubtitleRules(highlight_words=True))
    file = tmp_path / "a.srt"
    found = transcript([segment("one <b> two", 0.0, 3.0)])
    file.write_text(WRITERS["srt"].text(found, options), encoding="utf-8")
    assert [overrides for _, overrides in shown_by_players(file)] == [r"{\u1}{\u0}"] * 3


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_renders_it_as_it_is(text: str) -> None:
    page = WRITERS["md"].text(transcript([segment(text, 0.0, 5.0)]), RenderOptions())
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(page)
    last = [token for token in tokens if token.type == "inline"][-1].children or []
    assert {token.type for token in last} <= {"code_inline", "text", "text_special"}
    assert "".join(token.content for token in last[1:]).split() == text.split()
    assert "$" not in re.sub(r"\\\$", "", page)


@pytest.mark.parametrize("text", [*TEXTS, 'say "no" and ""'])
def test_praat_reads_it_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.TextGrid"
    found = transcript([segment(text, 0.0, 5.0)])
    file.write_text(WRITERS["textgrid"].text(found, RenderOptions()), encoding="utf-8")
    grid = textgrid.openTextgrid(str(file), includeEmptyIntervals=False)
    assert [entry.label for entry in grid.getTier("segments").entries] == [text]


def test_a_recording_whose_name_is_a_comment_is_scored() -> None:
    found = transcript([segment("a", 0.0, 1.0, speaker="SPEAKER_00")])
    named = msgspec.structs.replace(found.recording, name=";;talk.wav")
    found = msgspec.structs.replace(found, recording=named)
    for output_format in ("ctm", "rttm"):
        rendered = WRITERS[output_format].text(found, RenderOptions())
        assert "_;;talk 1 0.000" in rendered
