"""Properties of writing systems: spaces between words, widths of text, grapheme clusters.

Widths are columns of a terminal or a subtitle: East Asian wide characters and emoji take two.

Reference:
    Unicode Standard Annexes 11 (width), 14 (line breaking), 29 (grapheme clusters).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_SPACELESS = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u312f"  # Han radicals, CJK punctuation, Hiragana, Katakana, Bopomofo
    "\u31a0-\u9fff"  # Han and its phonetic extensions
    "\uf900-\ufaff\ufe30-\ufe4f"
    "\uff01-\uff9f"  # full-width forms, half-width Katakana
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
    "]"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")


def is_spaceless(text: str) -> bool:
    """Return True if ``text`` has a letter of a script without spaces between words."""
    return _SPACELESS.search(text) is not None


def clean(text: str) -> str:
    """Return one line without control characters, every run of white space made one space."""
    return " ".join(_CONTROLS.sub("", text).split())


def may_join_without_space(left: str, right: str) -> bool:
    """Return True if no space belongs between them: both are in scripts without spaces."""
    return bool(left) and bool(right) and is_spaceless(left[-1]) and is_spaceless(right[0])


def joined(texts: Iterable[str]) -> str:
    """Return the texts in a row, with a space between them if their script has spaces."""
    parts: list[str] = []
    last = ""
    for text in texts:
        if not text:
            continue
        if last and not may_join_without_space(last, text):
            parts.append(" ")
        parts.append(text)
        last = text
    return "".join(parts)


@lru_cache(maxsize=4096)
def width(text: str) -> int:
    """Return the number of columns of ``text``."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # noqa: PLC0415 - its tables are needed for few texts only

    columns: int = wcswidth(text)
    return columns if columns >= 0 else len(text)


def graphemes(text: str) -> tuple[str, ...]:
    """Return the grapheme clusters: a reader's letters, never to be broken apart."""
    if text.isascii():
        return tuple(text)
    from wcwidth import iter_graphemes  # noqa: PLC0415 - its tables are needed for few texts only

    return tuple(iter_graphemes(text))
