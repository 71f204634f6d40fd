"""Canary in the hub's format: told the language, and the language to write."""

from collections.abc import Sequence
from functools import cached_property

import torch
from adapter import Adapter, Located, Told, Traits, longest_s
from transformers.models.canary.processing_canary import LANGUAGE_CODE_TO_NAME

from dalston_sdk.sentences import Transcription

_MAX_CHUNK_S = 40.0
"""What it was trained on at most."""
_TOKENS_PER_S = 20
_LEAST_TOKENS = 16


class Canary(Adapter):
    """A model that transcribes 25 languages and translates them into English."""

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those that the library has prompts for."""
        return Traits(
            name=self.loaded.name,
            languages=tuple(sorted(LANGUAGE_CODE_TO_NAME)),
            must_be_told_language=True,
            translates=True,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
        )

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk in the language that is asked for."""
        inputs = self.loaded.place(
            self.loaded.processor.apply_transcription_request(
                [samples for samples, _ in located],
                source_language=told.language,
                target_language=told.into,
            )
        )
        most = _LEAST_TOKENS + int(longest_s(located) * _TOKENS_PER_S)
        with torch.inference_mode():
            found = self.loaded.network.generate(**inputs, max_new_tokens=most, do_sample=False)
        texts = self.loaded.processor.batch_decode(found, skip_special_tokens=True)
        return [Transcription(text=text.strip()) for text in texts]
