"""Voice activity detection as the library does it, and audio without silence."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from faster_whisper.utils import get_assets_path
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

from dalston_sdk.chunks import rounded_region
from dalston_sdk.devices import cpu_threads
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_NETWORK = "silero_vad_v6.onnx"
_MAX_THREADS = 4


@cache
def load_network() -> None:
    """Load the library's network with more threads than the one that the library gives it.

    Its posteriors are the same to the bit. Threads sleep where they have no work: the processors
    are for the recogniser.
    """
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - not before telemetry is off

    options = SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = cpu_threads(_MAX_THREADS)
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = str(Path(get_assets_path()) / _NETWORK)
    get_vad_model().session = InferenceSession(path, options, providers=["CPUExecutionProvider"])


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
