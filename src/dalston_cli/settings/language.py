"""Languages as people name them, in codes or in words, and the BCP-47 tags that are stored.

``English``, ``german``, ``eng``, ``deu``, ``ger``, ``en-US`` and ``日本語`` are all understood. The
libraries know the names; they are loaded when a language is read.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

DETECT = "auto"

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", re.ASCII)
_NAMES = "und/name_to_language"
_LANGUAGES = (
    "af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko"
    " lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)
PLAIN = frozenset(_LANGUAGES.split())
"""Codes that are the tags of their languages: to read them, no library has to be loaded."""

_WITHOUT_TWO_LETTERS = ("fil", "haw", "yue")
_MOST_SUGGESTIONS = 3
_SHORTEST_NAME = 4
_LONGEST_NAME = 40


class UnknownLanguageError(ValueError):
    """A text is neither a code nor a name of a language.

    Attributes:
        text: The text, which may be one of several.
        nearest: Tags of the languages that are most like it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.nearest = nearest_languages(text)
        super().__init__(
            f"should be the name or the code of a language; did you mean {listed(self.nearest)}?"
        )


def language_tag(text: str) -> str:
    """Return the BCP-47 tag of a language in lower case, such as ``de`` or ``pt-br``.

    A code of two letters stays as it is, unless another took its place; one of three becomes that
    of two where there is one.

    Args:
        text: A code of ISO 639 or BCP 47 with either dash, or a name in English, in the language
            itself or in another one.

    Raises:
        UnknownLanguageError: It is neither.
    """
    tag = text.strip().lower().replace("_", "-")
    return tag if tag in PLAIN else _read(text, tag)


def _read(text: str, tag: str) -> str:
    """Return the tag of a language by what the libraries know."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    if _TAG.fullmatch(tag) and langcodes.tag_is_valid(tag):
        return _stored(tag)
    if named := _named(text) or _named_plainly(text):
        return _stored(named)
    raise UnknownLanguageError(text)


def language_or_auto(text: str) -> str:
    """Return ``auto``, or the tag of a language, as ``language_tag`` does."""
    return DETECT if text.strip().lower() == DETECT else language_tag(text)


def language_tags(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of several languages, as ``language_tag`` does."""
    return tuple(language_tag(text) for text in texts)


def nearest_languages(text: str, among: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the tags of the three languages that are most like a text, the nearest first.

    The language of a country comes first where its code was taken for that of a language.

    Args:
        text: A mistyped name or code.
        among: Tags to choose from; all that have two letters, and some more, by default.
    """
    tags = tuple(among) or _known_tags()
    word = _plain(text[:_LONGEST_NAME])
    country = _spoken_in(word)
    ranked = sorted(tags, key=lambda tag: (tag != country, -_likeness(word, tag)))
    return tuple(ranked[:_MOST_SUGGESTIONS])


def listed(tags: Sequence[str]) -> str:
    """Return languages as messages name them: ``German (de), Greek (el) or Georgian (ka)``."""
    names = [described(tag) for tag in tags]
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def described(tag: str) -> str:
    """Return a language's English name and its tag: ``German (de)``."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    name = langcodes.Language.get(tag).display_name()
    return tag if name.lower().startswith("unknown") else f"{name} ({tag})"


def _named(text: str) -> str:
    """Return the tag of the language that has exactly this name; empty for none."""
    from language_data import names  # noqa: PLC0415 - keeps `dalston --help` fast

    name = " ".join(text.split())
    if name.isascii() and len(name.strip("-")) < _SHORTEST_NAME:
        return ""  # a code, and not a name in some language
    # The library also takes the longest name that a text begins with: `Malayalm` for Malay.
    tag = names.name_to_code("language", name)
    return tag.lower() if tag and names.normalize_name(name) in names.TRIES[_NAMES] else ""


def _named_plainly(text: str) -> str:
    """Return the tag of a language by its name as plain keyboards have it: ``Francais``.

    That is also what finds the few names that the library's own list lacks, such as Hindi.
    """
    name = _plain(text)
    return next((tag for tag in _known_tags() if name in _plain_names(tag)), "")


def _plain(text: str) -> str:
    """Return a text in lower case, without accents and other marks."""
    apart = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(char for char in apart if not unicodedata.combining(char))


def _stored(tag: str) -> str:
    """Return a valid tag as catalogs, results and their keys have it."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    first, dash, rest = tag.partition("-")
    standard = langcodes.standardize_tag(first, macro=True).lower()
    if len(first) == len("en") != len(standard):  # Tagalog is `tl`, and not Filipino
        standard = first
    return f"{standard}{dash}{rest}"


def _known_tags() -> tuple[str, ...]:
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    letters = "abcdefghijklmnopqrstuvwxyz"
    pairs = (first + second for first in letters for second in letters)
    return tuple(
        dict.fromkeys(_stored(pair) for pair in pairs if langcodes.tag_is_valid(pair))
    ) + tuple(_WITHOUT_TWO_LETTERS)


def _spoken_in(word: str) -> str:
    """Return the main language of a country, by the country's code of two letters."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    if not re.fullmatch(r"[a-z]{2}", word) or not langcodes.tag_is_valid(f"und-{word}"):
        return ""
    return langcodes.Language.get(f"und-{word}").maximize().language or ""


def _likeness(word: str, tag: str) -> float:
    """Return from 0 to 1 how much a text is like a language's code or names."""
    names = (tag, *_plain_names(tag))
    return max(difflib.SequenceMatcher(None, word, name).ratio() for name in names)


def _plain_names(tag: str) -> tuple[str, str]:
    """Return a language's English name and its own."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    language = langcodes.Language.get(tag)
    return _plain(language.display_name()), _plain(language.autonym())
