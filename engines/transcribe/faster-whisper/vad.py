"""Where speech is, by the VAD that the library carries, and audio without the rest."""

from collections.abc import Mapping, Sequence

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion


def find_speech(samples: Samples, vad: Mapping[str, float]) -> list[dict[str, int]]:
    """Stretches of speech as the library gives them: first and last sample of each."""
    return [
        {"start": int(chunk["start"]), "end": int(chunk["end"])}
        for chunk in get_speech_timestamps(samples, VadOptions(**vad))
        if chunk["end"] > chunk["start"]
    ]


def as_regions(chunks: Sequence[Mapping[str, int]]) -> list[SpeechRegion]:
    """The same in seconds."""
    return [
        SpeechRegion(
            start=round(chunk["start"] / SAMPLE_RATE, 3), end=round(chunk["end"] / SAMPLE_RATE, 3)
        )
        for chunk in chunks
    ]


def without_silence(samples: Samples, chunks: Sequence[Mapping[str, int]]) -> Samples:
    """Only the samples inside ``chunks``, put together."""
    return np.concatenate([samples[chunk["start"] : chunk["end"]] for chunk in chunks])
