"""The form in which words are compared: the normaliser and the language decide about it.

Reference:
    Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision (2022), appendix C,
    whose normalisers are those of ``whisper-normalizer``.
"""

import re
import unicodedata
from collections.abc import Callable

from dalston_cli.evaluation.needs import library
from dalston_cli.formats.script import is_spaceless
from dalston_cli.settings.choices import NormaliserName

Normalise = Callable[[str], str]

LETTERS_ARE_WORDS = ("zh", "yue", "ja", "th", "lo", "my", "km", "bo", "dz")
"""Languages that write no space between words: their characters are compared instead."""


def normaliser(kind: NormaliserName, language: str | None) -> Normalise:
    """Return the function that brings a text into the form for comparison.

    Args:
        kind: ``whisper`` is what papers and leaderboards use: for English, numbers, spellings and
            contractions are made alike, too. ``plain`` is lower case without punctuation. ``none``
            compares what is written.
        language: A BCP-47 tag; None is not English.
    """
    base = (language or "").split("-")[0]
    letters = base in LETTERS_ARE_WORDS
    if kind == "whisper":
        return _whispers(base, letters=letters)
    plain = _plain if kind == "plain" else _spaced
    return (lambda text: _by_letters(plain(text))) if letters else plain


def _whispers(base: str, *, letters: bool) -> Normalise:
    if base == "en":
        english = library("whisper_normalizer.english").EnglishTextNormalizer()
        return lambda text: _spaced(english(text))
    # Without its marks, a word of an Indian script would fall apart.
    basic = library("whisper_normalizer.basic").BasicTextNormalizer(preserve_marks=True)
    put_apart = _by_letters if letters else _spaced
    return lambda text: put_apart(basic(text))


def _plain(text: str) -> str:
    """Return lower case without punctuation; an apostrophe within a word stays."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    kept = "".join(
        " " if unicodedata.category(char)[0] in "PSCZ" and char != "'" else char for char in folded
    )
    return _spaced(re.sub(r"(?<!\w)'|'(?!\w)", " ", kept))


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _by_letters(text: str) -> str:
    """Put a space around characters of scripts without spaces; their marks stay with them."""
    parts: list[str] = []
    for char in text:
        if unicodedata.category(char)[0] == "M":
            # after the space that follows the letter
            parts.insert(len(parts) - 1 if parts[-1:] == [" "] else len(parts), char)
        else:
            parts += [" ", char, " "] if is_spaceless(char) else [char]
    return _spaced("".join(parts))
