"""A Word document: title, facts, overview, and paragraphs with times and speakers.

Everything has a style of a name, so that a template of one's own decides how it looks: Title,
Heading 1 and 2, List Bullet and Table Grid are Word's own, the others begin with Dalston.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from dalston_cli.formats.archive import with_fixed_times
from dalston_cli.formats.direction import is_right_to_left
from dalston_cli.formats.document import Block, Facts, Role, document_of
from dalston_cli.formats.layouts import laid_out, paragraph_parts, table_rows
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_STYLES = {
    "title": "Title",
    "part": "Heading 1",
    "chapter": "Heading 2",
    "item": "List Bullet",
    "note": "Dalston Note",
    "summary": "Dalston Speech",
    "speech": "Dalston Speech",
    "event": "Dalston Event",
}
_ROLES: dict[Role, tuple[str, str]] = {
    "time": ("{}", "Dalston Time"),
    "place": ("({})", "Dalston Time"),
    "speaker": ("{}:", "Dalston Speaker"),
    "emotion": ("({})", "Dalston Emotion"),
    "event": ("[{}]", ""),
    "text": ("{}", ""),
}
"""For each role the form of its text, and its style, if it has one."""
_GREY = 0x76
_LONGEST_TITLE = 255
"""Characters that Word's properties may have."""


def render(transcript: Transcript, options: RenderOptions) -> bytes:
    """Return the file; it has no dates, so that the same transcript gives the same bytes."""
    import docx  # noqa: PLC0415 - only this format needs it

    template = options.docx_template
    file = docx.Document(None if template is None else BytesIO(template.data))
    _clear(file)
    _add_styles(file)
    if options.layout == "plain":
        _add_document(file, transcript, options)
    else:
        _add_layout(file, transcript, options)
    _describe(file, transcript, own=template is None)
    out = BytesIO()
    file.save(out)
    return with_fixed_times(out.getvalue())


def _add_document(file: "Document", transcript: Transcript, options: RenderOptions) -> None:
    styles = {style.name or "": style.style_id for style in file.styles}
    for block in document_of(transcript, options):
        if isinstance(block, Facts):
            _add_table(file, block.rows)
        else:
            _add_paragraph(file, block, styles)


def _add_layout(file: "Document", transcript: Transcript, options: RenderOptions) -> None:
    """Add what a program for research imports, and nothing else."""
    utterances = laid_out(transcript, options)
    if options.layout == "nvivo":
        _add_table(file, table_rows(utterances, options))
        return
    for each in utterances:
        before, name, after = paragraph_parts(each, options)
        paragraph = file.add_paragraph(style="Dalston Speech")
        for text, style in ((before, None), (name, "Dalston Speaker"), (after, None)):
            if text:
                paragraph.add_run(_spaced(text), style=style)
        if is_right_to_left(each.text):
            _turn(paragraph)


def _spaced(text: str) -> str:
    """Return a run's text with the spaces at its ends."""
    first, last = (" " if each.isspace() else "" for each in (text[0], text[-1]))
    return f"{first}{xml_text(text)}{last}"


def _add_paragraph(file: "Document", block: Block, styles: Mapping[str, str]) -> None:
    """Add a paragraph at the end; the library's own way looks all styles through for each run."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - only this format needs it
    from docx.text.paragraph import Paragraph  # noqa: PLC0415 - as above

    element = OxmlElement("w:p")
    file.element.body.sectPr.addprevious(element)
    element.style = styles.get(_STYLES[block.kind])
    paragraph = Paragraph(element, file._body)  # noqa: SLF001 - no other way is as fast
    for index, run in enumerate(block.runs):
        form, style = _ROLES[run.role]
        if index:
            paragraph.add_run(" ")
        added = paragraph.add_run(form.format(xml_text(run.text)))
        if style:
            added._r.style = styles[style]  # noqa: SLF001 - as above
    if is_right_to_left(block.runs[-1].text):
        _turn(paragraph)


def _turn(paragraph: "Paragraph") -> None:
    """Make a paragraph run from right to left."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - only this format needs it

    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - the library has no name for it
    properties.append(OxmlElement("w:bidi"))
    for run in paragraph.runs:
        run.font.rtl = True


def _add_table(file: "Document", rows: Sequence[Sequence[str]]) -> None:
    table = file.add_table(rows=0, cols=len(rows[0]))
    if "Table Grid" in file.styles:
        table.style = "Table Grid"
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = xml_text(text)


def _clear(file: "Document") -> None:
    """Remove the text of a template; the section with its page, header and footer stays."""
    body = file.element.body
    for element in list(body):
        if not element.tag.endswith("}sectPr"):
            body.remove(element)
    body.get_or_add_sectPr()


def _add_styles(file: "Document") -> None:
    """Add the styles that a template does not have."""
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415 - only this format needs it
    from docx.shared import RGBColor  # noqa: PLC0415 - only this format needs it

    for name in ("Dalston Speech", "Dalston Event", "Dalston Note"):
        if name not in file.styles:
            style = file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = file.styles["Normal"]
            style.font.italic = name != "Dalston Speech" or None
    for name in ("Dalston Time", "Dalston Speaker", "Dalston Emotion"):
        if name not in file.styles:
            font = file.styles.add_style(name, WD_STYLE_TYPE.CHARACTER).font
            font.bold = name == "Dalston Speaker" or None
            font.italic = name == "Dalston Emotion" or None
            if name == "Dalston Time":
                font.color.rgb = RGBColor(_GREY, _GREY, _GREY)


def _describe(file: "Document", transcript: Transcript, *, own: bool) -> None:
    """Set the document's properties; those of a template but the title stay."""
    properties = file.core_properties
    properties.title = xml_text(heading_of(transcript))[:_LONGEST_TITLE]
    if own:
        properties.author, properties.comments = "", ""
        properties.last_modified_by = "Dalston"
        properties.language = xml_text(transcript.language or "")
        element = properties._element  # noqa: SLF001 - properties cannot be deleted otherwise
        for name in ("created", "modified"):
            for date in element.xpath(f"dcterms:{name}"):
                element.remove(date)
