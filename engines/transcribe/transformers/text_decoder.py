"""The base of models that write text and no times, with a decoder or a language model."""

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
        masks_padding: False for a model to which the padding of a batch is sound; it gets one
            chunk after the other.
    """

    tokens_per_s: ClassVar[float] = 20
    least_tokens: ClassVar[int] = 16
    masks_padding: ClassVar[bool] = True

    @abstractmethod
    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return the library's inputs for a batch of chunks."""

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk, none longer than it may be alone."""
        if len(located) > 1 and not self.masks_padding:
            return [each for one in located for each in self.transcribe([one], told)]
        rows = self.generate(located, told)
        return [self.transcription(token_ids) for token_ids in rows]

    def generate(self, located: Sequence[Located], told: Told) -> list[list[int]]:
        """Return the tokens that are written for each chunk, without those of the prompt."""
        inputs = self.loaded.place(self.inputs_of(located, told))
        limits = [
            self.least_tokens + int(len(samples) / SAMPLE_RATE * self.tokens_per_s)
            for samples, _ in located
        ]
        with torch.inference_mode():
            rows = self.loaded.network.generate(
                **inputs, max_new_tokens=max(limits), do_sample=False
            )
        prompt = inputs.get("decoder_input_ids", inputs.get("input_ids"))
        first = 1 if prompt is None else prompt.shape[1]
        return [
            row[first : first + limit].tolist() for row, limit in zip(rows, limits, strict=True)
        ]

    def transcription(self, token_ids: Sequence[int]) -> Transcription:
        """Read the text of one chunk's tokens."""
        tokenizer = self.loaded.processor.tokenizer
        text = str(tokenizer.decode(token_ids, skip_special_tokens=True))
        return Transcription(text=text.strip())
