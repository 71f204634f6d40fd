"""Markdown for reading: a table, then paragraphs with times, speakers and emotions.

Events stand among the paragraphs, where they begin. A language model's summary, action items and
chapters have headings of their own.
"""

import re
from collections.abc import Iterator

from dalston_cli.formats.document import Block, Facts, Run, document_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript

_SPECIAL = re.compile(r"([\\`*_\[\]{}<>|~#$])")
_LIST_LIKE = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")
_STARTS = {"title": "# ", "part": "## ", "chapter": "### ", "note": "> ", "item": "- "}
_ROLES = {
    "time": "`{}`",
    "place": "(`{}`)",
    "speaker": "**{}:**",
    "emotion": "*({})*",
    "text": "{}",
    "event": "*[{}]*",
}


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return title, table, warnings and paragraphs; Markdown's own marks in text are escaped."""
    return "".join(_lines(document_of(transcript, options))) + "\n"


def _lines(blocks: Iterator[Block | Facts]) -> Iterator[str]:
    last: str | None = None
    for block in blocks:
        kind = block.kind if isinstance(block, Block) else "facts"
        if last is not None:
            yield "\n" if last == kind == "item" else "\n\n"
        yield _paragraph(block) if isinstance(block, Block) else _table(block)
        last = kind


def _table(facts: Facts) -> str:
    rows = "\n".join(f"| {_escape(name)} | {_escape(value)} |" for name, value in facts.rows)
    return f"| | |\n|---|---|\n{rows}"


def _paragraph(block: Block) -> str:
    return _STARTS.get(block.kind, "") + " ".join(map(_run, block.runs))


def _run(run: Run) -> str:
    is_time = run.role in {"time", "place"}
    return _ROLES[run.role].format(run.text if is_time else _escape(run.text))


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", clean(text).replace("&", "&amp;"))
    return _LIST_LIKE.sub(_escape_list, escaped)


def _escape_list(match: re.Match[str]) -> str:
    number, mark, bullet = match.groups()
    return f"\\{bullet}" if bullet else f"{number}\\{mark}"
