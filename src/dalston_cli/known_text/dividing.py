"""A known text divided into sentences or lines, and those into words."""

import re
from collections.abc import Iterable, Iterator, Sequence

from dalston_cli.formats.punctuation import CLOSING, ends_sentence
from dalston_cli.formats.script import clean, graphemes, is_spaceless
from dalston_cli.formats.subtitles.atoms import Token, may_break, split_where
from dalston_cli.known_text.source import Unit

_AFTER_DASH = re.compile(r"(?<=[\u2013\u2014])(?=\w)|(?<=--)(?=\w)")
_SHORT_FORM = re.compile(
    r"(?:[^\W\d_]|Mr|Mrs|Ms|Dr|St|Prof|Rev|Hon|Capt|Col|Gen|Lt|Sgt|Jr|Sr|vs|Mme|Mlle|Hr|Fr|Nr)\."
)
"""Abbreviations after which a sentence goes on, and initials."""


def units_of(paragraphs: Iterable[Sequence[str]], *, by_line: bool) -> Iterator[Unit]:
    """Yield the sentences of paragraphs, or their lines; what has no word is left out.

    Args:
        paragraphs: The lines of each.
        by_line: Take lines as they are; a sentence may go over several otherwise.
    """
    number = 0
    for lines in paragraphs:
        texts = [clean(line) for line in lines]
        found = [
            each
            for each in (texts if by_line else sentences(" ".join(texts)))
            if any(letter.isalnum() for letter in each)
        ]
        yield from (Unit(each, number) for each in found)
        number += bool(found)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text without line breaks."""
    words = split_words(text)
    sentence: list[str] = []
    for number, word in enumerate(words):
        sentence.append(word)
        following = words[number + 1] if number + 1 < len(words) else ""
        if not following or _is_between_sentences(word, following):
            yield "".join(sentence).strip()
            sentence = []


def _is_between_sentences(word: str, following: str) -> bool:
    if not ends_sentence(word):
        return False
    core = word.strip().rstrip(CLOSING).lstrip("([\"'\u201c\u2018")
    if _SHORT_FORM.fullmatch(core):
        return False
    first = next((letter for letter in following if letter.isalnum()), "A")
    return not first.islower()


def split_words(text: str) -> list[str]:
    """Return the words of a text, each with the white space before it: joined, they are the text.

    In a script without spaces each letter is a word. Marks that stand alone, such as a dash, go
    with the word before them, or the first word.
    """
    words: list[str] = []
    lead = ""
    for chunk in text.split():
        space = " " if words or lead else ""
        for piece in _pieces(chunk):
            if any(letter.isalnum() for letter in piece):
                words.append(f"{lead}{space}{piece}")
                lead = ""
            elif words:
                words[-1] += f"{space}{piece}"
            else:
                lead += f"{space}{piece}"
            space = ""
    return words


def _pieces(chunk: str) -> Iterator[str]:
    if not is_spaceless(chunk):
        yield from (piece for piece in _AFTER_DASH.split(chunk) if piece)
        return
    letters = [Token(text=each, start=0, end=0, spaced=False) for each in graphemes(chunk)]
    for group in split_where(letters, may_break):
        yield "".join(each.text for each in group)
