"""Settings for the decoding of a request, and what the model is told of words to expect."""

from adapter import Traits

from dalston_sdk.decoding import Decoding, plan_decoding
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, TranscribeOptions

GPU_BATCH_SIZE = 16
CPU_BATCH_SIZE = 1
"""On a CPU a batch is hardly faster than its chunks one by one, and its padding costs time."""


def plan(options: TranscribeOptions, traits: Traits, *, device: str) -> Decoding:
    """Work out how to decode a request.

    Raises:
        EngineError: ``unsupported_option`` where this model cannot do what is asked for,
            ``invalid_request`` for values out of range.
    """
    given = [name for name in ("hotwords", "initial_prompt") if getattr(options, name)]
    if given and not traits.takes_prompt:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{traits.name} cannot be told which words to expect ({', '.join(given)})",
            hint="use a Whisper or Qwen3-ASR, or leave the option out",
        )
    return plan_decoding(
        options,
        traits,
        default_batch_size=CPU_BATCH_SIZE if device == "cpu" else GPU_BATCH_SIZE,
        translating_models="--model faster-whisper-large-v3",
        timing_model="--model faster-whisper-large-v3-turbo",
    )


def prompt_of(options: TranscribeOptions) -> str | None:
    """Return words to expect and text from before as one text; None without either."""
    parts = (", ".join(options.hotwords or ()), (options.initial_prompt or "").strip())
    return " ".join(part for part in parts if part) or None
