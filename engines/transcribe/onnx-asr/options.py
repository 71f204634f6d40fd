"""What a request's options mean to this engine, and which of them a model cannot honour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from capabilities import Capabilities
from languages import Language

from dalston_sdk.chunks import (
    VAD_OPTIONS,
    VadSettings,
    read_vad_settings,
    vad_options_without_effect,
)
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, TranscribeOptions

GPU_BATCH_SIZE = 8
"""On a CPU a batch is hardly faster than its stretches one by one, and its padding costs."""

SUPPORTED = frozenset(
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


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How one request is decoded.

    Attributes:
        rules: How speech is found and cut.
        with_vad: False where silence is not cut away.
        with_words: Whether segments get words.
        into_english: Whether the text is to be English whatever is spoken.
        batch_size: Stretches at a time.
        warnings: Options that have no effect in this combination.
    """

    rules: VadSettings
    with_vad: bool
    with_words: bool
    into_english: bool
    batch_size: int
    warnings: tuple[Notice, ...]


def plan_decoding(
    options: TranscribeOptions, capabilities: Capabilities, *, device: str
) -> Decoding:
    """How to do what is asked for.

    Raises:
        EngineError: ``unsupported_option`` where this model cannot do it, ``invalid_request`` for
            values out of range.
    """
    if options.task == "translate" and not capabilities.translates:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{capabilities.name} does not translate (task)",
            hint="use --model onnx-canary-1b-v2 or --model faster-whisper-large-v3",
        )
    if options.word_timestamps and not capabilities.gives_times:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{capabilities.name} does not tell when words are said (word_timestamps)",
            hint="use --model onnx-parakeet-tdt-0.6b-v3, or leave the option out",
        )
    return Decoding(
        rules=read_vad_settings(
            options, max_chunk_s=capabilities.max_chunk_s, model_name=capabilities.name
        ),
        with_vad=options.vad is not False,
        with_words=capabilities.gives_times and options.word_timestamps is not False,
        into_english=options.task == "translate",
        batch_size=_batch_size(options, device),
        warnings=vad_options_without_effect(options),
    )


def effective(options: TranscribeOptions, decoding: Decoding, language: Language) -> dict[str, Any]:
    """Every option's value that was in force."""
    vad: Mapping[str, Any] = vars(decoding.rules)
    return {
        "language": language.spoken,
        "languages": options.languages,
        "task": "translate" if decoding.into_english else "transcribe",
        "batch_size": decoding.batch_size,
        "word_timestamps": decoding.with_words,
        "vad": decoding.with_vad,
        "max_speech_s": decoding.rules.max_speech_s,
        **{name: vad[name] if decoding.with_vad else None for name in VAD_OPTIONS},
    }


def _batch_size(options: TranscribeOptions, device: str) -> int:
    if options.batch_size is None:
        return 1 if device == "cpu" else GPU_BATCH_SIZE
    if options.batch_size < 1:
        raise _out_of_range("batch_size must be at least 1")
    return options.batch_size


def _out_of_range(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message)
