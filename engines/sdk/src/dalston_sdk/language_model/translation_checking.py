"""Checks that an answer is a translation of a segment, as far as that can be told."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from dalston_sdk.language_model.checking import has_invisible

_MIN_LENGTH = 60
"""Characters that a translation may always have."""

_MOST_LONGER = 4
"""A translation may have this many times the characters of the text. Chinese takes a third of what
English does."""

_WIDE = 3
"""Characters that one of a script without letters counts for, on either side."""

_UNCHANGED_WORDS = 5
"""Fewer words may be the same in both languages, such as names."""

_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[.,' ]\d{3})+(?!\d)")
"""Digits in groups of three: what stands between the groups is a custom of the language."""


def translation_fault(raw: str, text: str) -> str | None:
    """Return why ``text`` cannot be a translation of ``raw``; None if it may be one."""
    if not text:
        return "the answer is empty"
    if has_invisible(text):
        return "the answer has characters that cannot be seen"
    if _length(text) > max(_MIN_LENGTH, _MOST_LONGER * _length(raw)):
        return "the answer is much longer than what was said"
    if _plain(text) == _plain(raw) and len(raw.split()) >= _UNCHANGED_WORDS:
        return "the answer is what was said, in its own language"
    return None


def doubts(raw: str, text: str, glossary: Sequence[str]) -> tuple[str, ...]:
    """Return what a reader should look at in a translation: numbers and names that are not in it.

    A number may have become a word, or a time another one, as 3 pm and 15 o'clock.
    """
    missing = _numbers(raw) - _numbers(text)
    found = [f"the number {number}" for number in missing]
    before, after = _plain(raw), _plain(text)
    names = [name for name in glossary if _plain(name) in before]
    found += [f"the name {name}" for name in names if _plain(name) not in after]
    return tuple(found)


def _numbers(text: str) -> "Counter[str]":
    """Count runs of digits: ``1,000`` is ``1.000``, and ``17:30`` is ``17 h 30``."""
    composed = unicodedata.normalize("NFKC", text)  # with plain spaces
    joined = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), composed)
    runs = re.findall(r"\d+", joined)
    return Counter("".join(str(unicodedata.digit(each)) for each in run) for run in runs)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _length(text: str) -> int:
    return sum(_WIDE if unicodedata.category(each) == "Lo" else 1 for each in text)
