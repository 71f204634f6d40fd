"""Voxtral: Whisper's encoder before a language model of Mistral's, with Mistral's own tokenizer."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder

from dalston_sdk.engine import SAMPLE_RATE

_LANGUAGES = ("de", "en", "es", "fr", "hi", "it", "nl", "pt")
"""Those of its authors' page; its files do not say them."""

_MAX_CHUNK_S = 120.0
"""Its encoder takes pieces of 30 seconds, of which the prompt may have several."""


class Voxtral(TextDecoder):
    """A model that is told the language, or finds it out and does not say which it was."""

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those of its authors' page."""
        return Traits(
            name=self.loaded.name,
            languages=_LANGUAGES,
            must_be_told_language=False,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
            takes_language=True,
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return features, and the request with the language."""
        return self.loaded.processor.apply_transcription_request(
            [samples for samples, _ in located],
            model_id=self.loaded.name,
            language=told.language,
            sampling_rate=SAMPLE_RATE,
            format=["WAV"] * len(located),
        )
