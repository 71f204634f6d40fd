"""The base of models with a decoder that writes text and no times."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from adapter import Adapter, Located, Told

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.sentences import Transcription


class TextDecoder(Adapter):
    """Writes the text of each chunk, of which only the length is known.

    Attributes:
        tokens_per_s: The most tokens for a second; a model that repeats itself ends there.
        least_tokens: What even the shortest chunk may have.
    """

    tokens_per_s: ClassVar[float] = 20
    least_tokens: ClassVar[int] = 16

    @abstractmethod
    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return the library's inputs for a batch of chunks."""

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk, none longer than it may be alone."""
        inputs = self.loaded.place(self.inputs_of(located, told))
        limits = [
            self.least_tokens + int(len(samples) / SAMPLE_RATE * self.tokens_per_s)
            for samples, _ in located
        ]
        with torch.inference_mode():
            rows = self.loaded.network.generate(
                **inputs, max_new_tokens=max(limits), do_sample=False
            )
        prompt = inputs.get("decoder_input_ids")
        first = 1 if prompt is None else prompt.shape[1]
        return [
            Transcription(text=self._text(row[first : first + limit].tolist()))
            for row, limit in zip(rows, limits, strict=True)
        ]

    def _text(self, token_ids: Sequence[int]) -> str:
        tokenizer = self.loaded.processor.tokenizer
        return str(tokenizer.decode(token_ids, skip_special_tokens=True)).strip()
