"""The settings of a request for WhisperX 3.8.6, read from its options.

It decodes whole chunks, greedily or with beams, without fallback temperatures, time tokens or text
carried over. Options that need those are not supported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dalston_sdk.errors import EngineError
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import DiarizeOptions, ErrorCode, Notice, TranscribeOptions

_DECODING: Mapping[str, Any] = {
    "beam_size": 5,
    "patience": 1.0,
    "length_penalty": 1.0,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "initial_prompt": None,
    "prefix": None,
    "hotwords": None,
    "suppress_blank": True,
    "suppress_tokens": (-1,),
}
"""The library's names and defaults."""

TRANSCRIBE = frozenset(
    {"language", "languages", "task", "batch_size", "chunk_length_s", *_DECODING}
    | {"vad_threshold", "speech_pad_ms"}
)
SPEAKERS = frozenset({"num_speakers", "min_speakers", "max_speakers"})
DIARIZE = SPEAKERS | {"chunk_s"}

CHUNK_S = 3600.0
"""Longer recordings are diarized in chunks, because memory grows with the square of the length."""
MIN_CHUNK_S = 30.0

CPU_BATCH_SIZE = 4
GPU_BATCH_SIZE = 8
_ONSET, _OFFSET = 0.5, 0.363
_PAD_MS = 200


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Settings for the decoding of one request.

    Attributes:
        arguments: For the library's ``TranscriptionOptions``.
        task: ``transcribe`` or ``translate``.
        batch_size: Chunks that are decoded together.
        chunk_s: Longest chunk; whole seconds.
        onset, offset: Speech begins above one score and ends below the other; 0 to 1.
        pad_s: Silence kept around chunks.
        warnings: Notices about options without effect.
    """

    arguments: Mapping[str, Any]
    task: str
    batch_size: int
    chunk_s: int
    onset: float
    offset: float
    pad_s: float
    warnings: tuple[Notice, ...]


def read_decoding(options: TranscribeOptions, *, device: str, window_s: int) -> Decoding:
    """Read the options and fill in the defaults.

    Args:
        options: The request's options.
        device: ``cpu`` or ``cuda:N``.
        window_s: The model's input length; seconds.

    Raises:
        EngineError: ``invalid_request`` for values out of range.
    """
    onset = _ONSET if options.vad_threshold is None else options.vad_threshold
    _require(0 < onset < 1, f"vad_threshold must lie between 0 and 1, and not be {onset:g}")
    chunk_s = window_s if options.chunk_length_s is None else options.chunk_length_s
    _require(
        chunk_s == int(chunk_s) and 1 <= chunk_s <= window_s,
        f"chunk_length_s must be a whole number from 1 to {window_s}, and not {chunk_s:g}",
    )
    default = CPU_BATCH_SIZE if device == "cpu" else GPU_BATCH_SIZE
    batch_size = default if options.batch_size is None else options.batch_size
    _require(batch_size >= 1, "batch_size must be at least 1")
    pad_ms = _PAD_MS if options.speech_pad_ms is None else options.speech_pad_ms
    _require(pad_ms >= 0, "speech_pad_ms must not be below 0")
    return Decoding(
        arguments=_arguments(options),
        task=options.task or "transcribe",
        batch_size=batch_size,
        chunk_s=int(chunk_s),
        onset=onset,
        offset=min(_OFFSET, onset),
        pad_s=pad_ms / 1000,
        warnings=tuple(_without_effect(options)),
    )


def effective(
    options: TranscribeOptions, decoding: Decoding, language: str | None
) -> dict[str, Any]:
    """Return the values in force by option; ``language`` is the one that was decoded."""
    return {
        **decoding.arguments,
        "hotwords": options.hotwords,
        "language": language,
        "languages": options.languages,
        "task": decoding.task,
        "batch_size": decoding.batch_size,
        "chunk_length_s": decoding.chunk_s,
        "vad_threshold": decoding.onset,
        "speech_pad_ms": round(decoding.pad_s * 1000),
    }


def read_speakers(options: DiarizeOptions) -> dict[str, int]:
    """Return the library's arguments for the options that are set.

    Raises:
        EngineError: ``invalid_request`` for numbers out of range.
    """
    chosen = {
        name: value for name in sorted(SPEAKERS) if (value := getattr(options, name)) is not None
    }
    for name, value in chosen.items():
        _require(value >= 1, f"{name} must be at least 1, and not {value}")
    bounded = "min_speakers" in chosen or "max_speakers" in chosen
    _require(
        not ("num_speakers" in chosen and bounded),
        "num_speakers cannot be combined with min_speakers or max_speakers",
    )
    lower, upper = chosen.get("min_speakers", 1), chosen.get("max_speakers")
    _require(
        upper is None or lower <= upper,
        f"min_speakers ({lower}) must not be above max_speakers ({upper})",
    )
    return chosen


def read_chunk_s(options: DiarizeOptions) -> float:
    """Return the length of the chunks of a long recording that is diarized; seconds.

    Raises:
        EngineError: ``invalid_request`` where it is too short for the models' windows.
    """
    chunk_s = CHUNK_S if options.chunk_s is None else options.chunk_s
    _require(
        MIN_CHUNK_S <= chunk_s < float("inf"), f"chunk_s must be at least {MIN_CHUNK_S:g} seconds"
    )
    return chunk_s


def _arguments(options: TranscribeOptions) -> dict[str, Any]:
    arguments = dict(_DECODING)
    for name in _DECODING:
        if (value := getattr(options, name)) is not None:
            arguments[name] = value
    arguments["suppress_tokens"] = list(arguments["suppress_tokens"])
    if options.hotwords is not None:
        arguments["hotwords"] = ", ".join(options.hotwords)
    return arguments


def _without_effect(options: TranscribeOptions) -> list[Notice]:
    """Return a notice for each option that another one overrides."""
    overridden = {}
    if options.language is not None and options.languages is not None:
        overridden["languages"] = "the language is given"
    if options.hotwords is not None and options.prefix is not None:
        overridden["hotwords"] = "there is a prefix"
    if options.patience is not None and options.beam_size == 1:
        overridden["patience"] = "beam_size is 1"
    return [option_without_effect(name, reason) for name, reason in overridden.items()]


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as an assert
    if not holds:
        raise EngineError(ErrorCode.INVALID_REQUEST, otherwise)
