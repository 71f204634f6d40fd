"""Checks that a text is a translation of a segment, as far as that can be told, and notices."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Segment, TranslateRequest

_MIN_LENGTH = 60
"""Characters that a translation may always have."""

_MOST_LONGER = 4
"""A translation may have this many times the characters of the text. Chinese takes a third of what
English does."""

_WIDE = 3
"""Characters that one of a script without letters counts for, on either side."""

_UNCHANGED_WORDS = 5
"""Fewer words may be the same in both languages, such as names."""

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
_LETTER_JOINERS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
"""Persian, Hindi and emoji use them."""

_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[.,' ]\d{3})+(?!\d)")
"""Digits in groups of three: what stands between the groups is a custom of the language."""


@dataclass(kw_only=True)
class Translations:
    """The segments of a text in one language.

    Attributes:
        texts: Translations by segment id.
        faults: Reasons by segment id, of segments that could not be translated at the first try.
    """

    texts: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)


def has_invisible(text: str) -> bool:
    """Return True if a text has invisible characters other than those that join letters."""
    return any(
        unicodedata.category(character) in _INVISIBLE and character not in _LETTER_JOINERS
        for character in text
    )


def languages_to_translate(request: TranslateRequest) -> tuple[list[str], list[Notice]]:
    """Return the languages that a text is not in yet, and a notice of each other one.

    Raises:
        EngineError: ``invalid_request``: no language was named.
    """
    if not request.options.languages:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            "no language was named to translate into (languages)",
            hint="name some: --translate-to de,fr",
        )
    wanted = dict.fromkeys(request.options.languages)
    others = [each for each in wanted if not _is_same_language(each, request.language)]
    return others, [_same_language_notice(each) for each in wanted if each not in others]


def translation_fault(raw: str, text: str) -> str | None:
    """Return why ``text`` cannot be a translation of ``raw``; None if it may be one."""
    if not text:
        return "the answer is empty"
    if has_invisible(text):
        return "the answer has characters that cannot be seen"
    if _length(text) > max(_MIN_LENGTH, _MOST_LONGER * _length(raw)):
        return "the answer is much longer than what was said"
    if _plain(text) == _plain(raw) and len(raw.split()) >= _UNCHANGED_WORDS:
        return "the answer is what was said, in its own language"
    return None


def doubts(raw: str, text: str, glossary: Sequence[str]) -> tuple[str, ...]:
    """Return what a reader should look at in a translation: numbers and names that are not in it.

    A number may have become a word, or a time another one, as 3 pm and 15 o'clock.
    """
    missing = _numbers(raw) - _numbers(text)
    found = [f"the number {number}" for number in missing]
    before, after = _plain(raw), _plain(text)
    names = [name for name in glossary if _plain(name) in before]
    found += [f"the name {name}" for name in names if _plain(name) not in after]
    return tuple(found)


def _is_same_language(target: str, source: str | None) -> bool:
    """Return True if a text needs no translation: ``en`` is ``en-gb`` enough."""
    return source is not None and (target == source or target == source.split("-", 1)[0])


def _same_language_notice(language: str) -> Notice:
    return Notice(code="not_translated", message=f"the text is in {language} already")


def translation_notices(
    language: str,
    segments: Sequence[Segment],
    done: Translations,
    glossary: Sequence[str],
) -> Iterator[Notice]:
    """Yield a notice of each segment without a translation, and of each doubt about another one.

    Args:
        language: Of the translations, BCP-47 lower case.
        segments: Those that were to be translated.
        done: Their translations, and the reason for each segment that has none.
        glossary: Names that should be in translations, too.
    """
    for segment in segments:
        text = done.texts.get(segment.id)
        place: Mapping[str, Any] = {"start": segment.start, "end": segment.end}
        if text is None:
            reason = f"segment {segment.id} is not translated into {language}"
            yield Notice(
                code="not_translated", message=f"{reason}: {done.faults[segment.id]}", **place
            )
            continue
        for doubt in doubts(segment.text, text, glossary):
            message = f"{doubt} of segment {segment.id} is not in its translation into {language}"
            yield Notice(code="translation_doubtful", message=message, **place)


def _numbers(text: str) -> "Counter[str]":
    """Count runs of digits: ``1,000`` is ``1.000``, and ``17:30`` is ``17 h 30``."""
    composed = unicodedata.normalize("NFKC", text)  # with plain spaces
    joined = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), composed)
    runs = re.findall(r"\d+", joined)
    return Counter("".join(str(unicodedata.digit(each)) for each in run) for run in runs)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _length(text: str) -> int:
    return sum(_WIDE if unicodedata.category(each) == "Lo" else 1 for each in text)
