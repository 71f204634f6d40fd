"""Text as the index has it: each letter of a script without spaces between words is one word.

SQLite's tokenizer takes letters up to the next space for one word, so that nothing within a Chinese
sentence would be found. Here such letters are set apart by a character that no transcript has. The
same is done to queries, where what stands together is a phrase. So any part of a sentence is found,
from one letter on, and its place is exact.

The alternative that SQLite has, trigrams, finds nothing that is shorter than three letters, as most
words of Chinese are: docs/search.md compares them.

Reference:
    https://sqlite.org/fts5.html, "Unicode61 Tokenizer" and "The Trigram Tokenizer".
    Unicode Standard Annex 29: scripts that need a dictionary to find words.
"""

import re
import unicodedata

from dalston_cli.formats.script import clean

APART = "\x1f"
"""Stands between letters; the tokenizer takes it for the end of a word."""

_SCRIPTS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # marks that repeat a letter; zero
    (0x3041, 0x312F),  # Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_WITH_MARKS_END = 0x17FF
"""Beyond it, no script of the list has vowels or tones as marks."""


def _marks() -> str:
    codes = (
        code
        for start, end in _SCRIPTS
        if end <= _WITH_MARKS_END
        for code in range(start, end + 1)
        if unicodedata.category(chr(code)).startswith("M")
    )
    return "".join(map(chr, codes))


_LETTERS = "".join(f"{chr(start)}-{chr(end)}" for start, end in _SCRIPTS)
_UNSPACED = re.compile(f"[{_LETTERS}][{_marks()}]*")
_RUN = re.compile(f"[{_LETTERS}]+")


def normalized(text: str) -> str:
    """Return a text for people, on one line, its letters composed."""
    return clean(text if text.isascii() else unicodedata.normalize("NFC", text))


def indexed(text: str) -> str:
    """Return a normalized text as the index has it."""
    if text.isascii():
        return text
    return _RUN.sub(_set_apart, text)


def shown(text: str) -> str:
    """Return the normalized text of an indexed one."""
    return text.replace(APART, "")


def _set_apart(run: re.Match[str]) -> str:
    return APART + APART.join(_UNSPACED.findall(run[0])) + APART
