"""Words to expect that the dictionary does not have: they get a pronunciation and a place.

The language model takes each for as likely as any of its own words without context.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pronunciation import guess_phones, spoken_forms

from dalston_sdk.notices import option_without_effect
from dalston_sdk.phrases import hotwords_left_out, no_hotword_writable
from dalston_sdk.wire import Notice, TranscribeOptions

Lookup = Callable[[str], str | None]
"""Returns the phones of a word that the dictionary has."""

_NO_WORD = re.compile(r"[^\w'\N{RIGHT SINGLE QUOTATION MARK}-]")


@dataclass(frozen=True, kw_only=True)
class ExpectedWords:
    """The words to expect in a recording.

    Attributes:
        phones: Of each word that is new to the dictionary.
        hotwords: Those of the request that are in force; None if there are none.
        warnings: Says which are not, and why.
    """

    phones: Mapping[str, str]
    hotwords: tuple[str, ...] | None
    warnings: tuple[Notice, ...]


def expect_words(options: TranscribeOptions, lookup: Lookup, *, model_name: str) -> ExpectedWords:
    """Work out which words the dictionary lacks.

    Args:
        options: The request's.
        lookup: Of the dictionary.
        model_name: For messages.

    Raises:
        EngineError: ``invalid_request`` if none of the words can be pronounced.
    """
    hotwords = options.hotwords or ()
    phones: dict[str, str] = {}
    known: list[str] = []
    left_out: list[str] = []
    for hotword in hotwords:
        words = [each for word in hotword.split() if (each := _NO_WORD.sub("", word))]
        forms = [spoken_forms(word) for word in words]
        if not words or not all(forms):
            left_out.append(hotword)
            continue
        new = {
            word: " ".join(lookup(form) or guess_phones(form) for form in spoken)
            for word, spoken in zip(words, forms, strict=True)
            if len(spoken) > 1 or lookup(spoken[0]) is None
        }
        phones |= new
        known += [] if new else [hotword]
    if hotwords and len(left_out) == len(hotwords):
        raise no_hotword_writable(left_out, model_name)
    return ExpectedWords(
        phones=phones,
        hotwords=tuple(each for each in hotwords if each not in left_out) or None,
        warnings=(*hotwords_left_out(left_out, model_name), *_known(known)),
    )


def _known(words: Sequence[str]) -> tuple[Notice, ...]:
    if not words:
        return ()
    reason = f"its dictionary and its language model have {', '.join(words)} already"
    return (option_without_effect("hotwords", reason),)
