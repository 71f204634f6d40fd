"""What a request's options mean to faster-whisper, and which of them cannot be honoured together.

Reference: the parameters of ``WhisperModel.transcribe`` and ``BatchedInferencePipeline.transcribe``
in faster-whisper 1.2.1. The batched pipeline accepts more parameters than it uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Stage, TranscribeOptions

GPU_BATCH_SIZE = 8
"""On a GPU batches are about four times as fast; on a CPU hardly, and they cost accuracy."""

MAX_CHUNK_S = 30
"""Whisper's encoder sees 30 s at once."""

_SEQUENTIAL_ONLY = (
    "best_of",
    "prefix",
    "prompt_reset_on_temperature",
    "compression_ratio_threshold",
    "log_prob_threshold",
    "no_speech_threshold",
    "hallucination_silence_threshold_s",
)
"""The batched pipeline accepts these and ignores them."""

_VAD = {
    "vad_threshold": "threshold",
    "min_speech_ms": "min_speech_duration_ms",
    "min_silence_ms": "min_silence_duration_ms",
    "speech_pad_ms": "speech_pad_ms",
    "max_speech_s": "max_speech_duration_s",
}
_RENAMED = {
    "hallucination_silence_threshold_s": "hallucination_silence_threshold",
    "temperature": "temperatures",
}
_OURS = frozenset(
    {"language", "languages", "task", "batch_size", "chunk_length_s", "hotwords", "suppress_tokens"}
    | {"vad", *_VAD}
)
"""Reported from what we decided; everything else from what the library says it used."""

SUPPORTED = frozenset(TranscribeOptions.__struct_fields__)


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How one request is decoded.

    Attributes:
        arguments: For the library's ``transcribe``, all but the audio and the language.
        vad: The library's names of the VAD options; None where no silence is cut away.
        batch_size: 1 decodes window after window.
        chunk_length_s: Length of a window.
        warnings: Options that have no effect in this combination.
    """

    arguments: Mapping[str, Any]
    vad: Mapping[str, float] | None
    batch_size: int
    chunk_length_s: int
    warnings: tuple[Notice, ...]


def plan_decoding(options: TranscribeOptions, *, device: str, chunk_length_s: int) -> Decoding:
    """What to ask of the library.

    Args:
        options: As requested.
        device: ``cpu`` or ``cuda:N``.
        chunk_length_s: The model's own window.

    Raises:
        EngineError: ``unsupported_option`` where a batch cannot honour what was asked for,
            ``invalid_request`` for values out of range.
    """
    if options.chunk_length_s is not None:
        chunk_length_s = _whole_seconds(options.chunk_length_s)
    batch_size = _batch_size(options, device)
    vad = None if options.vad is False else _vad(options, batch_size, chunk_length_s)
    return Decoding(
        arguments=_arguments(options, batch_size, chunk_length_s),
        vad=vad,
        batch_size=batch_size,
        chunk_length_s=chunk_length_s,
        warnings=tuple(_without_effect(options)),
    )


def effective(
    options: TranscribeOptions, decoding: Decoding, used: object, language: str | None
) -> dict[str, Any]:
    """Every option's value that was in force.

    Args:
        options: As requested.
        decoding: As planned.
        used: The library's own ``TranscriptionOptions`` of the call; None where nothing was said.
        language: What the library was told to hear.
    """
    values: dict[str, Any] = {
        "language": language,
        "languages": options.languages,
        "task": options.task or "transcribe",
        "batch_size": decoding.batch_size,
        "chunk_length_s": decoding.chunk_length_s,
        "hotwords": options.hotwords,
        "suppress_tokens": decoding.arguments["suppress_tokens"],
        "vad": decoding.vad is not None,
    }
    for name, theirs in _VAD.items():
        value = (decoding.vad or {}).get(theirs)
        values[name] = None if value == float("inf") else value
    for name in SUPPORTED - _OURS:
        theirs = _RENAMED.get(name, name)
        planned = decoding.arguments.get("temperature" if name == "temperature" else theirs)
        values[name] = planned if used is None else getattr(used, theirs)
    if decoding.batch_size > 1:
        values |= dict.fromkeys(_SEQUENTIAL_ONLY)
    return values


def _batch_size(options: TranscribeOptions, device: str) -> int:
    sequential = [name for name in _SEQUENTIAL_ONLY if getattr(options, name) is not None]
    if options.condition_on_previous_text:
        sequential.append("condition_on_previous_text")
    if options.temperature is not None and len(options.temperature) > 1:
        sequential.append("temperature (as a ladder)")
    if options.vad is False:
        sequential.append("vad (switched off)")
    if options.batch_size is None:
        return 1 if device == "cpu" or sequential else GPU_BATCH_SIZE
    if options.batch_size < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    if options.batch_size > 1 and sequential:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"faster-whisper cannot honour {', '.join(sequential)} in batches",
            hint="use --batch-size 1, or leave the option out",
        )
    return options.batch_size


def _whole_seconds(seconds: float) -> int:
    if seconds != int(seconds) or not 1 <= seconds <= MAX_CHUNK_S:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"chunk_length_s must be a whole number from 1 to {MAX_CHUNK_S}, and not {seconds:g}",
        )
    return int(seconds)


def _vad(options: TranscribeOptions, batch_size: int, chunk_length_s: int) -> dict[str, float]:
    """The library's own defaults of either mode, and what the request says."""
    values: dict[str, float] = {
        "threshold": 0.5,
        "min_speech_duration_ms": 0,
        "min_silence_duration_ms": 160 if batch_size > 1 else 2000,
        "speech_pad_ms": 400,
        "max_speech_duration_s": chunk_length_s if batch_size > 1 else float("inf"),
    }
    for name, theirs in _VAD.items():
        if (value := getattr(options, name)) is not None:
            values[theirs] = value
    if batch_size > 1:
        values["max_speech_duration_s"] = min(values["max_speech_duration_s"], chunk_length_s)
    return values


def _arguments(options: TranscribeOptions, batch_size: int, chunk_length_s: int) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "task": "transcribe",
        "word_timestamps": True,
        # Text carried over from window to window makes Whisper repeat itself.
        "condition_on_previous_text": False,
        "suppress_tokens": [-1],
        # Always said, because the library keeps the last call's value.
        "chunk_length": chunk_length_s,
    }
    for name in SUPPORTED - {"language", "languages", "batch_size", "chunk_length_s", "vad", *_VAD}:
        if (value := getattr(options, name)) is not None:
            theirs = "temperature" if name == "temperature" else _RENAMED.get(name, name)
            arguments[theirs] = list(value) if isinstance(value, tuple) else value
    if options.hotwords is not None:
        arguments["hotwords"] = ", ".join(options.hotwords)
    if batch_size > 1:
        arguments["batch_size"] = batch_size
        # Otherwise a whole stretch of up to 30 s becomes one segment.
        arguments["without_timestamps"] = False
    return arguments


def _without_effect(options: TranscribeOptions) -> list[Notice]:
    """A notice for each option that another one makes pointless."""
    pointless = {
        name: "VAD is switched off"
        for name in _VAD
        if options.vad is False and getattr(options, name) is not None
    }
    if options.language is not None and options.languages is not None:
        pointless["languages"] = "the language is given"
    if options.prompt_reset_on_temperature is not None and not options.condition_on_previous_text:
        pointless["prompt_reset_on_temperature"] = "condition_on_previous_text is off"
    if options.hallucination_silence_threshold_s is not None and options.word_timestamps is False:
        pointless["hallucination_silence_threshold_s"] = "word_timestamps is off"
    if options.hotwords is not None and options.prefix is not None:
        pointless["hotwords"] = "there is a prefix"
    if options.best_of is not None and not any(options.temperature or (1.0,)):
        pointless["best_of"] = "no temperature is above 0"
    return [
        Notice(
            code="option_without_effect",
            message=f"{name} has no effect because {reason}.",
            stage=Stage.TRANSCRIBE.value,
        )
        for name, reason in pointless.items()
    ]
