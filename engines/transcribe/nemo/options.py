"""What a request's options mean to this engine, and which of them a model cannot honour."""

from dataclasses import dataclass
from typing import Any

from capabilities import FULL_ATTENTION_S, Capabilities
from languages import Language

from dalston_sdk.chunks import (
    VAD_OPTIONS,
    VadSettings,
    read_vad_settings,
    vad_options_without_effect,
)
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Stage, TranscribeOptions

GPU_BATCH_SIZE = 16
"""On a CPU a batch is hardly faster than its stretches one by one, and its padding costs."""


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How one request is decoded.

    Attributes:
        rules: How speech is found and cut.
        with_vad: False where silence is not cut away.
        with_words: Whether segments get words.
        into_english: Whether the text is to be English whatever is spoken.
        batch_size: Stretches at a time.
        warnings: What the user should know about this combination.
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
    into_english = options.task == "translate"
    if into_english and not capabilities.translates:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{capabilities.name} does not translate (task)",
            hint="use --model nemo-canary-1b-v2 or --model faster-whisper-large-v3",
        )
    can_time = capabilities.gives_times and not into_english
    if options.word_timestamps and not can_time:
        what = "of a translation" if capabilities.gives_times else "of this model"
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"nothing tells when the words {what} are said (word_timestamps)",
            hint="use --model nemo-parakeet-tdt-0.6b-v3, or leave the option out",
        )
    rules = read_vad_settings(
        options, max_chunk_s=capabilities.max_chunk_s, model_name=capabilities.name
    )
    return Decoding(
        rules=rules,
        with_vad=options.vad is not False,
        with_words=can_time and options.word_timestamps is not False,
        into_english=into_english,
        batch_size=batch_size_of(options.batch_size, GPU_BATCH_SIZE, device),
        warnings=(*vad_options_without_effect(options), *_looks_locally(rules)),
    )


def effective(options: TranscribeOptions, decoding: Decoding, language: Language) -> dict[str, Any]:
    """Every option's value that was in force."""
    vad = vars(decoding.rules)
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


def batch_size_of(wanted: int | None, on_gpu: int, device: str) -> int:
    """How many stretches go through a model at a time.

    Raises:
        EngineError: ``invalid_request`` for less than one.
    """
    if wanted is None:
        return 1 if device == "cpu" else on_gpu
    if wanted < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    return wanted


def _looks_locally(rules: VadSettings) -> tuple[Notice, ...]:
    if rules.max_speech_s <= FULL_ATTENTION_S:
        return ()
    return (
        Notice(
            code="local_attention",
            message=f"Stretches longer than {FULL_ATTENTION_S:g} s are heard with attention to "
            "what is near only, because attention to everything takes memory by the square of "
            "their length.",
            stage=Stage.TRANSCRIBE.value,
        ),
    )
