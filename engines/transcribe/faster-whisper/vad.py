"""Voice activity detection as the library does it, and audio without silence."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

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


FRAME_S = 0.032
"""Length of the network's frames."""


def score(samples: Samples) -> npt.NDArray[np.float32]:
    """Return the posterior of speech of each frame, by a network that has heard nothing."""
    size = int(FRAME_S * SAMPLE_RATE)
    padded = np.pad(samples, (0, -len(samples) % size))
    return np.asarray(get_vad_model()(padded), np.float32).reshape(-1)


def as_regions(sample_ranges: Sequence[Mapping[str, int]]) -> list[SpeechRegion]:
    """Convert ranges of samples to regions in seconds."""
    return [
        rounded_region(each["start"] / SAMPLE_RATE, each["end"] / SAMPLE_RATE)
        for each in sample_ranges
    ]


def as_samples(regions: Sequence[SpeechRegion]) -> list[dict[str, int]]:
    """Convert regions in seconds to the library's form."""
    return [
        {"start": round(each.start * SAMPLE_RATE), "end": round(each.end * SAMPLE_RATE)}
        for each in regions
    ]


def without_silence(samples: Samples, sample_ranges: Sequence[Mapping[str, int]]) -> Samples:
    """Join the samples inside the ranges."""
    return np.concatenate([samples[each["start"] : each["end"]] for each in sample_ranges])
