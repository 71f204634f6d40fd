"""A model's vocabulary of letters, and the words of a text as its tokens."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WILDCARD = -1
"""The token for speech that the vocabulary has no letters for, such as a number."""

_SPOKEN_SIGNS = frozenset("@%&#+=*/\\^~°§")
"""Signs that are read out, though Unicode counts most of them as punctuation."""

_SAME = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_WITHOUT_SPACES = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km", "bo"})
"""Languages that are written without spaces between words."""

_MIN_KNOWN = 0.5
"""With a smaller share of known letters, a text is in another alphabet."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The tokens of a model with a CTC head.

    Attributes:
        letters: The token of each letter, in lower case.
        blank: The CTC blank.
        separator: The token between words; None where the model has none.
        rewrite: Writes a word in the model's letters first; None for a model of that language.
    """

    letters: Mapping[str, int]
    blank: int
    separator: int | None
    rewrite: Callable[[str], str] | None = None


@dataclass(frozen=True, kw_only=True)
class TokenizedText:
    """The words of a segment as tokens.

    Attributes:
        tokens: Letters or ``WILDCARD``, with separators between words.
        words: The index of each token's word; None for a separator.
        alignable: One per word: True if most of its tokens are letters.
        is_foreign: True if most letters of the text are not in the vocabulary.
    """

    tokens: tuple[int, ...]
    words: tuple[int | None, ...]
    alignable: tuple[bool, ...]
    is_foreign: bool


def tokenize(words: Sequence[str], vocabulary: Vocabulary) -> TokenizedText:
    """Tokenize the words of a segment."""
    tokens: list[int] = []
    owners: list[int | None] = []
    alignable: list[bool] = []
    known = unknown = 0
    for number, word in enumerate(words):
        is_read_out = any(map(_is_read_out, word))
        of_word = [WILDCARD] if is_read_out else _tokens(word.strip(), vocabulary)
        num_letters = sum(token != WILDCARD for token in of_word)
        if not is_read_out:
            known += num_letters
            if WILDCARD in of_word:
                unknown += max(0, sum(map(str.isalpha, word)) - num_letters)
        alignable.append(num_letters > len(of_word) - num_letters)
        if not of_word:
            continue
        if tokens and vocabulary.separator is not None:
            tokens.append(vocabulary.separator)
            owners.append(None)
        tokens += of_word
        owners += [number] * len(of_word)
    return TokenizedText(
        tokens=tuple(tokens),
        words=tuple(owners),
        alignable=tuple(alignable),
        is_foreign=known < _MIN_KNOWN * (known + unknown),
    )


def split_words(text: str, language: str) -> list[str]:
    """Split a text into words, each with the white space before it; joined they give the text.

    In a language without spaces every character is a word, together with the punctuation and the
    marks that follow it.
    """
    if language.partition("-")[0] not in _WITHOUT_SPACES:
        return re.findall(r"\s*\S+", text)
    words: list[str] = []
    for word in re.findall(r"\s*(?:[A-Za-z0-9]+|\S)", text):
        if words and unicodedata.category(word[-1])[0] in "PM" and not word[0].isspace():
            words[-1] += word
        else:
            words.append(word)
    return words


def _tokens(word: str, vocabulary: Vocabulary) -> list[int]:
    """Return a word's tokens; one ``WILDCARD`` for neighbouring letters that are not known."""
    text = vocabulary.rewrite(word) if vocabulary.rewrite is not None else word
    found: list[int] = []
    for character in unicodedata.normalize("NFC", text).lower().translate(_SAME):
        token = _token(character, vocabulary.letters)
        if token is not None and not (token == WILDCARD and found[-1:] == [WILDCARD]):
            found.append(token)
    return found


def _is_read_out(character: str) -> bool:
    """Return True for characters that stand for a word, such as digits and currency signs."""
    category = unicodedata.category(character)
    return category[0] == "N" or category in {"Sc", "Sm"} or character in _SPOKEN_SIGNS


def _token(character: str, letters: Mapping[str, int]) -> int | None:
    """Return the token of a letter or of its base letter; None for what is not pronounced."""
    if character in letters:
        return letters[character]
    base = unicodedata.normalize("NFD", character)[0]
    if base in letters:
        return letters[base]
    return WILDCARD if character.isalpha() else None
