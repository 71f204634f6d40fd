"""An OpenDocument text: title, facts, overview, and paragraphs with times and speakers.

Reference:
    OASIS, Open Document Format for Office Applications 1.3.
"""

import re
from io import BytesIO
from typing import TYPE_CHECKING

from dalston_cli.formats.archive import with_fixed_times
from dalston_cli.formats.direction import is_right_to_left
from dalston_cli.formats.document import Block, Facts, Role, document_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

if TYPE_CHECKING:
    from odfdo import Document, Element, Paragraph

_LANGUAGE = re.compile("[a-z]{2}")
"""The languages that the library takes."""
_LEFTWARDS = "Dalston_20_Speech_20_RTL"
_STYLES = {
    "title": "Title",
    "part": "Heading_20_1",
    "chapter": "Heading_20_2",
    "item": "Dalston_20_Speech",
    "note": "Dalston_20_Aside",
    "summary": "Dalston_20_Speech",
    "speech": "Dalston_20_Speech",
    "event": "Dalston_20_Aside",
}
_LEVELS = {"part": 1, "chapter": 2}
_ROLES: dict[Role, tuple[str, str]] = {
    "time": ("{}", "Dalston_20_Time"),
    "place": ("({})", "Dalston_20_Time"),
    "speaker": ("{}:", "Dalston_20_Speaker"),
    "emotion": ("({})", "Dalston_20_Emotion"),
    "event": ("[{}]", ""),
    "text": ("{}", ""),
}
"""For each role the form of its text, and its style, if it has one."""


def render(transcript: Transcript, options: RenderOptions) -> bytes:
    """Return the file; it has no dates, so that the same transcript gives the same bytes."""
    from odfdo import Document, List, ListItem  # noqa: PLC0415 - only this format needs it

    file = Document("text")
    file.body.clear()
    _add_styles(file)
    items: List | None = None
    for block in document_of(transcript, options):
        if isinstance(block, Facts) or block.kind != "item":
            items = None
            file.body.append(_table(block) if isinstance(block, Facts) else _paragraph(block))
            continue
        if items is None:
            items = List(style="List_20_1")
            file.body.append(items)
        item = ListItem()
        item.append(_paragraph(block))
        items.append(item)
    _describe(file, transcript)
    out = BytesIO()
    file.save(out)
    return with_fixed_times(out.getvalue())


def _paragraph(block: Block) -> "Paragraph":
    from odfdo import Header, Paragraph, Span  # noqa: PLC0415 - only this format needs it

    leftwards = block.kind == "speech" and is_right_to_left(block.runs[-1].text)
    style = _LEFTWARDS if leftwards else _STYLES[block.kind]
    level = _LEVELS.get(block.kind)
    paragraph = Header(level, style=style) if level else Paragraph(style=style)
    for index, run in enumerate(block.runs):
        form, run_style = _ROLES[run.role]
        text = form.format(xml_text(run.text))
        if index:
            paragraph.append_plain_text(" ")
        if run_style:
            paragraph.append(Span(text, style=run_style))
        else:
            paragraph.append_plain_text(text)
    return paragraph


def _table(facts: Facts) -> "Element":
    from odfdo import Table  # noqa: PLC0415 - only this format needs it

    table = Table("Facts", width=2, height=len(facts.rows))
    for index, (name, value) in enumerate(facts.rows):
        table.set_value((0, index), xml_text(name))
        table.set_value((1, index), xml_text(value))
    return table


def _add_styles(file: "Document") -> None:
    for name, area, key, value in (
        ("Dalston_20_Speech", "paragraph", "style:writing-mode", "lr-tb"),
        (_LEFTWARDS, "paragraph", "style:writing-mode", "rl-tb"),
        ("Dalston_20_Aside", "text", "fo:font-style", "italic"),
    ):
        _add_style(file, "paragraph", name, {key: value}, area)
    for name, key, value in (
        ("Dalston_20_Time", "fo:color", "#767676"),
        ("Dalston_20_Speaker", "fo:font-weight", "bold"),
        ("Dalston_20_Emotion", "fo:font-style", "italic"),
    ):
        _add_style(file, "text", name, {key: value}, "text")


def _add_style(
    file: "Document", family: str, name: str, properties: dict[str, str], area: str
) -> None:
    from odfdo import Style  # noqa: PLC0415 - only this format needs it

    parent = "Text_20_body" if family == "paragraph" else None
    shown = name.replace("_20_", " ")
    style = Style(family, name=name, display_name=shown, parent_style=parent)
    style.set_properties(properties, area=area)
    file.insert_style(style)


def _describe(file: "Document", transcript: Transcript) -> None:
    """Set title and language; no dates, and no program but ours."""
    meta = file.meta
    meta.title = xml_text(heading_of(transcript))
    meta.generator = "Dalston"
    for name in ("meta:creation-date", "dc:date", "meta:document-statistic"):
        element = meta.get_element(f"//{name}")
        if element is not None:
            element.delete()
    if transcript.language and _LANGUAGE.fullmatch(transcript.language):
        meta.language = transcript.language
