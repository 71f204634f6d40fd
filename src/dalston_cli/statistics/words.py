"""Counting words: between spaces, and where a script has none, letters."""

from itertools import groupby
from typing import NamedTuple

from dalston_cli.formats.script import is_spaceless


class Words(NamedTuple):
    """A number of words, and of letters of scripts without spaces between words."""

    words: int = 0
    letters: int = 0

    @property
    def total(self) -> int:
        """Both."""
        return self.words + self.letters

    @property
    def unit(self) -> str | None:
        """``word`` or ``letter``, or ``mixed`` where there are both; None for none."""
        if self.words and self.letters:
            return "mixed"
        return "word" if self.words else "letter" if self.letters else None

    def plus(self, other: "Words") -> "Words":
        """Return the sum."""
        return Words(self.words + other.words, self.letters + other.letters)


def words_in(text: str) -> Words:
    """Count what stands between spaces and has a letter or digit: ``don't`` and ``3.5`` are one.

    In scripts without spaces between words each letter counts, as for character error rates.
    """
    words = letters = 0
    for token in text.split():
        if token.isascii() or not is_spaceless(token):
            words += any(map(str.isalnum, token))
            continue
        for spaceless, run in groupby(filter(str.isalnum, token), is_spaceless):
            number = sum(1 for _ in run)
            letters += number if spaceless else 0
            words += not spaceless
    return Words(words, letters)
