"""Canary in the hub's format: told the language, and the language to write."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder
from transformers.models.canary.processing_canary import LANGUAGE_CODE_TO_NAME

_MAX_CHUNK_S = 40.0
"""What it was trained on at most."""


class Canary(TextDecoder):
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

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return features, and the prompt with both languages."""
        return self.loaded.processor.apply_transcription_request(
            [samples for samples, _ in located],
            source_language=told.language,
            target_language=told.into,
        )
