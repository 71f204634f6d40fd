"""Granite Speech: a language model with speech in its prompt, which also translates."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder

_LANGUAGES = ("de", "en", "es", "fr", "ja", "pt")
"""Those of its authors' page; its files do not say them."""

_MAX_CHUNK_S = 60.0
_TRANSCRIBE = "transcribe the speech with proper punctuation and capitalization."
_TRANSLATE = "translate the speech to English with proper punctuation and capitalization."
"""In the words of its authors."""


class GraniteSpeech(TextDecoder):
    """A model that finds out the language by itself, and does not say which it was."""

    masks_padding = False  # the library's encoder has no mask

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those of its authors' page."""
        return Traits(
            name=self.loaded.name,
            languages=_LANGUAGES,
            must_be_told_language=False,
            translates=True,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return features, and the chat with what is to be done."""
        processor = self.loaded.processor
        into_english = told.into == "en" and told.language != "en"
        asked = _TRANSLATE if into_english else _TRANSCRIBE
        chat = processor.tokenizer.apply_chat_template(
            [{"role": "user", "content": f"{processor.audio_token}{asked}"}],
            add_generation_prompt=True,
            tokenize=False,
        )
        return processor(
            [chat] * len(located), audio=[samples for samples, _ in located], return_tensors="pt"
        )
