"""Forced alignment of a known text with pocketsphinx, segment by segment."""

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
"""Audio kept on both sides of a segment, since its edges may cut into a word."""
_BEAMS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""Wider than for recognition, so that a wrong word in the text does not lose the others."""


class Aligner:
    """Finds the times of words; adds words to the dictionary where they are missing."""

    def __init__(self) -> None:
        self._decoder = Decoder(lm=None, loglevel="FATAL", **_BEAMS)

    def align(self, segment: Segment, samples: Samples) -> tuple[Segment, bool]:
        """Find the times of all words of a segment.

        Words whose pronunciation is unknown get interpolated times, and all words do if the text
        does not fit the audio.

        Returns:
            The segment with times for every word, and True if the text fits the audio.
        """
        words = _words(segment)
        if not words:
            return segment, True
        forms = [spoken_forms(word.text) for word in words]
        found = self._align([form for group in forms for form in group], segment, samples)
        spans: list[Span | None] = []
        remaining = iter(found)
        for group in forms:
            spoken = [next(remaining) for _ in group] if found else []
            spans.append((spoken[0][0], spoken[-1][1]) if spoken else None)
        times = in_order(_fill(spans, words, segment), low=segment.start, high=segment.end)
        timed = tuple(
            msgspec.structs.replace(word, start=start, end=end, interpolated=span is None)
            for word, span, (start, end) in zip(words, spans, times, strict=True)
        )
        return msgspec.structs.replace(segment, words=timed), bool(found)

    def _align(self, spoken: Sequence[str], segment: Segment, samples: Samples) -> list[Span]:
        """Return a span per spoken word; none if the text does not fit the audio."""
        if not spoken:
            return []
        for word in spoken:
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, guess_phones(word), update=False)
        start = max(0.0, segment.start - _CONTEXT_S)
        chunk = samples[int(start * SAMPLE_RATE) : int((segment.end + _CONTEXT_S) * SAMPLE_RATE)]
        self._decoder.set_align_text(" ".join(spoken))
        spans = [
            span_s(entry, start)
            for entry in decode(self._decoder, chunk)
            if not is_filler(entry.word)
        ]
        return spans if len(spans) == len(spoken) else []


def _words(segment: Segment) -> list[Word]:
    """Return the segment's words, split from its text if it has none."""
    if segment.words:
        return list(segment.words)
    return [
        Word(text=f" {text}", start=segment.start, end=segment.end)
        for text in re.findall(r"\S+", segment.text)
    ]


def _fill(spans: Sequence[Span | None], words: Sequence[Word], segment: Segment) -> list[Span]:
    """Interpolate missing spans: they share the time between their neighbours by text length."""
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
