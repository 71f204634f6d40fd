"""Settings for the decoding of a request, and what the model is told of words to expect."""

import msgspec
from adapter import Adapter, Traits

from dalston_sdk.decoding import Decoding, plan_decoding
from dalston_sdk.errors import EngineError
from dalston_sdk.phrases import Expected, plan_phrases
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
    if options.initial_prompt and not traits.takes_prompt:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{traits.name} cannot be told text from before (initial_prompt)",
            hint="use a Whisper or Qwen3-ASR, or leave the option out",
        )
    one_by_one = device == "cpu" or traits.takes_whole
    return plan_decoding(
        _whole(options, traits) if traits.takes_whole else options,
        traits,
        default_batch_size=CPU_BATCH_SIZE if one_by_one else GPU_BATCH_SIZE,
        translating_models="--model faster-whisper-large-v3",
        timing_model="--model faster-whisper-large-v3-turbo",
    )


def expect(options: TranscribeOptions, adapter: Adapter) -> Expected:
    """Work out which words to expect.

    Args:
        options: The request's, shortened to the room of the model's prompt.
        adapter: The loaded model.

    Raises:
        EngineError: ``unsupported_option`` where the model cannot be told, or not with weights.
    """
    traits = adapter.traits
    if not traits.takes_prompt:
        return plan_phrases(
            options,
            adapter.vocabulary,
            model_name=traits.name,
            models="a Whisper, Qwen3-ASR, a CTC model or a Parakeet",
        )
    if options.hotword_weights:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{traits.name} is told words by a prompt, without weights (hotword_weights)",
            hint="leave the weights out, or use a CTC model or a Parakeet",
        )
    return Expected(effective={"hotwords": options.hotwords, "hotword_weights": None})


def _whole(options: TranscribeOptions, traits: Traits) -> TranscribeOptions:
    """Leave silence where it is, unless the request says otherwise, and split nothing."""
    if options.vad:
        return options
    longest = options.max_speech_s if options.max_speech_s is not None else traits.max_chunk_s
    return msgspec.structs.replace(options, vad=False, max_speech_s=longest)


def prompt_of(options: TranscribeOptions) -> str | None:
    """Return words to expect and text from before as one text; None without either."""
    parts = (", ".join(options.hotwords or ()), (options.initial_prompt or "").strip())
    return " ".join(part for part in parts if part) or None
