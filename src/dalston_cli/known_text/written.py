"""The words of a known text, and the tokens that are compared of each."""

from collections.abc import Iterable

from dalston_cli.known_text.dividing import split_words
from dalston_cli.known_text.source import Unit
from dalston_cli.known_text.tokens import tokens_of


class Written:
    """All words of a text in a row.

    Attributes:
        words: As they are written, each with the white space before it.
        units: The number of each word's sentence or line.
        tokens: As they are compared.
        firsts: The first token of each word, and at the end the number of all tokens.
    """

    def __init__(self, units: Iterable[Unit]) -> None:
        self.words: list[str] = []
        self.units: list[int] = []
        self.tokens: list[str] = []
        self.firsts: list[int] = [0]
        for number, unit in enumerate(units):
            for word in split_words(unit.text):
                self.words.append(word)
                self.units.append(number)
                self.tokens += tokens_of(word)
                self.firsts.append(len(self.tokens))

    def __len__(self) -> int:
        return len(self.words)

    def letters(self, first: int, last: int) -> int:
        """Return the number of letters of words from ``first`` to before ``last``."""
        return sum(map(len, self.tokens[self.firsts[first] : self.firsts[last]]))
