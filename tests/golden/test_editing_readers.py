"""OpenTimelineIO finds in markers for editors of video what was in the transcripts."""

import xml.etree
from xml.etree import ElementTree as ET

import opentimelineio as otio  # type: ignore[import-untyped] # it has no types
import pytest
from tests.golden.test_golden_readers import letters
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.markers import Timeline
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.writer import FrameRateError


@pytest.fixture(autouse=True)
def _old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter for XML asks for a module of this name, which Python 3.9 removed."""
    monkeypatch.setattr(xml.etree, "cElementTree", ET, raising=False)


HOUR = (1, 0, 0, 0)
rates = pytest.mark.parametrize("rate", ["24", "25", "29.97", "60"])


def timeline_of(name: str, rate: str) -> Timeline:
    return Timeline.of(GOLDEN[name](), RenderOptions(frame_rate=rate))


def whole(rate: str) -> int:
    return round(float(rate))


@rates
@pytest.mark.parametrize("name", list(GOLDEN))
def test_an_edit_list_has_an_event_for_each_marker(name: str, rate: str) -> None:
    options = RenderOptions(frame_rate=rate, start_timecode=HOUR)
    text = WRITERS["edl"].text(GOLDEN[name](), options)
    read = otio.adapters.read_from_string(text, "cmx_3600", rate=whole(rate))
    clips = [clip for track in read.tracks for clip in track if isinstance(clip, otio.schema.Clip)]
    markers = timeline_of(name, rate).markers
    first = 3600 * whole(rate)
    frames = [round(clip.source_range.start_time.value) - first for clip in clips]
    moved = [frame - marker.start for frame, marker in zip(frames, markers, strict=True)]
    assert set(moved) <= {0, 1}  # where two begin at once
    assert len(set(frames)) == len(frames)
    details = [line for line in text.splitlines() if " |C:" in line]
    assert [line.partition(" |M:")[2].partition(" |D:")[0] for line in details] == [
        marker.name.replace("|", "/") for marker in markers
    ]
    assert [int(line.partition(" |D:")[2]) for line in details] == [
        marker.duration for marker in markers
    ]


def test_without_options_markers_are_on_a_timeline_as_resolve_makes_one() -> None:
    text = WRITERS["edl"].text(GOLDEN["meeting"](), RenderOptions())
    times = [line.split()[4] for line in text.splitlines() if "  V     C  " in line]
    assert times[0] == "01:00:00:12"
    assert max(int(time[-2:]) for time in times) < 24
    own = RenderOptions(frame_rate="25", start_timecode=(0, 0, 0, 0))
    assert " 00:00:00:12 00:00:00:13 " in WRITERS["edl"].text(GOLDEN["meeting"](), own)
    assert "<string>00:00:00:00<" in WRITERS["premiere"].text(GOLDEN["meeting"](), RenderOptions())
    assert own.key != RenderOptions().key


def test_chapters_are_green_and_have_their_summary() -> None:
    lines = WRITERS["edl"].text(GOLDEN["meeting"](), RenderOptions(frame_rate="25")).splitlines()
    assert lines[:2] == ["TITLE: # Doors & *garden*", "FCM: NON-DROP FRAME"]
    assert "Who paints them. |C:ResolveColorGreen |M:1. Doors |D:138" in lines
    assert sum(" |C:ResolveColorBlue " in line for line in lines) == 4


@rates
@pytest.mark.parametrize("name", list(GOLDEN))
def test_final_cut_pro_has_markers_in_frames(name: str, rate: str) -> None:
    text = WRITERS["fcpxml"].text(GOLDEN[name](), RenderOptions(frame_rate=rate))
    expected = timeline_of(name, rate)
    root = ET.fromstring(text)
    frame = root.find("resources/format").get("frameDuration")  # type: ignore[union-attr] # it is there
    assert frame == {"24": "1/24s", "25": "1/25s", "29.97": "1001/30000s", "60": "1/60s"}[rate]
    found = [*root.iter("marker"), *root.iter("chapter-marker")]
    shown = sorted(
        (_frames(one.get("start"), rate), letters(one.get("value") or "")) for one in found
    )
    assert shown == sorted((one.start, letters(one.name)) for one in expected.markers)


def _frames(text: str | None, rate: str) -> int:
    numerator, _, denominator = (text or "").removesuffix("s").partition("/")
    exact = {"29.97": 30000 / 1001}.get(rate, float(rate))
    return round(int(numerator) / int(denominator or 1) * exact)


@rates
@pytest.mark.parametrize("name", list(GOLDEN))
def test_opentimelineio_reads_what_is_for_premiere(name: str, rate: str) -> None:
    options = RenderOptions(frame_rate=rate, start_timecode=HOUR)
    read = otio.adapters.read_from_string(
        WRITERS["premiere"].text(GOLDEN[name](), options), "fcp_xml"
    )
    expected = timeline_of(name, rate)
    assert read.name == expected.name
    assert read.global_start_time.to_frames() == 3600 * whole(rate)
    assert read.global_start_time.rate == pytest.approx(float(rate), abs=0.01)
    markers = read.tracks.markers
    assert [letters(one.name) for one in markers] == [letters(one.name) for one in expected.markers]
    assert [
        (one.marked_range.start_time.to_frames(), one.marked_range.duration.to_frames())
        for one in markers
    ] == [(one.start, one.duration) for one in expected.markers]


def test_a_format_that_does_not_know_a_frame_rate_says_so() -> None:
    error = WRITERS["stl"].unmet_need(GOLDEN["meeting"](), RenderOptions(frame_rate="24"))
    assert isinstance(error, FrameRateError)
    assert error.message == "stl knows no 24 frames a second, only 25 and 29.97"
    assert WRITERS["edl"].unmet_need(GOLDEN["meeting"](), RenderOptions(frame_rate="24")) is None
