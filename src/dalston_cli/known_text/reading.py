"""Reads a known text: plain text, Markdown, a page or an EPUB's chapter, subtitles, lyrics."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError
from dalston_cli.formats.read import READ_SUFFIXES, read_transcript
from dalston_cli.formats.script import clean
from dalston_cli.known_text.dividing import units_of
from dalston_cli.known_text.source import KnownTextSource, Unit
from dalston_cli.regular_file import read_regular

_LARGEST = 50_000_000
"""Bytes; a hundred hours of speech have a tenth."""
_MARKDOWN, _PAGES = (".md", ".markdown"), (".htm", ".html", ".xhtml")
_PLAIN, _LYRICS = (".txt", ".text", ""), ".lrc"
_LRC_TIME = re.compile(r"[<\[]\d{1,3}:\d{2}(?:[.:]\d{1,3})?[>\]]")
_LRC_FACT = re.compile(r"\[[a-z#]+:.*\]\s*", re.IGNORECASE)

TEXT_SUFFIXES = (*_PLAIN[:2], *_MARKDOWN, *_PAGES, _LYRICS, *READ_SUFFIXES)


class TextUnreadableError(InputError):
    """A file is no text that is understood."""

    code = "text_unreadable"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"cannot take a text from {path}: {problem}",
            hint=f"give it one of {', '.join(TEXT_SUFFIXES)}",
        )


def read_text(path: Path, *, by_line: bool) -> KnownTextSource:
    """Read a text.

    Args:
        path: Its ending says what it is.
        by_line: Take each line as a segment, and not each sentence.

    Raises:
        TextUnreadableError: It cannot be read, is of no known kind, or has no words.
        InputError: A file of subtitles is malformed.
    """
    units = tuple(_units(path, by_line=by_line))
    if not units:
        raise TextUnreadableError(path, "there is no word in it")
    return KnownTextSource(name=shown_name(path), units=units)


def _units(path: Path, *, by_line: bool) -> Iterator[Unit]:
    suffix = path.suffix.lower()
    if suffix in READ_SUFFIXES:
        texts = (clean(segment.text) for segment in read_transcript(path).segments)
        yield from (Unit(text) for text in texts if any(map(str.isalnum, text)))
        return
    if suffix == _LYRICS:
        yield from units_of(_verses(_lyrics(_decoded(path))), by_line=True)
    elif suffix in _MARKDOWN or suffix in _PAGES:
        from dalston_cli.known_text.page import (  # noqa: PLC0415 - for pages only
            paragraphs_of,
            rendered,
        )

        text = _decoded(path)
        page = rendered(text) if suffix in _MARKDOWN else text
        yield from units_of(paragraphs_of(page), by_line=by_line)
    elif suffix in _PLAIN:
        yield from units_of(_verses(_decoded(path).splitlines()), by_line=by_line)
    else:
        raise TextUnreadableError(path, f"{suffix} is no kind of text that is known")


def _decoded(path: Path) -> str:
    try:
        data = read_regular(path, limit=_LARGEST, or_given=True)
    except OSError as error:
        raise TextUnreadableError(path, error.strerror or str(error)) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TextUnreadableError(path, f"it is no {encoding.upper()[:6]}: {error}") from error


def _verses(lines: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the lines between empty ones."""
    verse: list[str] = []
    for line in lines:
        if line.strip():
            verse.append(line)
        elif verse:
            yield verse
            verse = []
    if verse:
        yield verse


def _lyrics(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not _LRC_FACT.fullmatch(line):
            yield _LRC_TIME.sub("", line)
