"""Parakeet's transducers token by token, for words to expect; the library has its own loop."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dalston_sdk.phrases import Phrase, Vocabulary
from dalston_sdk.transducer_phrases import TransducerPhrases


def find(
    network: Any,  # noqa: ANN401 - the library's
    inputs: Mapping[str, torch.Tensor],
    phrases: tuple[Phrase, ...],
    vocabulary: Vocabulary,
) -> list[list[tuple[int, int, int]]]:
    """Return the tokens of each chunk of a batch, each with its frame and its duration in frames.

    Args:
        network: A Parakeet with or without durations.
        inputs: Its features, with their mask.
        phrases: Words to expect.
        vocabulary: The model's.
    """
    config = network.config
    search = _search(phrases, vocabulary, config.blank_token_id, network.max_symbols_per_step)
    with torch.inference_mode():
        encoded = network.get_audio_features(**inputs, output_attention_mask=True)
        lengths = encoded.attention_mask.sum(-1).tolist()
        return [
            [
                (each.token_id, each.frame, each.duration)
                for each in search.decode(_Steps(network, frames).step, None, length)
            ]
            for frames, length in zip(encoded.pooler_output, lengths, strict=True)
        ]


class _Predicted:
    """The state of the prediction network after some tokens.

    Attributes:
        hidden: Of its recurrent layers; None before the first token.
        after: What it gives with one more token, by that token.
    """

    def __init__(self, hidden: Any) -> None:  # noqa: ANN401 - the library's
        self.hidden = hidden
        self.after: dict[int, tuple[torch.Tensor, _Predicted]] = {}


class _Steps:
    """The network's answers for the frames of one chunk."""

    def __init__(self, network: Any, frames: torch.Tensor) -> None:  # noqa: ANN401 - the library's
        self._network = network
        self._frames = frames
        self._first = _Predicted(None)
        self._num_tokens = int(network.config.vocab_size)

    def step(
        self, tokens: Sequence[int], state: _Predicted | None, frame: int
    ) -> tuple[NDArray[np.float32], int, _Predicted]:
        """See ``dalston_sdk.transducer_phrases.Step``; the state is that before the last token."""
        start = self._network.generation_config.decoder_start_token_id
        predicted, after = self._predicted(state or self._first, tokens[-1] if tokens else start)
        logits = self._network.joint(
            decoder_hidden_states=predicted, encoder_hidden_states=self._frames[frame][None, None]
        )
        row: NDArray[np.float32] = logits.float().cpu().numpy().reshape(-1)
        durations = row[self._num_tokens :]
        return row[: self._num_tokens], int(durations.argmax()) if len(durations) else 0, after

    def _predicted(self, state: _Predicted, token_id: int) -> tuple[torch.Tensor, _Predicted]:
        if token_id not in state.after:
            decoder = self._network.decoder
            ids = torch.tensor([[token_id]], device=self._frames.device)
            output, hidden = decoder.lstm(decoder.embedding(ids), state.hidden)
            state.after[token_id] = decoder.decoder_projector(output), _Predicted(hidden)
        return state.after[token_id]


@lru_cache(maxsize=4)
def _search(
    phrases: tuple[Phrase, ...], vocabulary: Vocabulary, blank: int, most_in_frame: int
) -> TransducerPhrases:
    return TransducerPhrases(phrases, vocabulary, blank=blank, most_in_frame=most_in_frame)
