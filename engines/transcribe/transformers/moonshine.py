"""Moonshine: small models for short English commands and dictation, and for other languages."""

from collections.abc import Sequence
from functools import cached_property

import torch
from adapter import Adapter, Located, Told, Traits, longest_s
from known_languages import KNOWN_LANGUAGES

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.sentences import Transcription

_MAX_CHUNK_S = 30.0
_MOST_TOKENS_PER_S = 13.0
"""Twice what its authors advise for English: languages in other scripts take more tokens.

Without a limit a model of this size repeats itself now and then.
"""
_LEAST_TOKENS = 8


class Moonshine(Adapter):
    """A model that reads samples and writes text, without times."""

    @cached_property
    def traits(self) -> Traits:
        """Its files do not say which language it knows."""
        return Traits(
            name=self.loaded.name,
            languages=KNOWN_LANGUAGES.get(self.loaded.name, ()),
            must_be_told_language=False,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
        )

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk."""
        del told
        inputs = self.loaded.place(
            self.loaded.processor.feature_extractor(
                [samples for samples, _ in located],
                sampling_rate=SAMPLE_RATE,
                padding=True,
                return_tensors="pt",
                return_attention_mask=True,
            )
        )
        most = _LEAST_TOKENS + int(longest_s(located) * _MOST_TOKENS_PER_S)
        with torch.inference_mode():
            found = self.loaded.network.generate(**inputs, max_new_tokens=most, do_sample=False)
        texts = self.loaded.processor.tokenizer.batch_decode(found, skip_special_tokens=True)
        return [Transcription(text=text.strip()) for text in texts]
