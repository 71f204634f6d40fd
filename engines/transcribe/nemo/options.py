"""Settings for the decoding of a request by a NeMo model."""

from dataclasses import replace

from capabilities import FULL_ATTENTION_S

from dalston_sdk.decoding import Capabilities, Decoding, plan_decoding
from dalston_sdk.wire import Notice, Stage, TranscribeOptions

GPU_BATCH_SIZE = 16
"""On a CPU a batch is hardly faster than its chunks one by one, and its padding costs time."""


def plan(options: TranscribeOptions, capabilities: Capabilities, *, device: str) -> Decoding:
    """Work out how to decode a request, with a notice if long chunks need local attention.

    Raises:
        EngineError: ``unsupported_option`` where this model cannot do what is asked for,
            ``invalid_request`` for values out of range.
    """
    decoding = plan_decoding(
        options,
        capabilities,
        default_batch_size=1 if device == "cpu" else GPU_BATCH_SIZE,
        translating_models="--model nemo-canary-1b-v2 or --model faster-whisper-large-v3",
        timing_model="--model nemo-parakeet-tdt-0.6b-v3",
    )
    if decoding.vad.max_speech_s <= FULL_ATTENTION_S:
        return decoding
    return replace(decoding, warnings=(*decoding.warnings, _local_attention()))


def _local_attention() -> Notice:
    return Notice(
        code="local_attention",
        message=f"Chunks longer than {FULL_ATTENTION_S:g} s are decoded with attention to "
        "what is near only, because attention to everything takes memory by the square of "
        "their length.",
        stage=Stage.TRANSCRIBE.value,
    )
