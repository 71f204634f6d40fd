"""One stretch of speech through pocketsphinx's decoder: words with times and confidence."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from endpointing import to_pcm
from pocketsphinx import Decoder
from pocketsphinx import Segment as Entry

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.timing import in_order
from dalston_sdk.wire import Segment, SpeechRegion, Word

_FRAME_S = 0.01
_FILLER = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
_ALTERNATE = re.compile(r"\(\d+\)$")
_BLOCK_BYTES = 6400  # 0.2 s
_JOIN_GAP_S = 1.0
"""Neighbouring regions are decoded together: a longer stretch is normalised better."""


def join(regions: Sequence[SpeechRegion], max_length_s: float) -> list[SpeechRegion]:
    """Regions put together while they are near each other and the whole stays short enough."""
    joined: list[SpeechRegion] = []
    for region in regions:
        if (
            joined
            and region.start - joined[-1].end < _JOIN_GAP_S
            and region.end - joined[-1].start <= max_length_s
        ):
            joined[-1] = SpeechRegion(start=joined[-1].start, end=region.end)
        else:
            joined.append(region)
    return joined


class Recogniser:
    """Turns stretches of speech into words.

    The library keeps Python's lock for as long as one call takes, and a server that cannot answer
    meanwhile looks dead. So audio goes in by small blocks. What is lost by that, the normalisation
    by the mean of the whole stretch, is measured beforehand by a second decoder that has next to
    nothing to search for.
    """

    def __init__(self) -> None:
        self._decoder = Decoder(loglevel="FATAL")
        self._meter = Decoder(lm=None, loglevel="FATAL")
        self._meter.set_align_text("a")

    def recognise(self, samples: Samples, region: SpeechRegion) -> list[Word]:
        """The words of one region, in order; their texts carry a leading space."""
        piece = samples[int(region.start * SAMPLE_RATE) : int(region.end * SAMPLE_RATE)]
        heard = [
            (_ALTERNATE.sub("", entry.word), entry)
            for entry in self._search(piece)
            if not is_filler(entry.word)
        ]
        times = in_order(
            [span_s(entry, region.start) for _, entry in heard], low=region.start, high=region.end
        )
        return [
            Word(text=f" {text}", start=start, end=end, confidence=round(min(1.0, entry.prob), 4))
            for (text, entry), (start, end) in zip(heard, times, strict=True)
        ]

    def _search(self, piece: Samples) -> Iterable[Entry]:
        if not len(piece):
            return ()
        decode(self._meter, piece)
        pcm = to_pcm(piece)
        self._decoder.reinit_feat()
        self._decoder.set_cmn(self._meter.get_cmn(update=True))
        self._decoder.start_utt()
        for first in range(0, len(pcm), _BLOCK_BYTES):
            self._decoder.process_raw(pcm[first : first + _BLOCK_BYTES])
        self._decoder.end_utt()
        heard: Iterable[Entry] | None = self._decoder.seg()
        return heard or ()


def decode(decoder: Decoder, piece: Samples) -> Iterable[Entry]:
    """What the decoder makes of the whole piece; empty where it hears nothing."""
    if not len(piece):
        return ()
    # Without this, noise statistics of earlier pieces would change what is heard in this one, and
    # the same recording could give another text the second time.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(to_pcm(piece), full_utt=True)
    decoder.end_utt()
    heard: Iterable[Entry] | None = decoder.seg()
    return heard or ()


def is_filler(entry: str) -> bool:
    """Whether an entry stands for silence or noise and not for a word."""
    return _FILLER.fullmatch(entry) is not None


def span_s(entry: Entry, offset_s: float) -> tuple[float, float]:
    """Start and end in seconds; pocketsphinx's end frame still belongs to the word."""
    return (
        offset_s + entry.start_frame * _FRAME_S,
        offset_s + (entry.end_frame + 1) * _FRAME_S,
    )


def segments_of(words: Sequence[Word], *, first_id: int, pause_s: float) -> list[Segment]:
    """Words in segments that end at pauses of at least ``pause_s``."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and word.start - groups[-1][-1].end < pause_s:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_segment(first_id + index, group) for index, group in enumerate(groups)]


def _segment(segment_id: int, words: Sequence[Word]) -> Segment:
    confidences = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        id=segment_id,
        start=words[0].start,
        end=words[-1].end,
        text="".join(word.text for word in words).strip(),
        words=tuple(words),
        language="en",
        confidence=round(float(np.mean(confidences)), 4),
    )
