"""Parakeet's transducers, with durations of tokens (TDT) and without (RNN-T)."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
import transducer_search
from adapter import Adapter, Located, Told, Traits
from pieces import words_in

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.phrases import Vocabulary
from dalston_sdk.sentences import Transcription
from dalston_sdk.wire import SpeechRegion
from dalston_sdk.words import Token

_MAX_CHUNK_S = 60.0
"""Memory for attention grows with the square of the length."""


class Transducer(Adapter):
    """A model that writes tokens while it goes through the frames."""

    @cached_property
    def traits(self) -> Traits:
        """Its files do not say which languages it knows."""
        return self.plain_traits(times_words=True, max_chunk_s=_MAX_CHUNK_S)

    @cached_property
    def _frame_s(self) -> float:
        features = self.loaded.processor.feature_extractor
        factor = self.loaded.network.config.encoder_config.subsampling_factor
        return float(features.hop_length * factor / SAMPLE_RATE)

    @cached_property
    def _texts(self) -> Mapping[int, str]:
        """The text of each token, with a space where a word begins."""
        config = self.loaded.network.config
        tokenizer = self.loaded.processor.tokenizer
        nothing = {config.blank_token_id, config.pad_token_id, *tokenizer.all_special_ids}
        return {
            token_id: name.replace("▁", " ")
            for name, token_id in tokenizer.get_vocab().items()
            if token_id not in nothing
        }

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its tokens."""
        return self.vocabulary_of(self._texts)

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Decode greedily, with the frame in which each token was written."""
        inputs = self.loaded.place(
            self.loaded.processor([samples for samples, _ in located], sampling_rate=SAMPLE_RATE)
        )
        network = self.loaded.network
        if told.phrases:
            found = transducer_search.find(network, inputs, told.phrases, self.vocabulary)
            return [
                self._joined(steps, region, told)
                for steps, (_, region) in zip(found, located, strict=True)
            ]
        mask = inputs["attention_mask"]
        lengths = network._get_subsampling_output_length(mask.sum(-1)).tolist()  # noqa: SLF001 - there is no other
        per_frame = network.config.max_symbols_per_step + 1  # with the blank that ends a frame
        with torch.inference_mode():
            found = network.generate(
                **inputs,
                max_new_tokens=max(1, per_frame * max(lengths)),
                return_dict_in_generate=True,
            )
        rows = zip(
            found.sequences.tolist(), found.durations.tolist(), lengths, located, strict=True
        )
        return [
            self._transcription(
                list(zip(token_ids, durations, strict=True))[: per_frame * length + 1],
                length,
                region,
                told,
            )
            for token_ids, durations, length, (_, region) in rows
        ]

    def _transcription(
        self,
        steps: Sequence[tuple[int, int]],
        num_frames: int,
        region: SpeechRegion,
        told: Told,
    ) -> Transcription:
        """Take the steps in the chunk's own frames.

        In a batch the library goes on with a chunk that is at its end until the longest one is.
        """
        own: list[tuple[int, int, int]] = []
        frame = 0
        for token_id, duration in steps:
            if frame >= num_frames:
                break
            own.append((token_id, frame, duration))
            frame += duration
        return self._joined(own, region, told)

    def _joined(
        self, steps: Sequence[tuple[int, int, int]], region: SpeechRegion, told: Told
    ) -> Transcription:
        """Join tokens, each with its frame and duration, to words."""
        has_durations = hasattr(self.loaded.network.config, "durations")
        tokens: list[Token] = []
        for token_id, frame, duration in steps:
            if token_id in self._texts:
                start = region.start + frame * self._frame_s
                end = start + duration * self._frame_s if has_durations and duration else None
                tokens.append(Token(text=self._texts[token_id], start=start, end=end))
        words = words_in(tokens, region, told.into)
        return Transcription(text="".join(word.text for word in words).strip(), words=tuple(words))
