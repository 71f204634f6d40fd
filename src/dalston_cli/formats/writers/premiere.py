"""Markers for Premiere Pro: an empty sequence that has them, in the XML of Final Cut Pro 7.

Resolve and Avid read it, too.

Reference:
    Apple, Final Cut Pro XML Interchange Format, version 4: ``sequence``, ``marker``.
"""

from xml.etree import ElementTree as ET

from dalston_cli.formats.markers import Marker, Timeline
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.subtitles.timecode import timecode, whole
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the document; times are whole frames."""
    timeline = Timeline.of(transcript, options)
    root = ET.Element("xmeml", version="4")
    sequence = ET.SubElement(root, "sequence")
    _add(sequence, "name", xml_text(timeline.name))
    _add(sequence, "duration", str(timeline.duration))
    _add_rate(sequence, timeline)
    start = ET.SubElement(sequence, "timecode")
    _add_rate(start, timeline)
    parts = timecode(timeline.first, timeline.rate)
    _add(start, "string", ":".join(f"{part:02d}" for part in parts))
    _add(start, "frame", str(timeline.first))
    _add(start, "displayformat", "NDF")
    media = ET.SubElement(sequence, "media")
    ET.SubElement(ET.SubElement(media, "video"), "track")
    for marker in timeline.markers:
        _add_marker(sequence, marker)
    ET.indent(root)
    return f"{_HEAD}{ET.tostring(root, encoding='unicode')}\n"


def _add_marker(sequence: ET.Element, marker: Marker) -> None:
    element = ET.SubElement(sequence, "marker")
    _add(element, "name", xml_text(marker.name))
    _add(element, "comment", xml_text(marker.note))
    _add(element, "in", str(marker.start))
    _add(element, "out", str(marker.start + marker.duration))


def _add_rate(parent: ET.Element, timeline: Timeline) -> None:
    rate = ET.SubElement(parent, "rate")
    _add(rate, "timebase", str(whole(timeline.rate)))
    _add(rate, "ntsc", "FALSE" if timeline.rate.denominator == 1 else "TRUE")


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text
