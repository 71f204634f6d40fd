"""When each word of a known text is said: pocketsphinx's forced aligner, segment by segment."""

import re
from collections.abc import Sequence

import msgspec
from pocketsphinx import Decoder
from pronunciation import guess_phones, spoken_forms
from recognition import decode, is_filler, span_s

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import Segment, Word

_CONTEXT_S = 0.1
"""Heard around a segment, since its edges may cut into a word."""
_BEAMS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""Wider than for recognition, so that a word too many in the text does not lose the rest."""


class Aligner:
    """Finds words' times; learns words that the dictionary does not have as they come."""

    def __init__(self) -> None:
        self._decoder = Decoder(lm=None, loglevel="FATAL", **_BEAMS)

    def align(self, segment: Segment, samples: Samples) -> tuple[Segment, bool]:
        """The segment with times for every word, and whether the aligner could follow the text.

        Words whose sound is unknown, and all words where the text could not be followed, get
        times by interpolation and say so.
        """
        words = _words(segment)
        if not words:
            return segment, True
        forms = [spoken_forms(word.text) for word in words]
        heard = self._follow([form for group in forms for form in group], segment, samples)
        spans: list[Span | None] = []
        remaining = iter(heard)
        for group in forms:
            spoken = [next(remaining) for _ in group] if heard else []
            spans.append((spoken[0][0], spoken[-1][1]) if spoken else None)
        times = in_order(_fill(spans, words, segment), low=segment.start, high=segment.end)
        timed = tuple(
            msgspec.structs.replace(word, start=start, end=end, interpolated=span is None)
            for word, span, (start, end) in zip(words, spans, times, strict=True)
        )
        return msgspec.structs.replace(segment, words=timed), bool(heard)

    def _follow(self, said: Sequence[str], segment: Segment, samples: Samples) -> list[Span]:
        """A span per said word; none where the text does not fit the sound."""
        if not said:
            return []
        for word in said:
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, guess_phones(word), update=False)
        start = max(0.0, segment.start - _CONTEXT_S)
        piece = samples[int(start * SAMPLE_RATE) : int((segment.end + _CONTEXT_S) * SAMPLE_RATE)]
        self._decoder.set_align_text(" ".join(said))
        spans = [
            span_s(entry, start)
            for entry in decode(self._decoder, piece)
            if not is_filler(entry.word)
        ]
        return spans if len(spans) == len(said) else []


def _words(segment: Segment) -> list[Word]:
    """The segment's words, from its text where it has none."""
    if segment.words:
        return list(segment.words)
    return [
        Word(text=f" {text}", start=segment.start, end=segment.end)
        for text in re.findall(r"\S+", segment.text)
    ]


def _fill(spans: Sequence[Span | None], words: Sequence[Word], segment: Segment) -> list[Span]:
    """Spans for all words: a run without shares the time between its neighbours by length."""
    filled: list[Span] = []
    for index, span in enumerate(spans):
        if span is not None:
            filled.append(span)
            continue
        start = filled[-1][1] if filled else segment.start
        run = 1
        while index + run < len(spans) and spans[index + run] is None:
            run += 1
        following = spans[index + run] if index + run < len(spans) else None
        end = following[0] if following else segment.end
        letters = sum(len(word.text) for word in words[index : index + run])
        share = len(words[index].text) / max(1, letters)
        filled.append((start, start + max(0.0, end - start) * share))
    return filled
