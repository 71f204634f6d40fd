"""Turns a request's options into faster-whisper's arguments, and refuses what it cannot honour.

Reference: the parameters of ``WhisperModel.transcribe`` and ``BatchedInferencePipeline.transcribe``
in faster-whisper 1.2.1. The batched pipeline accepts more parameters than it uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dalston_sdk.decoding import read_batch_size
from dalston_sdk.errors import EngineError
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import ErrorCode, Notice, TranscribeOptions

GPU_BATCH_SIZE = 8
"""Batches are about four times as fast on a GPU, hardly faster on a CPU, and less accurate."""

MAX_CHUNK_S = 30
"""The length of the input of Whisper's encoder."""

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
_DECIDED_HERE = frozenset(
    {"language", "languages", "task", "batch_size", "chunk_length_s", "hotwords", "suppress_tokens"}
    | {"vad", *_VAD}
)
"""Reported as decided here; all other options as the library reports that it used them."""

SUPPORTED = frozenset(TranscribeOptions.__struct_fields__) - {"hotword_weights"}
"""A prompt cannot be weighted."""


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Settings for the decoding of one request.

    Attributes:
        arguments: Of the library's ``transcribe``, except the audio and the language.
        vad: VAD options by the library's names; None where silence is not cut away.
        batch_size: Chunks that go through the model at once; with 1, chunks are decoded in order.
        chunk_length_s: Length of a chunk.
        warnings: Options that have no effect in this combination.
    """

    arguments: Mapping[str, Any]
    vad: Mapping[str, float] | None
    batch_size: int
    chunk_length_s: int
    warnings: tuple[Notice, ...]


def plan_decoding(options: TranscribeOptions, *, device: str, chunk_length_s: int) -> Decoding:
    """Work out the library's arguments for a request.

    Args:
        options: The request's.
        device: ``cpu`` or ``cuda:N``.
        chunk_length_s: The length of the model's own window.

    Raises:
        EngineError: ``unsupported_option`` for options that the library ignores in batches,
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
    """Return every option with the value that was in force.

    Args:
        options: The request's.
        decoding: As planned.
        used: The library's ``TranscriptionOptions`` of the call; None where there was no speech.
        language: BCP-47 code of the language that the library was told.
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
    for name in SUPPORTED - _DECIDED_HERE:
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
    default = 1 if device == "cpu" or sequential else GPU_BATCH_SIZE
    batch_size = read_batch_size(options.batch_size, default=default)
    if batch_size > 1 and sequential:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"faster-whisper cannot honour {', '.join(sequential)} in batches",
            hint="use --batch-size 1, or leave the option out",
        )
    return batch_size


def _whole_seconds(seconds: float) -> int:
    if seconds != int(seconds) or not 1 <= seconds <= MAX_CHUNK_S:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"chunk_length_s must be a whole number from 1 to {MAX_CHUNK_S}, and not {seconds:g}",
        )
    return int(seconds)


def _vad(options: TranscribeOptions, batch_size: int, chunk_length_s: int) -> dict[str, float]:
    """Return the VAD options of a request, with the library's defaults with or without batches."""
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
        # Text carried over from chunk to chunk makes Whisper repeat itself.
        "condition_on_previous_text": False,
        "suppress_tokens": [-1],
        # Always given, because the library keeps the value of the last call.
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
        # Otherwise a whole chunk of up to 30 s becomes one segment.
        arguments["without_timestamps"] = False
    return arguments


def _without_effect(options: TranscribeOptions) -> list[Notice]:
    """Return a notice for each option that has no effect because of another one."""
    reasons = {
        name: "VAD is switched off"
        for name in _VAD
        if options.vad is False and getattr(options, name) is not None
    }
    if options.language is not None and options.languages is not None:
        reasons["languages"] = "the language is given"
    if options.prompt_reset_on_temperature is not None and not options.condition_on_previous_text:
        reasons["prompt_reset_on_temperature"] = "condition_on_previous_text is off"
    if options.hallucination_silence_threshold_s is not None and options.word_timestamps is False:
        reasons["hallucination_silence_threshold_s"] = "word_timestamps is off"
    if options.hotwords is not None and options.prefix is not None:
        reasons["hotwords"] = "there is a prefix"
    if options.best_of is not None and not any(options.temperature or (1.0,)):
        reasons["best_of"] = "no temperature is above 0"
    return [option_without_effect(name, reason) for name, reason in reasons.items()]
