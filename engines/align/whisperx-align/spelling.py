"""A model's letters, and how a text is spelled with them."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ANYTHING = -1
"""Stands for speech that the model's letters cannot spell, such as a number."""

_SPOKEN_SIGNS = frozenset("@%&#+=*/\\^~°§")
"""Signs that are read out although Unicode counts them as punctuation, or nearly."""

_SAME = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_WITHOUT_SPACES = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km", "bo"})
"""Languages that are written without spaces between words."""

_NEAR_NOTHING = 0.5
"""With a smaller share of its letters known, a text is of another alphabet."""


@dataclass(frozen=True, kw_only=True)
class Alphabet:
    """What a model can spell.

    Attributes:
        letters: The column of each letter in the model's output, lower case.
        blank: The column of silence.
        separator: The column of the end of a word; None where the model has none.
        rewrite: Writes a word in the model's letters first; None for a model of that language.
    """

    letters: Mapping[str, int]
    blank: int
    separator: int | None
    rewrite: Callable[[str], str] | None = None


@dataclass(frozen=True, kw_only=True)
class SpelledText:
    """A segment's words as letters.

    Attributes:
        letters: Columns in the model's output, or ``ANYTHING``, separators between words.
        owners: Which word each letter belongs to; None for a separator.
        heard: Of each word, whether its own letters tell when it is said.
        is_foreign: Whether most letters are none of the model's.
    """

    letters: tuple[int, ...]
    owners: tuple[int | None, ...]
    heard: tuple[bool, ...]
    is_foreign: bool


def spell(words: Sequence[str], alphabet: Alphabet) -> SpelledText:
    """Spell the words of a segment."""
    letters: list[int] = []
    owners: list[int | None] = []
    heard: list[bool] = []
    known = unknown = 0
    for number, word in enumerate(words):
        is_read_out = any(map(_is_read_out, word))
        spelled = [ANYTHING] if is_read_out else _letters(word.strip(), alphabet)
        mine = sum(letter != ANYTHING for letter in spelled)
        if not is_read_out:
            known += mine
            unknown += max(0, sum(map(str.isalpha, word)) - mine) if ANYTHING in spelled else 0
        heard.append(mine > len(spelled) - mine)
        if not spelled:
            continue
        if letters and alphabet.separator is not None:
            letters.append(alphabet.separator)
            owners.append(None)
        letters += spelled
        owners += [number] * len(spelled)
    return SpelledText(
        letters=tuple(letters),
        owners=tuple(owners),
        heard=tuple(heard),
        is_foreign=known < _NEAR_NOTHING * (known + unknown),
    )


def split_words(text: str, language: str) -> list[str]:
    """The words of a text, each with the white space before it; together they are the text.

    Where a language is written without spaces every character is one, with the punctuation and
    the marks that follow it.
    """
    if language.partition("-")[0] not in _WITHOUT_SPACES:
        return re.findall(r"\s*\S+", text)
    words: list[str] = []
    for piece in re.findall(r"\s*(?:[A-Za-z0-9]+|\S)", text):
        if words and unicodedata.category(piece[-1])[0] in "PM" and not piece[0].isspace():
            words[-1] += piece
        else:
            words.append(piece)
    return words


def _letters(word: str, alphabet: Alphabet) -> list[int]:
    """A word's letters; ``ANYTHING`` for those the model does not have."""
    text = alphabet.rewrite(word) if alphabet.rewrite is not None else word
    found: list[int] = []
    for character in unicodedata.normalize("NFC", text).lower().translate(_SAME):
        letter = _letter(character, alphabet.letters)
        if letter is not None and not (letter == ANYTHING and found[-1:] == [ANYTHING]):
            found.append(letter)
    return found


def _is_read_out(character: str) -> bool:
    """Whether it stands for a word, as a digit and a currency's sign do."""
    category = unicodedata.category(character)
    return category[0] == "N" or category in {"Sc", "Sm"} or character in _SPOKEN_SIGNS


def _letter(character: str, letters: Mapping[str, int]) -> int | None:
    """The letter, else the same without its accents; None for what is not said."""
    if character in letters:
        return letters[character]
    base = unicodedata.normalize("NFD", character)[0]
    if base in letters:
        return letters[base]
    return ANYTHING if character.isalpha() else None
