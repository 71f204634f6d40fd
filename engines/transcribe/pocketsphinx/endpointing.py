"""Where speech is in a recording: pocketsphinx's endpointer, and the rules on top of it."""

from dataclasses import dataclass

import numpy as np
from pocketsphinx import Endpointer, Vad

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_PCM_SCALE = 32_767.0
_ENERGY_FRAME_S = 0.03
_VAD_MODE = Vad.MEDIUM_STRICT
"""The looser ones take nearly every sound in a room for speech; see README.md."""


@dataclass(frozen=True, kw_only=True)
class EndpointRules:
    """What counts as one region of speech.

    Attributes:
        min_speech_ms: Shorter regions are dropped.
        min_silence_ms: Shorter silences do not end a region.
        speech_pad_ms: How much is kept around a region.
        max_speech_s: Longer regions are cut where they are quietest.
    """

    min_speech_ms: int = 100
    min_silence_ms: int = 500
    speech_pad_ms: int = 200
    max_speech_s: float = 20.0


def to_pcm(samples: Samples) -> bytes:
    """16 bit little-endian samples, as pocketsphinx takes them."""
    return (np.clip(samples, -1.0, 1.0) * _PCM_SCALE).astype("<i2").tobytes()


def speech_regions(samples: Samples, rules: EndpointRules) -> list[SpeechRegion]:
    """Regions with speech, in time order, none longer than ``rules.max_speech_s``.

    Args:
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        rules: What counts as a region.
    """
    duration_s = len(samples) / SAMPLE_RATE
    pad_s = rules.speech_pad_ms / 1000
    joined: list[SpeechRegion] = []
    for heard in _endpoints(samples):
        if joined and heard.start - joined[-1].end < rules.min_silence_ms / 1000:
            joined[-1] = SpeechRegion(start=joined[-1].start, end=heard.end)
        else:
            joined.append(heard)
    padded: list[SpeechRegion] = []
    for region in joined:
        if region.end - region.start < rules.min_speech_ms / 1000:
            continue
        earliest = padded[-1].end if padded else 0.0
        start = max(earliest, region.start - pad_s)
        padded.append(_region(start, min(duration_s, region.end + pad_s)))
    return [part for region in padded for part in cut(samples, region, rules.max_speech_s)]


def cut(samples: Samples, region: SpeechRegion, max_speech_s: float) -> list[SpeechRegion]:
    """The region in parts of at most ``max_speech_s``, parted where it is quietest."""
    parts: list[SpeechRegion] = []
    start = region.start
    while region.end - start > max_speech_s:
        middle = _quietest(samples, start + max_speech_s / 2, start + max_speech_s)
        parts.append(_region(start, middle))
        start = middle
    return [*parts, _region(start, region.end)]


def _region(start: float, end: float) -> SpeechRegion:
    return SpeechRegion(start=round(start, 3), end=round(end, 3))


def _endpoints(samples: Samples) -> list[SpeechRegion]:
    """What the endpointer hears, fed frame by frame so that memory stays flat."""
    endpointer = Endpointer(vad_mode=_VAD_MODE)
    size = endpointer.frame_bytes // 2
    regions: list[SpeechRegion] = []
    for first in range(0, len(samples), size):
        frame = samples[first : first + size]
        was_in_speech = endpointer.in_speech
        if len(frame) == size:
            endpointer.process(to_pcm(frame))
        else:
            endpointer.end_stream(to_pcm(frame))
        if was_in_speech and not endpointer.in_speech:
            regions.append(SpeechRegion(start=endpointer.speech_start, end=endpointer.speech_end))
    if endpointer.in_speech:
        end = len(samples) / SAMPLE_RATE
        regions.append(SpeechRegion(start=endpointer.speech_start, end=end))
    return regions


def _quietest(samples: Samples, start: float, end: float) -> float:
    """The second between ``start`` and ``end`` with the least energy around it."""
    size = int(_ENERGY_FRAME_S * SAMPLE_RATE)
    first = int(start * SAMPLE_RATE)
    window = samples[first : int(end * SAMPLE_RATE)]
    frames = window[: len(window) // size * size].reshape(-1, size)
    quietest = int(np.square(frames).mean(axis=1).argmin())
    return (first + quietest * size + size // 2) / SAMPLE_RATE
