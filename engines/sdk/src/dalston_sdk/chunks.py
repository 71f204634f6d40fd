"""Regions of speech as VAD finds them, and the chunks of them that go into a recogniser.

A *region* is what VAD finds, or a part of one that was too long. A *chunk* is the samples of one
region: what a model gets at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import ErrorCode, Notice, SpeechRegion, TranscribeOptions

VAD_OPTIONS = ("vad_threshold", "min_speech_ms", "min_silence_ms", "speech_pad_ms")
"""The options of the stage that have no effect where silence is not cut away."""

_ENERGY_FRAME_S = 0.03
_MIN_REGION_S = 1.0


@dataclass(frozen=True, kw_only=True)
class VadSettings:
    """Settings of voice activity detection; the names are those of ``TranscribeOptions``.

    Attributes:
        vad_threshold: A frame with at least this probability is speech; above 0 and below 1.
        min_speech_ms: Shorter regions are dropped.
        min_silence_ms: Shorter silences do not end a region.
        speech_pad_ms: Audio kept on both sides of a region.
        max_speech_s: Longer regions are split where they are quietest.
    """

    vad_threshold: float = 0.5
    min_speech_ms: int = 250
    min_silence_ms: int = 500
    speech_pad_ms: int = 150
    max_speech_s: float = 20.0


def read_vad_settings(
    options: TranscribeOptions, *, max_chunk_s: float, model_name: str
) -> VadSettings:
    """Fill in the defaults for the VAD options that a request leaves unset.

    Args:
        options: The request's.
        max_chunk_s: The longest chunk that the model takes; seconds.
        model_name: For error messages.

    Raises:
        EngineError: ``invalid_request`` for values out of range.
    """
    defaults = VadSettings()
    defaults = replace(defaults, max_speech_s=min(defaults.max_speech_s, max_chunk_s))
    settings = VadSettings(
        **{
            name: value if (value := getattr(options, name)) is not None else default
            for name, default in vars(defaults).items()
        }
    )
    if not 0 < settings.vad_threshold < 1:
        raise _out_of_range("vad_threshold must be above 0 and below 1")
    if min(settings.min_speech_ms, settings.min_silence_ms, settings.speech_pad_ms) < 0:
        raise _out_of_range("min_speech_ms, min_silence_ms and speech_pad_ms cannot be negative")
    if not _MIN_REGION_S < settings.max_speech_s <= max_chunk_s:
        raise _out_of_range(
            f"max_speech_s must be more than {_MIN_REGION_S:g} and at most {max_chunk_s:g}"
            f" with {model_name}"
        )
    return settings


def vad_options_without_effect(options: TranscribeOptions) -> tuple[Notice, ...]:
    """Return a notice for each VAD option that is set although VAD is switched off."""
    if options.vad is not False:
        return ()
    return tuple(
        option_without_effect(name, "VAD is switched off")
        for name in VAD_OPTIONS
        if getattr(options, name) is not None
    )


def split_region(samples: Samples, region: SpeechRegion, max_length_s: float) -> list[SpeechRegion]:
    """Split a region at its quietest places into regions of at most ``max_length_s``."""
    regions: list[SpeechRegion] = []
    start = region.start
    while region.end - start > max_length_s:
        middle = quietest_time(samples, start + max_length_s / 2, start + max_length_s)
        regions.append(rounded_region(start, middle))
        start = regions[-1].end
    return [*regions, rounded_region(start, region.end)]


def cut_chunks(
    samples: Samples, regions: Sequence[SpeechRegion], *, min_length_s: float
) -> list[Samples]:
    """Cut out the samples of each region, with silence added where they are too short."""
    min_samples = int(min_length_s * SAMPLE_RATE)
    chunks = []
    for region in regions:
        chunk = samples[int(region.start * SAMPLE_RATE) : int(region.end * SAMPLE_RATE)]
        chunks.append(np.pad(chunk, (0, max(0, min_samples - len(chunk)))))
    return chunks


def rounded_region(start: float, end: float) -> SpeechRegion:
    """Return a region with times rounded to milliseconds."""
    return SpeechRegion(start=round(start, 3), end=round(end, 3))


def quietest_time(samples: Samples, start: float, end: float) -> float:
    """Return the time between ``start`` and ``end`` with the least energy around it; seconds."""
    size = int(_ENERGY_FRAME_S * SAMPLE_RATE)
    first = int(start * SAMPLE_RATE)
    searched = samples[first : int(end * SAMPLE_RATE)]
    frames = searched[: len(searched) // size * size].reshape(-1, size)
    quietest = int(np.square(frames).mean(axis=1).argmin())
    return (first + quietest * size + size // 2) / SAMPLE_RATE


def _out_of_range(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message)
