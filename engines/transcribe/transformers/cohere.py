"""Cohere Transcribe: told the language; writes no times."""

from collections.abc import Sequence
from functools import cached_property

import torch
from adapter import Adapter, Located, Told, Traits, longest_s
from transformers.models.cohere_asr.processing_cohere_asr import LANGUAGES

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.sentences import Transcription

_MAX_CHUNK_S = 30.0
"""The library cuts longer ones by itself, without telling where."""
_TOKENS_PER_S = 20
_LEAST_TOKENS = 16


class Cohere(Adapter):
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

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk."""
        inputs = self.loaded.place(
            self.loaded.processor(
                [samples for samples, _ in located],
                language=told.language,
                sampling_rate=SAMPLE_RATE,
            )
        )
        inputs.pop("audio_chunk_index", None)
        most = _LEAST_TOKENS + int(longest_s(located) * _TOKENS_PER_S)
        with torch.inference_mode():
            found = self.loaded.network.generate(**inputs, max_new_tokens=most, do_sample=False)
        texts = self.loaded.processor.tokenizer.batch_decode(found, skip_special_tokens=True)
        return [Transcription(text=text.strip()) for text in texts]
