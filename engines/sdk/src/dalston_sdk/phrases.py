"""Words and names to expect, as tokens of a recogniser that decodes with posteriors.

``ctc_phrases`` and ``transducer_phrases`` find them. Whisper's kind gets a prompt instead:
``prompts``.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Stage, TranscribeOptions

PHRASE_OPTIONS = frozenset({"hotwords", "hotword_weights"})
"""The options of the stage that ``plan_phrases`` honours."""

BONUS_PER_LETTER = 1.0
"""Natural logarithm by which a phrase of weight 1 may be less likely, for each of its letters."""

Encode = Callable[[str], Sequence[int]]
"""Returns the tokens of a text, as the model's own tokenizer divides it."""

_MOST_NAMED = 5
_UNSPACED_SCRIPTS = (
    *("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "MYANMAR", "KHMER", "TIBETAN"),
)


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One division of a word or name into tokens; a text may have several.

    Attributes:
        text: As the model writes it.
        token_ids: Its tokens; the first one begins a word, as far as the model has such tokens.
        weight: How much it counts; 1 is usual.
    """

    text: str
    token_ids: tuple[int, ...]
    weight: float

    @property
    def bonus(self) -> float:
        """How much less likely than the best text it may be; a natural logarithm."""
        return self.weight * BONUS_PER_LETTER * sum(letter.isalnum() for letter in self.text)

    @property
    def has_spaces(self) -> bool:
        """False in a script that puts no spaces between words, where it may begin anywhere."""
        return not _is_unspaced(self.text)


class Vocabulary:
    """The tokens of a model.

    Args:
        texts: The text of each token, with a space where a word begins; without the blank and other
            tokens that are no text.
        encode: The model's own tokenizer, where there is one.
    """

    def __init__(self, texts: Mapping[int, str], encode: Encode | None = None) -> None:
        self.texts = texts
        self._encode = encode

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {text: token_id for token_id, text in self.texts.items() if text}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._ids), default=0)

    @cached_property
    def boundaries(self) -> frozenset[int]:
        """The tokens before which a word is at its end."""
        return frozenset(
            token_id
            for token_id, text in self.texts.items()
            if text.startswith(" ") or is_punctuation(text)
        )

    def divisions(self, text: str) -> list[tuple[int, ...]]:
        """Return the ways to write a text that a model may take; none if it has not the letters.

        These are the tokenizer's, that with the fewest tokens, that of byte pair encoding if ids
        are in the order of merges, and single letters.
        """
        found: list[Sequence[int]] = [self._own(text)]
        for each in (text, f" {text}") if _is_unspaced(text) else (f" {text}",):
            found += [self._fewest(each), self._merged(each), self._letters(each)]
        return list(dict.fromkeys(tuple(ids) for ids in found if ids))

    def _own(self, text: str) -> Sequence[int]:
        ids = list(self._encode(text)) if self._encode is not None else []
        written = "".join(self.texts.get(token_id, "\0") for token_id in ids)
        may_stand = {f" {text}", text} if _is_unspaced(text) else {f" {text}"}
        return ids if written in may_stand else []

    def _fewest(self, text: str) -> list[int]:
        best: list[list[int] | None] = [[], *[None] * len(text)]
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - self._longest), end):
                before, token_id = best[start], self._ids.get(text[start:end])
                if before is None or token_id is None:
                    continue
                so_far = best[end]
                if so_far is None or len(before) + 1 < len(so_far):
                    best[end] = [*before, token_id]
        return best[-1] or []

    def _merged(self, text: str) -> list[int]:
        pieces = list(text)
        while True:
            pairs = [
                (token_id, at)
                for at in range(len(pieces) - 1)
                if (token_id := self._ids.get(pieces[at] + pieces[at + 1])) is not None
            ]
            if not pairs:
                break
            _, at = min(pairs)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        return self._ids_of(pieces)

    def _letters(self, text: str) -> list[int]:
        pieces: list[str] = []
        for letter in text:
            if pieces and pieces[-1] == " " and f" {letter}" in self._ids:
                pieces[-1] += letter
            else:
                pieces.append(letter)
        return self._ids_of(pieces)

    def _ids_of(self, pieces: Sequence[str]) -> list[int]:
        ids = [self._ids.get(piece) for piece in pieces]
        return [each for each in ids if each is not None] if None not in ids else []


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The words and names to expect in a recording.

    Attributes:
        phrases: All ways to write them; none if none are expected.
        effective: The options as they are in force.
        warnings: Says which words the model cannot write.
    """

    phrases: tuple[Phrase, ...] = ()
    effective: Mapping[str, Any]
    warnings: tuple[Notice, ...] = ()


def plan_phrases(
    options: TranscribeOptions, vocabulary: Vocabulary | None, *, model_name: str, models: str
) -> Expected:
    """Work out which phrases a request expects.

    Args:
        options: The request's.
        vocabulary: The model's; None if it cannot be told what to expect.
        model_name: For messages.
        models: For the hint where this model cannot: ``--model NAME``.

    Raises:
        EngineError: ``unsupported_option`` if the model cannot be told, ``invalid_request`` if it
            can write none of the words, or weights do not fit them.
    """
    words = options.hotwords or ()
    weights = options.hotword_weights or (1.0,) * len(words)
    if len(weights) != len(words) or any(weight <= 0 for weight in weights):
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            "hotword_weights has to have a number above 0 for each of the hotwords",
        )
    if words and vocabulary is None:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{model_name} cannot be told which words to expect (hotwords)",
            hint=f"use {models}, or leave the option out",
        )
    found = {
        number: _phrases(word, weights[number], vocabulary)
        for number, word in enumerate(words)
        if vocabulary is not None
    }
    left_out = [words[number] for number, phrases in found.items() if not phrases]
    if words and len(left_out) == len(words):
        raise no_hotword_writable(left_out, model_name)
    kept = [number for number, phrases in found.items() if phrases]
    return Expected(
        phrases=tuple(phrase for number in kept for phrase in found[number]),
        effective={
            "hotwords": tuple(words[number] for number in kept) or None,
            "hotword_weights": tuple(weights[number] for number in kept)
            if options.hotword_weights
            else None,
        },
        warnings=hotwords_left_out(left_out, model_name),
    )


def is_punctuation(text: str) -> bool:
    """Return True if a token has signs only, such as a full stop."""
    signs = text.strip()
    return bool(signs) and not any(letter.isalnum() for letter in signs)


def _is_unspaced(text: str) -> bool:
    return any(unicodedata.name(letter, "").startswith(_UNSPACED_SCRIPTS) for letter in text)


def num_changes(text: str, other: str) -> int:
    """Return how many letters are put in, left out or replaced between two texts."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(text, start=1):
        now = [row]
        for column, theirs in enumerate(other, start=1):
            same = before[column - 1] + (letter != theirs)
            now.append(min(before[column] + 1, now[-1] + 1, same))
        before = now
    return before[-1]


def _phrases(word: str, weight: float, vocabulary: Vocabulary) -> list[Phrase]:
    for text in _spellings(word):
        if divisions := vocabulary.divisions(text):
            return [Phrase(text=text, token_ids=ids, weight=weight) for ids in divisions]
    return []


def _spellings(word: str) -> Iterator[str]:
    """Yield the word as it is, and then in the letters of models that have fewer."""
    text = " ".join(word.split())
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for each in (text, plain):
        yield from (each, each.lower(), each.upper())


def hotwords_left_out(left_out: Sequence[str], model_name: str) -> tuple[Notice, ...]:
    """Return the notice about words that a model cannot write; none if it can write all."""
    if not left_out:
        return ()
    return (
        Notice(
            code="hotwords_left_out",
            message=f"{model_name} does not have the letters of {_named(left_out)}: not expected.",
            stage=Stage.TRANSCRIBE.value,
        ),
    )


def no_hotword_writable(words: Sequence[str], model_name: str) -> EngineError:
    """Build the error for when a model can write none of the words."""
    return EngineError(
        ErrorCode.INVALID_REQUEST,
        f"{model_name} does not have the letters of {_named(words)}",
        hint="write them in letters of the model's language, or leave hotwords out",
    )


def _named(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
