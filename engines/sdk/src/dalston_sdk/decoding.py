"""What is decoded and how, for recognisers that take a short piece of speech at a time.

This module says which options apply and where speech is; ``transcribing`` goes through it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.chunks import (
    VAD_OPTIONS,
    VadSettings,
    read_vad_settings,
    split_region,
    vad_options_without_effect,
)
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.second_look import SecondLook, extended
from dalston_sdk.splitting import given_speech
from dalston_sdk.wire import ErrorCode, Notice, SpeechRegion, TranscribeOptions, TranscribeRequest

SUPPORTED_OPTIONS = frozenset(
    {
        "language",
        "languages",
        "task",
        "batch_size",
        "word_timestamps",
        "vad",
        "max_speech_s",
        *VAD_OPTIONS,
    }
)
"""The options of the stage that ``plan_decoding`` honours."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """Capabilities of a loaded recogniser.

    Attributes:
        name: The library's name of the model.
        languages: BCP-47 codes that it knows; empty where they are not known.
        must_be_told_language: True if it decodes everything as the language it is told.
        translates: True if it can translate into English.
        times_words: True if its words or tokens have times.
        max_chunk_s: The longest chunk that it takes; seconds.
    """

    name: str
    languages: tuple[str, ...]
    must_be_told_language: bool
    translates: bool
    times_words: bool
    max_chunk_s: float


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Settings for the decoding of one request.

    Attributes:
        vad: How regions are found and split.
        with_vad: False where silence is not cut away.
        with_words: True if segments get words.
        into_english: True if the text is English whatever is spoken.
        batch_size: Chunks that go through the model at once.
        warnings: What the user should know about this combination of options.
    """

    vad: VadSettings
    with_vad: bool
    with_words: bool
    into_english: bool
    batch_size: int
    warnings: tuple[Notice, ...]


def plan_decoding(
    options: TranscribeOptions,
    capabilities: Capabilities,
    *,
    default_batch_size: int,
    translating_models: str,
    timing_model: str,
) -> Decoding:
    """Work out how to decode a request.

    Args:
        options: The request's.
        capabilities: The loaded model's.
        default_batch_size: Where the request does not give one.
        translating_models: For the hint where this model does not translate: ``--model NAME``.
        timing_model: For the hint where this model gives no times for words: ``--model NAME``.

    Raises:
        EngineError: ``unsupported_option`` where this model cannot do what is asked for,
            ``invalid_request`` for values out of range.
    """
    into_english = options.task == "translate"
    if into_english and not capabilities.translates:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{capabilities.name} does not translate (task)",
            hint=f"use {translating_models}",
        )
    times_words = capabilities.times_words and not into_english
    if options.word_timestamps and not times_words:
        what = "the words of a translation" if capabilities.times_words else "its words"
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{capabilities.name} gives no times for {what} (word_timestamps)",
            hint=f"use {timing_model}, or leave the option out",
        )
    return Decoding(
        vad=read_vad_settings(
            options, max_chunk_s=capabilities.max_chunk_s, model_name=capabilities.name
        ),
        with_vad=options.vad is not False,
        with_words=times_words and options.word_timestamps is not False,
        into_english=into_english,
        batch_size=read_batch_size(options.batch_size, default=default_batch_size),
        warnings=vad_options_without_effect(options),
    )


def read_batch_size(requested: int | None, *, default: int) -> int:
    """Return the batch size of a request.

    Raises:
        EngineError: ``invalid_request`` for less than one.
    """
    if requested is None:
        return default
    if requested < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    return requested


class Detector(Protocol):
    """Voice activity detection by an engine's own library.

    Attributes:
        frame_s: Length of a frame of ``score``; seconds.
    """

    @property
    def frame_s(self) -> float:
        """See the class."""

    def find(
        self, samples: Samples, settings: VadSettings, check: Callable[[], None]
    ) -> list[SpeechRegion]:
        """Find regions with speech, in time order and without overlap, none longer than allowed."""

    def score(self, samples: Samples) -> NDArray[np.float32]:
        """Return the posterior of speech of each frame, by a network that has heard nothing."""


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Where speech is, in time order; ``alone`` was found by the second look and may be noise.

    Attributes:
        join_s: Silence that a region may hold; None if silence was not looked for.
    """

    regions: list[SpeechRegion]
    alone: list[SpeechRegion]
    join_s: float | None = None


def find_speech(
    audio: Samples,
    request: TranscribeRequest,
    decoding: Decoding,
    detector: Detector,
    check: Callable[[], None],
) -> Speech:
    """Find what to decode, with a second look at what the first one left out.

    Where the request is for a part of a recording, that is given.

    Args:
        audio: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        request: The request.
        decoding: As planned.
        detector: The engine's.
        check: Called again and again; may raise to end the search.
    """
    vad, options = decoding.vad, request.options
    join_s = vad.min_silence_ms / 1000 if decoding.with_vad else None
    if given := given_speech(request):
        return Speech(regions=list(given.regions), alone=list(given.alone), join_s=join_s)
    if not decoding.with_vad:
        whole = SpeechRegion(start=0.0, end=len(audio) / SAMPLE_RATE)
        return Speech(regions=split_region(audio, whole, vad.max_speech_s), alone=[])
    first = detector.find(audio, vad, check)
    second = SecondLook(
        score=detector.score,
        frame_s=detector.frame_s,
        threshold=vad.vad_threshold,
        chosen=options.vad_threshold is not None,
        min_speech_ms=vad.min_speech_ms,
        pad_s=vad.speech_pad_ms / 1000,
        check=check,
    )
    regions, alone = extended(
        first,
        second.find(audio, first),
        join_s=vad.min_silence_ms / 1000,
        max_speech_s=vad.max_speech_s,
    )
    return Speech(regions=regions, alone=alone, join_s=join_s)
