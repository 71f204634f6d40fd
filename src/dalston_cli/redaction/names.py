"""Names of a list, and of speakers, in text: whatever their case and accents.

A person's name is found as a whole and in its parts, so that "Ada" is found where the list has "Ada
Lovelace". A name that is no list's and no speaker's is not found.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from dalston_cli.formats.script import is_spaceless
from dalston_cli.redaction.finding import Finding, Kind

_PARTICLES = frozenset(
    {
        *(
            "al",
            "bin",
            "da",
            "das",
            "de",
            "del",
            "den",
            "der",
            "des",
            "di",
            "dos",
            "du",
            "el",
            "ibn",
        ),
        *("la", "las", "le", "les", "los", "ter", "the", "van", "von", "zu"),
    }
)
_SHORTEST = 2
_APART = r"[\s._\u2010-]+"
_SPLIT = re.compile(_APART)
_ENDING = "(?:'s|'|s)?"
_BEFORE, _BEHIND = r"(?<![^\W\d_])", r"(?![^\W\d_])"
"""No letter, so that names in names of files are found, too: ``call_ada2024``."""
_ALIKE = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'"}) | {
    ord(letter): plain
    for letter, plain in zip("\u0131\u0142\u00f8\u0111\u0127", "ilodh", strict=True)
}
"""Signs that stand for an apostrophe, and letters whose stroke or missing dot is no mark."""
_INVISIBLE = "Cf"
"""Category of soft hyphens, joiners and marks of direction."""


class Names:
    """People's names, to be found in texts.

    Args:
        people: The spellings of each person's name.
    """

    def __init__(self, people: Iterable[Sequence[str]]) -> None:
        self._person: dict[str, str] = {}
        for spellings in sorted(people, key=lambda each: -len(each[0])):  # "Ada" is Ada Lovelace
            whole = _key(spellings[0])
            for variant in sorted(_variants(spellings), key=len, reverse=True):
                self._person.setdefault(variant, whole)
        ordered = sorted(self._person, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, ordered))) if ordered else None

    def find(self, text: str) -> Iterator[Finding]:
        """Find the names in a text; the same person's have the same ``same``."""
        if self._pattern is None:
            return
        folded, places = _folded(text)
        for found in self._pattern.finditer(folded):
            begin, end = places[found.start()], places[found.end() - 1] + 1
            while end < len(text) and _is_passed_over(text[end]):
                end += 1
            yield Finding(begin, end, Kind.NAME, self.person(found[0]))

    def person(self, name: str) -> str:
        """Return what stands for the person of a name; a stranger's is the name itself."""
        key = _key(name)
        for ending in ("", "'s", "'", "s"):
            if ending and not key.endswith(ending):
                continue
            if found := self._person.get(key.removesuffix(ending)):
                return found
        return key


def _variants(spellings: Sequence[str]) -> Iterator[str]:
    for spelling in spellings:
        key = _key(spelling)
        if key:
            yield key
            yield key.replace(" ", "")  # as in names of files and accounts
        for part in key.split():
            if len(part) >= _SHORTEST and part not in _PARTICLES and not part.isdecimal():
                yield part


def _key(name: str) -> str:
    return " ".join(_SPLIT.split(_folded(name)[0])).strip()


def _pattern(key: str) -> str:
    inner = _APART.join(map(re.escape, key.split()))
    if is_spaceless(key):
        return inner
    return f"{_BEFORE}{inner}{_ENDING}{_BEHIND}"


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text without case and accents, and the place of each of its letters in the text."""
    if text.isascii():
        return text.lower().translate(_ALIKE), range(len(text))
    letters, places = [], []
    for place, letter in enumerate(text):
        for one in unicodedata.normalize("NFKD", letter.casefold()).translate(_ALIKE):
            if not _is_passed_over(one):
                letters.append(one)
                places.append(place)
    return "".join(letters), places


def _is_passed_over(letter: str) -> bool:
    """Return True for accents, and for what is not seen at all."""
    return bool(unicodedata.combining(letter)) or unicodedata.category(letter) == _INVISIBLE


def parse_list(text: str) -> Iterator[Sequence[str]]:
    """Yield the people of a list: one a line, other spellings after commas; # begins a remark."""
    for line in text.splitlines():
        spellings = [each.strip() for each in line.partition("#")[0].split(",")]
        if named := [each for each in spellings if each]:
            yield named


def runs_of(speakers: Iterable[str | None]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of equal speakers."""
    place = 0
    for _, run in groupby(speakers):
        length = sum(1 for _ in run)
        yield place, place + length
        place += length
