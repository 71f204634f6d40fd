"""Words as they are compared: letters and digits alone, without case."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dalston_cli.formats.script import graphemes, is_spaceless

_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc\u00ad")
_VOWELS = frozenset("aeiouy")
_SHORT = 3
"""Letters of words that are said so often that one alone is no sign of a place."""


@lru_cache(maxsize=20_000)
def tokens_of(word: str) -> tuple[str, ...]:
    """Return what is compared of a word: letter by letter in a script without spaces."""
    return tuple(_tokens(word))


def _tokens(word: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", word).casefold().translate(_APOSTROPHES)
    if not (folded.isascii() and folded.isalnum()):
        folded = "".join(letter if _is_letter(letter) else " " for letter in folded)
    for part in folded.split():
        yield from graphemes(part) if is_spaceless(part) else (part,)


def _is_letter(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


class Vocabulary:
    """Numbers for tokens: the same one for the same token, in a text and in what was recognised."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}
        self._alike: dict[str, int] = {}

    def tokens(self, texts: Iterable[str]) -> "Tokens":
        """Return tokens with their numbers."""
        tokens = Tokens()
        for text in texts:
            same, alike = self._known.get(text) or self._new(text)
            tokens.same.append(same)
            tokens.alike.append(alike)
            tokens.short.append(len(text) <= _SHORT)
        return tokens

    def _new(self, text: str) -> tuple[int, int]:
        alike = self._alike.setdefault(_skeleton(text), len(self._alike))
        numbers = self._known[text] = len(self._known), alike
        return numbers


class Tokens:
    """A row of tokens.

    Attributes:
        same: Equal numbers for equal tokens.
        alike: Equal numbers for tokens that sound or begin alike.
        short: True for tokens that are short.
    """

    def __init__(self) -> None:
        self.same: list[int] = []
        self.alike: list[int] = []
        self.short: list[bool] = []

    def __len__(self) -> int:
        return len(self.same)


def _skeleton(token: str) -> str:
    """Return the first letter and the consonants after it, doubled ones once, at most four."""
    kept = [token[:1]]
    for letter in token[1:]:
        if letter not in _VOWELS and letter != kept[-1]:
            kept.append(letter)
    return "".join(kept[:4]) if len(kept) > 1 else token
