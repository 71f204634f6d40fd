"""Qwen3-ASR: told the language or finding it out, and told words to expect."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder
from transformers.models.qwen3_asr.processing_qwen3_asr import LANGUAGE_CODE_TO_NAME

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.prompts import fit_prompts
from dalston_sdk.sentences import Transcription
from dalston_sdk.wire import Notice, TranscribeOptions

_MAX_CHUNK_S = 180.0
"""It was trained on more; memory grows with the length, and so does what is lost by one mistake."""

_CODES = {name: code for code, name in LANGUAGE_CODE_TO_NAME.items()}


class Qwen3Asr(TextDecoder):
    """A language model that writes the language first, if it is not told which it is."""

    least_tokens = 32

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those that the library has names for."""
        return Traits(
            name=self.loaded.name,
            languages=tuple(sorted(LANGUAGE_CODE_TO_NAME)),
            must_be_told_language=False,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
            takes_language=True,
            takes_prompt=True,
        )

    def fit_prompts(
        self, options: TranscribeOptions
    ) -> tuple[TranscribeOptions, tuple[Notice, ...]]:
        """Shorten words to expect to Whisper's length; a long context slows every chunk."""
        tokenizer = self.loaded.processor.tokenizer
        return fit_prompts(
            options, lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return features, and the chat with the words to expect and the language."""
        return self.loaded.processor.apply_transcription_request(
            [samples for samples, _ in located],
            language=told.language,
            prompt=None if told.prompt is None else [told.prompt] * len(located),
            sampling_rate=SAMPLE_RATE,
        )

    def transcription(self, token_ids: Sequence[int]) -> Transcription:
        """Read the text, and the language before it."""
        found = self.loaded.processor.decode(token_ids, return_format="parsed")
        return Transcription(
            text=str(found["transcription"]),
            language=_CODES.get(found["language"]) if found["language"] else None,
        )
