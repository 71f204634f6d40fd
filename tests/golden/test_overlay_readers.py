"""Media overlays: each clip is of a text that is in the page beside them."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.settings.choices import OverlayName

SMIL = "{http://www.w3.org/ns/SMIL}"
XHTML = "{http://www.w3.org/1999/xhtml}"
every = pytest.mark.parametrize("name", GOLDEN)


def render(name: str, output_format: str, overlay: OverlayName, folder: Path) -> str:
    options = RenderOptions(overlay=overlay)
    writer = WRITERS[output_format]
    return writer.text(GOLDEN[name](), options.at(folder / f"{overlay}{writer.extension}"))


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@every
@pytest.mark.parametrize("overlay", ["sentence", "word"])
def test_every_clip_is_of_a_text_that_is_there(
    name: str, overlay: OverlayName, tmp_path: Path
) -> None:
    page = ET.fromstring(render(name, "xhtml", overlay, tmp_path))
    texts = {
        identity: "".join(each.itertext())
        for each in page.iter(f"{XHTML}span")
        if (identity := each.get("id"))
    }
    clips = ET.fromstring(render(name, "smil", overlay, tmp_path)).findall(f".//{SMIL}par")
    read = []
    for clip in clips:
        text, audio = clip.find(f"{SMIL}text"), clip.find(f"{SMIL}audio")
        assert text is not None
        assert audio is not None
        file, _, identity = text.attrib["src"].partition("#")
        assert file == f"{overlay}.xhtml"
        assert seconds(audio.attrib["clipBegin"]) < seconds(audio.attrib["clipEnd"])
        read.append(texts[identity])
    body = page.find(f"{XHTML}body")
    assert body is not None
    assert "".join("".join(read).split()) == "".join("".join(body.itertext()).split())
    segments = GOLDEN[name]().segments
    assert "".join("".join(read).split()) == "".join("".join(s.text for s in segments).split())
