"""The stretches of a recording that a recogniser gets: none longer than it can hear."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, SpeechRegion, Stage, TranscribeOptions

VAD_OPTIONS = ("vad_threshold", "min_speech_ms", "min_silence_ms", "speech_pad_ms")
"""The options of the stage that have no effect where silence is not cut away."""

_ENERGY_FRAME_S = 0.03
_SHORTEST_S = 1.0


@dataclass(frozen=True, kw_only=True)
class SpeechRules:
    """What counts as one region of speech.

    Attributes:
        vad_threshold: From this probability on it is speech; above 0 and below 1.
        min_speech_ms: Shorter regions are dropped.
        min_silence_ms: Shorter silences do not end a region.
        speech_pad_ms: How much is kept around a region.
        max_speech_s: Longer regions are cut where they are quietest.
    """

    vad_threshold: float = 0.5
    min_speech_ms: int = 250
    min_silence_ms: int = 500
    speech_pad_ms: int = 150
    max_speech_s: float = 20.0


def rules_of(options: TranscribeOptions, *, longest_s: float, name: str) -> SpeechRules:
    """What a request says about speech, and what it leaves to the engine.

    Args:
        options: The request's.
        longest_s: The longest stretch that the recogniser can hear; seconds.
        name: What the recogniser is called, for people.

    Raises:
        EngineError: ``invalid_request`` for values out of range.
    """
    defaults = SpeechRules()
    defaults = replace(defaults, max_speech_s=min(defaults.max_speech_s, longest_s))
    rules = SpeechRules(
        **{
            name: value if (value := getattr(options, name)) is not None else default
            for name, default in vars(defaults).items()
        }
    )
    if not 0 < rules.vad_threshold < 1:
        raise _out_of_range("vad_threshold must be above 0 and below 1")
    if min(rules.min_speech_ms, rules.min_silence_ms, rules.speech_pad_ms) < 0:
        raise _out_of_range("min_speech_ms, min_silence_ms and speech_pad_ms cannot be negative")
    if not _SHORTEST_S < rules.max_speech_s <= longest_s:
        raise _out_of_range(
            f"max_speech_s must be more than {_SHORTEST_S:g} and at most {longest_s:g} with {name}"
        )
    return rules


def idle_without_vad(options: TranscribeOptions) -> tuple[Notice, ...]:
    """Which options have no effect because VAD is switched off."""
    if options.vad is not False:
        return ()
    return tuple(
        Notice(
            code="option_without_effect",
            message=f"{name} has no effect because VAD is switched off.",
            stage=Stage.TRANSCRIBE.value,
        )
        for name in VAD_OPTIONS
        if getattr(options, name) is not None
    )


def cut(samples: Samples, whole: SpeechRegion, max_speech_s: float) -> list[SpeechRegion]:
    """A region in parts of at most ``max_speech_s``, parted where it is quietest."""
    parts: list[SpeechRegion] = []
    start = whole.start
    while whole.end - start > max_speech_s:
        middle = _quietest(samples, start + max_speech_s / 2, start + max_speech_s)
        parts.append(region(start, middle))
        start = parts[-1].end
    return [*parts, region(start, whole.end)]


def pieces_of(samples: Samples, regions: Sequence[SpeechRegion], least_s: float) -> list[Samples]:
    """The samples of each region, silence added to those shorter than ``least_s``."""
    least = int(least_s * SAMPLE_RATE)
    pieces = []
    for each in regions:
        piece = samples[int(each.start * SAMPLE_RATE) : int(each.end * SAMPLE_RATE)]
        pieces.append(np.pad(piece, (0, max(0, least - len(piece)))))
    return pieces


def region(start: float, end: float) -> SpeechRegion:
    """A region to the millisecond."""
    return SpeechRegion(start=round(start, 3), end=round(end, 3))


def _out_of_range(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message)


def _quietest(samples: Samples, start: float, end: float) -> float:
    """The second between ``start`` and ``end`` with the least energy around it."""
    size = int(_ENERGY_FRAME_S * SAMPLE_RATE)
    first = int(start * SAMPLE_RATE)
    window = samples[first : int(end * SAMPLE_RATE)]
    frames = window[: len(window) // size * size].reshape(-1, size)
    quietest = int(np.square(frames).mean(axis=1).argmin())
    return (first + quietest * size + size // 2) / SAMPLE_RATE
