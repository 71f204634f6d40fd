"""The paragraphs of a page, such as a chapter of an EPUB, or of Markdown.

Nothing of a page is fetched or executed, and what a browser does not show as text is left out.
"""

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset(
    ["head", "math", "nav", "noscript", "rp", "rt", "script", "style", "svg", "template"]
)
_SILENT_TYPES = frozenset({"noteref", "pagebreak", "toc"})
"""Of ``epub:type``: what is not read out."""
_EMPTY = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)


def rendered(markdown: str) -> str:
    """Return Markdown as a page; HTML in it stays as it is.

    Reference:
        CommonMark 0.31.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - for Markdown only

    page: str = MarkdownIt("commonmark").render(markdown)
    return page


def paragraphs_of(page: str) -> Iterator[Sequence[str]]:
    """Yield the lines of each paragraph; only ``br`` begins another line."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_paragraph()
    yield from reader.paragraphs


class _Reader(HTMLParser):
    """Gathers text that is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[list[str]] = []
        self._lines = [""]
        self._silent: list[str] = []

    def end_paragraph(self) -> None:
        """Begin another paragraph."""
        lines = [line for line in self._lines if line.strip()]
        if lines:
            self.paragraphs.append(lines)
        self._lines = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line or a paragraph, or something that is not shown."""
        if tag in _BLOCKS:
            self.end_paragraph()
        if tag == "br":
            self._lines.append("")
        if tag in _EMPTY:
            return
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.append(tag)
        elif tag in _SILENT or _is_silent(dict(attrs)):
            self._silent.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element without content."""
        del attrs
        if tag in _BLOCKS:
            self.end_paragraph()
        elif tag == "br":
            self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph, or something that is not shown."""
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        elif tag in _BLOCKS:
            self.end_paragraph()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._silent:
            self._lines[-1] += data


def _is_silent(attributes: dict[str, str | None]) -> bool:
    types = (attributes.get("epub:type") or "").split()
    return "hidden" in attributes or not _SILENT_TYPES.isdisjoint(types)
