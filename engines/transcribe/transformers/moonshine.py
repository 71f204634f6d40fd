"""Moonshine: small models for English, and for other languages one each."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from text_decoder import TextDecoder

from dalston_sdk.engine import SAMPLE_RATE

_MAX_CHUNK_S = 30.0


class Moonshine(TextDecoder):
    """A model that reads samples; twice the tokens that its authors advise, for other scripts."""

    tokens_per_s = 13
    least_tokens = 8

    @cached_property
    def traits(self) -> Traits:
        """Its files do not say which language it knows."""
        return self.plain_traits(times_words=False, max_chunk_s=_MAX_CHUNK_S)

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return samples with a mask of their padding."""
        del told
        return self.loaded.processor.feature_extractor(
            [samples for samples, _ in located],
            sampling_rate=SAMPLE_RATE,
            padding=True,
            return_tensors="pt",
            return_attention_mask=True,
        )
