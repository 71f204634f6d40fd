"""Voice activity detection with pocketsphinx's endpointer, and rules for its regions."""

from dataclasses import dataclass

import numpy as np
from pocketsphinx import Endpointer, Vad

from dalston_sdk.chunks import quietest_time, rounded_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_PCM_SCALE = 32_767.0
_VAD_MODE = Vad.MEDIUM_STRICT
"""Looser modes take nearly every sound in a room for speech; see README.md."""


@dataclass(frozen=True, kw_only=True)
class EndpointSettings:
    """Settings of voice activity detection; the names are those of ``TranscribeOptions``.

    Attributes:
        min_speech_ms: Shorter regions are dropped.
        min_silence_ms: Shorter silences do not end a region.
        speech_pad_ms: Audio kept on both sides of a region.
        max_speech_s: Longer regions are split where they are quietest.
    """

    min_speech_ms: int = 100
    min_silence_ms: int = 500
    speech_pad_ms: int = 200
    max_speech_s: float = 20.0


def to_pcm(samples: Samples) -> bytes:
    """Convert samples to 16 bit little-endian PCM, which pocketsphinx takes."""
    return (np.clip(samples, -1.0, 1.0) * _PCM_SCALE).astype("<i2").tobytes()


def speech_regions(samples: Samples, settings: EndpointSettings) -> list[SpeechRegion]:
    """Find regions with speech, in time order, none longer than ``settings.max_speech_s``.

    Args:
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        settings: How regions are found.
    """
    duration_s = len(samples) / SAMPLE_RATE
    pad_s = settings.speech_pad_ms / 1000
    joined: list[SpeechRegion] = []
    for found in _endpoints(samples):
        if joined and found.start - joined[-1].end < settings.min_silence_ms / 1000:
            joined[-1] = SpeechRegion(start=joined[-1].start, end=found.end)
        else:
            joined.append(found)
    padded: list[SpeechRegion] = []
    for region in joined:
        if region.end - region.start < settings.min_speech_ms / 1000:
            continue
        earliest = padded[-1].end if padded else 0.0
        start = max(earliest, region.start - pad_s)
        padded.append(rounded_region(start, min(duration_s, region.end + pad_s)))
    return [part for region in padded for part in split(samples, region, settings.max_speech_s)]


def split(samples: Samples, region: SpeechRegion, max_length_s: float) -> list[SpeechRegion]:
    """Split a region at its quietest places into regions of at most ``max_length_s``.

    ``dalston_sdk.chunks.split_region`` rounds each start before it searches on, and would find
    slightly different places.
    """
    parts: list[SpeechRegion] = []
    start = region.start
    while region.end - start > max_length_s:
        middle = quietest_time(samples, start + max_length_s / 2, start + max_length_s)
        parts.append(rounded_region(start, middle))
        start = middle
    return [*parts, rounded_region(start, region.end)]


def _endpoints(samples: Samples) -> list[SpeechRegion]:
    """Run the endpointer frame by frame, so that memory does not grow with the recording."""
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
