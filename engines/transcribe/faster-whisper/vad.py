"""Voice activity detection as the library does it, and audio without silence."""

from collections.abc import Mapping, Sequence

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from dalston_sdk.chunks import rounded_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion


def find_speech(samples: Samples, vad: Mapping[str, float]) -> list[dict[str, int]]:
    """Find regions of speech in the library's form: the first and last sample of each."""
    return [
        {"start": int(region["start"]), "end": int(region["end"])}
        for region in get_speech_timestamps(samples, VadOptions(**vad))
        if region["end"] > region["start"]
    ]


def as_regions(sample_ranges: Sequence[Mapping[str, int]]) -> list[SpeechRegion]:
    """Convert ranges of samples to regions in seconds."""
    return [
        rounded_region(each["start"] / SAMPLE_RATE, each["end"] / SAMPLE_RATE)
        for each in sample_ranges
    ]


def without_silence(samples: Samples, sample_ranges: Sequence[Mapping[str, int]]) -> Samples:
    """Join the samples inside the ranges."""
    return np.concatenate([samples[each["start"] : each["end"]] for each in sample_ranges])
