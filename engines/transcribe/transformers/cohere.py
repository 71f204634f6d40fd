"""Cohere Transcribe: told the language; writes no times."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder
from transformers.models.cohere_asr.processing_cohere_asr import LANGUAGES

from dalston_sdk.engine import SAMPLE_RATE

_MAX_CHUNK_S = 30.0
"""The library cuts longer ones by itself, without telling where."""


class Cohere(TextDecoder):
    """A model that transcribes 14 languages."""

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those that the library has prompts for."""
        return Traits(
            name=self.loaded.name,
            languages=tuple(sorted(LANGUAGES)),
            must_be_told_language=True,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return features, and the prompt with the language."""
        inputs = self.loaded.processor(
            [samples for samples, _ in located],
            language=told.language,
            sampling_rate=SAMPLE_RATE,
        )
        inputs.pop("audio_chunk_index", None)
        return inputs
