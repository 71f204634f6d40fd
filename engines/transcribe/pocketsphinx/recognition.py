"""Decodes one chunk of speech with pocketsphinx: words with times and confidence."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

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
"""Neighbouring regions are decoded together: a longer chunk is normalised better."""


def join_regions(regions: Sequence[SpeechRegion], max_length_s: float) -> list[SpeechRegion]:
    """Join neighbouring regions into chunks of at most ``max_length_s``."""
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
    """Turns chunks of speech into words.

    The library holds Python's interpreter lock during each call, and a server that cannot answer
    meanwhile looks dead. So audio goes in by small blocks. That loses the normalisation by the mean
    of the whole chunk, which is measured beforehand by a second decoder with a trivial search.

    Args:
        phones: Words to expect that the dictionary does not have, with their pronunciations.
    """

    def __init__(self, phones: Mapping[str, str] = MappingProxyType({})) -> None:
        self.phones = phones
        self._decoder = Decoder(loglevel="FATAL")
        for number, (word, sounds) in enumerate(phones.items(), start=1):
            # The search is made anew once, with all of them.
            self._decoder.add_word(word, sounds, update=number == len(phones))
        self._normaliser = Decoder(lm=None, loglevel="FATAL")
        self._normaliser.set_align_text("a")

    def lookup(self, word: str) -> str | None:
        """Return the phones of a word; None if the dictionary does not have it."""
        found: str | None = self._decoder.lookup_word(word)
        return found

    def recognise(self, samples: Samples, region: SpeechRegion) -> list[Word]:
        """Return the words of one region, in order; their texts have a leading space."""
        chunk = samples[int(region.start * SAMPLE_RATE) : int(region.end * SAMPLE_RATE)]
        entries = [
            (_ALTERNATE.sub("", entry.word), entry)
            for entry in self._search(chunk)
            if not is_filler(entry.word)
        ]
        times = in_order(
            [span_s(entry, region.start) for _, entry in entries], low=region.start, high=region.end
        )
        return [
            Word(text=f" {text}", start=start, end=end, confidence=round(min(1.0, entry.prob), 4))
            for (text, entry), (start, end) in zip(entries, times, strict=True)
        ]

    def _search(self, chunk: Samples) -> Iterable[Entry]:
        if not len(chunk):
            return ()
        decode(self._normaliser, chunk)
        pcm = to_pcm(chunk)
        self._decoder.reinit_feat()
        self._decoder.set_cmn(self._normaliser.get_cmn(update=True))
        self._decoder.start_utt()
        for first in range(0, len(pcm), _BLOCK_BYTES):
            self._decoder.process_raw(pcm[first : first + _BLOCK_BYTES])
        self._decoder.end_utt()
        entries: Iterable[Entry] | None = self._decoder.seg()
        return entries or ()


def decode(decoder: Decoder, chunk: Samples) -> Iterable[Entry]:
    """Decode a chunk in one call; empty if the decoder finds nothing."""
    if not len(chunk):
        return ()
    # Otherwise noise statistics of earlier chunks would change the result for this one, and the
    # same recording could give another text the second time.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(to_pcm(chunk), full_utt=True)
    decoder.end_utt()
    entries: Iterable[Entry] | None = decoder.seg()
    return entries or ()


def is_filler(entry: str) -> bool:
    """Return True if a decoder's entry is silence or noise, not a word."""
    return _FILLER.fullmatch(entry) is not None


def span_s(entry: Entry, offset_s: float) -> tuple[float, float]:
    """Return start and end in seconds; pocketsphinx's end frame still belongs to the word."""
    return (
        offset_s + entry.start_frame * _FRAME_S,
        offset_s + (entry.end_frame + 1) * _FRAME_S,
    )


def segments_of(words: Sequence[Word], *, first_id: int, pause_s: float) -> list[Segment]:
    """Group words into segments that end at pauses of at least ``pause_s``."""
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
