"""Rules for what is said in words: ``four two one``, ``ada at example dot com``.

Found are three or more words for numbers in a row, in English, German, French, Spanish, Italian,
Dutch and Portuguese, mixed with digits, too; German and Dutch compounds; digits of Chinese and
Japanese. Not found are shorter runs, other languages, and numbers with other words between them.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from dalston_cli.redaction.finding import Finding, Kind, same_for

_LEAST = 3
"""Words for numbers in a row."""

_BETWEEN = frozenset(["and", "und", "et", "y", "e", "en", "plus"])
"""Words within numbers that are none."""
_PARTS = re.compile(
    "(?:null|eins|ein|zwei|zwo|drei|vier|fünf|sechs?|sieb(?:en)?|acht|neun|zehn|elf|zwölf"
    "|zwanzig|ssig|ßig|zig|hundert|tausend|twee|drie|vijf|zes|zeven|negen|tien|twintig|tig|honderd"
    "|duizend|und|ën|en)"
)
_TOKEN = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s,.\u2010-\u2013-]*")
_HAN_DIGITS = re.compile("[〇零一二三四五六七八九两幺]{3,}")

_AT = r"(?:at|ät|arroba|chiocciola|arobase|klammeraffe|apenstaartje)"
_DOT = r"(?:dot|punkt|point|punto|ponto|punt)"
_JOIN = rf"(?:{_DOT}|underscore|unterstrich|dash|minus|hyphen|bindestrich|tiret|guion)"
_LETTERS = r"(?:\w\s+){0,64}"
"""Bounds keep the search from trying every length at every place of a long text."""
_SPOKEN_EMAIL = re.compile(
    rf"\b{_LETTERS}[\w.+-]{{1,64}}(?:\s+{_JOIN}\s+[\w.+-]{{1,64}}){{0,16}}\s+{_AT}\s+"
    rf"{_LETTERS}[\w-]{{1,64}}(?:\s+{_JOIN}\s+[\w-]{{1,64}}){{0,16}}"
    rf"(?:\s+{_DOT}\s+[^\W\d_]{{2,64}}|\.[^\W\d_]{{2,64}})\b",
    re.IGNORECASE,
)


class _Token(NamedTuple):
    begin: int
    end: int
    weight: int


def spoken_emails(text: str) -> Iterator[Finding]:
    """Find addresses such as ``a d a dot l at example dot com``."""
    for found in _SPOKEN_EMAIL.finditer(text):
        yield Finding(found.start(), found.end(), Kind.EMAIL, same_for(found[0]))


def spoken_numbers(text: str) -> Iterator[Finding]:
    """Find numbers that are said in words."""
    for found in _HAN_DIGITS.finditer(text):
        yield Finding(found.start(), found.end(), Kind.NUMBER, found[0])
    run: list[_Token] = []
    for found in _TOKEN.finditer(text):
        word = found[0].casefold()
        token = _Token(found.start(), found.end(), _weight(word))
        is_near = bool(run) and _GAP.fullmatch(text, run[-1].end, token.begin) is not None
        is_within = word in _BETWEEN and is_near and not text[run[-1].begin].isdecimal()
        if is_near and (token.weight or is_within):
            run.append(token)
            continue
        yield from _finding(text, run)
        run = [token] if token.weight else []
    yield from _finding(text, run)


def _finding(text: str, run: list[_Token]) -> Iterator[Finding]:
    if sum(token.weight for token in run) >= _LEAST:
        begin, end = run[0].begin, max(token.end for token in run if token.weight)
        yield Finding(begin, end, Kind.NUMBER, same_for(text[begin:end]))


@cache
def _number_words() -> frozenset[str]:
    """Return the words for numbers of all languages together: speakers change languages, too."""
    lines = files("dalston_cli.redaction").joinpath("number_words.txt").read_text("utf-8")
    return frozenset(word for line in lines.splitlines() for word in line.split()[1:])


def _weight(word: str) -> int:
    """Return how many words for numbers a word amounts to; 0 for another word."""
    if word in _number_words():
        return 1
    if word.isdecimal():
        return 1
    parts = _PARTS.findall(word)
    if len(parts) > 1 and "".join(parts) == word:
        return sum(part not in {"und", "en", "ën"} for part in parts)
    return 0
