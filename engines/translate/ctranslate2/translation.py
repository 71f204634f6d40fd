"""Translates the segments of a transcript: by the sentence, those of one length together."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec
from dividing import divided
from families import Direction
from languages import without_spaces
from loading import Model

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.translating import (
    Translations,
    languages_to_translate,
    translation_fault,
    translation_notices,
)
from dalston_sdk.wire import (
    ErrorCode,
    Segment,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)

_BEAM_SIZE = 4
_SHORTEST_LIMIT, _LONGEST_LIMIT = 32, 512
_GROWTH = 3
"""A translation may have this many times the tokens of the text, between the limits above."""

_ROUNDS: tuple[Mapping[str, Any], ...] = (
    MappingProxyType({}),
    MappingProxyType({"no_repeat_ngram_size": 3, "repetition_penalty": 1.2}),
)
"""Options of decoding: first as usual, then against models that repeat themselves without end."""

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−", "-"),  # noqa: RUF001 - dashes
        **dict.fromkeys("‘’‚‛", "'"),  # noqa: RUF001 - quotes
        **dict.fromkeys("“”„‟«»", '"'),
        "…": "...",
    }
)
"""For characters that a vocabulary has not."""


@dataclass(frozen=True, kw_only=True)
class _Input:
    """One sentence of a segment."""

    segment: int
    place: int
    tokens: list[str]


def translate(
    model: Model, request: TranslateRequest, fitter: BatchFitter, context: RunContext
) -> TranslateResult:
    """Translate every segment into every language, and name those that could not be.

    Raises:
        EngineError: ``invalid_request`` without a language, or for one that the model does not
            know; ``internal`` where nothing could be translated; ``out_of_memory``.
        CancelledError: The request was cancelled.
    """
    options = request.options
    others, notices = languages_to_translate(request)
    directions = {each: model.family.direction(request.language, each) for each in others}
    segments = [each for each in request.segments if each.text]
    work = _Work(model, fitter, context, segments, len(others))
    texts: dict[str, dict[int, str]] = {}
    for language, direction in directions.items():
        done = work.into(language, direction)
        texts[language] = done.texts
        notices += translation_notices(language, segments, done, options.glossary or ())
    if segments and others and not any(texts.values()):
        raise EngineError(
            ErrorCode.INTERNAL,
            f"the model gave no translation that can be used: {notices[-1].message}",
            hint="is the text in the language that --language says? Or try another"
            " --translate-model",
        )
    return TranslateResult(
        texts=texts,
        effective=_effective(options),
        warnings=(*notices, *fitter.notices),
        compute_type=model.translator.compute_type,
    )


class _Work:
    """The segments of one request."""

    def __init__(
        self,
        model: Model,
        fitter: BatchFitter,
        context: RunContext,
        segments: Sequence[Segment],
        num_languages: int,
    ) -> None:
        self._model = model
        self._fitter = fitter
        self._context = context
        self._segments = segments
        speech_s = sum(each.end - each.start for each in segments)
        self._total_s = speech_s * num_languages
        self._done_s = 0.0

    def into(self, language: str, direction: Direction) -> Translations:
        """Translate all segments into one language; what cannot be used is tried once more."""
        kept = {each.id: each.text for each in self._segments if _has_no_letters(each)}
        done = Translations(texts=kept)
        for options in _ROUNDS:
            missing = [each for each in self._segments if each.id not in done.texts]
            for segment, text, endless in self._round(missing, language, direction, options):
                fault = endless or translation_fault(segment.text, text)
                if fault is None:
                    done.texts[segment.id] = text
                else:
                    done.faults[segment.id] = fault
        return done

    def _round(
        self,
        segments: Sequence[Segment],
        language: str,
        direction: Direction,
        options: Mapping[str, Any],
    ) -> Iterator[tuple[Segment, str, str | None]]:
        """Yield each segment with its translation, and why that cannot be used, if it cannot."""
        inputs = [each for one in segments for each in self._inputs(one, direction)]
        inputs.sort(key=lambda each: len(each.tokens), reverse=True)
        found: dict[int, dict[int, tuple[str, str | None]]] = {one.id: {} for one in segments}
        share_s = 0.0
        if inputs and not options:
            share_s = sum(each.end - each.start for each in segments) / len(inputs)

        def compute(batch: Sequence[_Input]) -> list[tuple[str, str | None]]:
            return self._decode(batch, direction, options)

        for batch, outcomes in self._fitter.each_batch(inputs, compute):
            for one, outcome in zip(batch, outcomes, strict=True):
                found[one.segment][one.place] = outcome
            self._done_s = min(self._done_s + share_s * len(batch), self._total_s)
            self._context.progress(self._done_s, self._total_s)
        between = "" if without_spaces(language) else " "
        for segment in segments:
            parts = [found[segment.id][place] for place in sorted(found[segment.id])]
            text = between.join(part for part, _ in parts)
            yield segment, text, next((fault for _, fault in parts if fault), None)

    def _inputs(self, segment: Segment, direction: Direction) -> Iterator[_Input]:
        text = " ".join(segment.text.split())
        if self._has_unknown(text):
            text = text.translate(_PLAIN)
        for place, part in enumerate(divided(text, self._count)):
            tokens = direction.source(self._pieces(part))
            yield _Input(segment=segment.id, place=place, tokens=tokens)

    def _has_unknown(self, text: str) -> bool:
        return any(piece not in self._model.known for piece in self._pieces(text))

    def _count(self, text: str) -> int:
        return len(self._pieces(text))

    def _pieces(self, text: str) -> list[str]:
        pieces: list[str] = self._model.pieces.encode(text, out_type=str)
        return pieces

    def _decode(
        self, batch: Sequence[_Input], direction: Direction, options: Mapping[str, Any]
    ) -> list[tuple[str, str | None]]:
        """Return the translation of each input, and why it cannot be used, if it cannot."""
        longest = max(len(each.tokens) for each in batch)
        limit = min(_LONGEST_LIMIT, _SHORTEST_LIMIT + _GROWTH * longest)
        results = self._model.translator.translate_batch(
            [each.tokens for each in batch],
            target_prefix=[list(direction.prefix)] * len(batch),
            beam_size=_BEAM_SIZE,
            disable_unk=True,
            max_input_length=0,
            max_decoding_length=limit,
            **options,
        )
        return [self._read(each.hypotheses[0], direction, limit) for each in results]

    def _read(
        self, tokens: Sequence[str], direction: Direction, limit: int
    ) -> tuple[str, str | None]:
        said = list(tokens[len(direction.prefix) :])
        text: str = self._model.pieces.decode(said)
        fault = "the translation does not end" if len(tokens) >= limit else None
        return " ".join(text.split()), fault


def _has_no_letters(segment: Segment) -> bool:
    """Return True for a text such as a number or a note, which stays as it is."""
    return not any(unicodedata.category(each).startswith("L") for each in segment.text)


def _effective(options: TranslateOptions) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(options)
    return {name: values.get(name) for name in ("languages", "glossary", "max_cost_usd")}
