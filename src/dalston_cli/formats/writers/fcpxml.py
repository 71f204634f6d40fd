"""Markers for Final Cut Pro: a project with an empty clip that has them, to copy from.

Its chapters are chapter markers, which a film that is exported has as chapters.

Reference:
    Apple, FCPXML Reference, version 1.9: ``marker``, ``chapter-marker``, ``gap``.
"""

from fractions import Fraction
from xml.etree import ElementTree as ET

from dalston_cli.formats.markers import Timeline
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n'


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the document; times are whole frames."""
    timeline = Timeline.of(transcript, options)
    name, start = xml_text(timeline.name), _time(timeline, timeline.first)
    duration = _time(timeline, timeline.duration)
    root = ET.Element("fcpxml", version="1.9")
    resources = ET.SubElement(root, "resources")
    frame = {"id": "r1", "frameDuration": _seconds(1 / timeline.rate)}
    ET.SubElement(resources, "format", {**frame, "width": "1920", "height": "1080"})
    project = ET.SubElement(root, "project", name=name)
    times = {"format": "r1", "duration": duration, "tcStart": start, "tcFormat": "NDF"}
    sequence = ET.SubElement(project, "sequence", times)
    spine = ET.SubElement(sequence, "spine")
    gap = ET.SubElement(spine, "gap", name=name, offset=start, start=start, duration=duration)
    for marker in timeline.markers:
        attributes = {
            "start": _time(timeline, timeline.first + marker.start),
            "duration": _time(timeline, 1 if marker.kind == "chapter" else marker.duration),
            "value": xml_text(marker.name),
        }
        if marker.note:
            attributes["note"] = xml_text(marker.note)
        kind = "chapter-marker" if marker.kind == "chapter" else "marker"
        ET.SubElement(gap, kind, attributes)
    ET.indent(root)
    return f"{_HEAD}{ET.tostring(root, encoding='unicode')}\n"


def _time(timeline: Timeline, frame: int) -> str:
    return _seconds(frame / timeline.rate)


def _seconds(value: Fraction) -> str:
    """Return a rational number of seconds, as FCPXML has them."""
    whole = value.denominator == 1
    return f"{value.numerator}s" if whole else f"{value.numerator}/{value.denominator}s"
