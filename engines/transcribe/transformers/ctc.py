"""CTC models: wav2vec 2.0 and its relatives, MMS, OmniASR's and Parakeet's."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

import torch
from adapter import Adapter, Located, Told, Traits
from pieces import words_in

from dalston_sdk.ctc_phrases import CtcPhrases
from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.phrases import Phrase, Vocabulary
from dalston_sdk.sentences import Transcription
from dalston_sdk.wire import SpeechRegion
from dalston_sdk.words import Token

_MAX_CHUNK_S = 60.0
"""Memory for attention grows with the square of the length."""


class Ctc(Adapter):
    """A model that gives each frame a token, or none."""

    @cached_property
    def traits(self) -> Traits:
        """Its files do not say which languages it knows."""
        return self.plain_traits(times_words=True, max_chunk_s=_MAX_CHUNK_S)

    @cached_property
    def _blank(self) -> int:
        config = self.loaded.network.config
        blank = getattr(config, "blank_token_id", None)
        return int(config.pad_token_id if blank is None else blank)

    @cached_property
    def _texts(self) -> dict[int, str]:
        """The text of each token, with a space where a word begins."""
        tokenizer = self.loaded.processor.tokenizer
        delimiter = getattr(tokenizer, "word_delimiter_token", None)
        special = set(tokenizer.all_special_tokens) - {delimiter}
        return {
            token_id: " " if name == delimiter else name.replace("▁", " ")
            for name, token_id in tokenizer.get_vocab().items()
            if name not in special
        }

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Take the best token of each frame; without a mask for padding one chunk at a time."""
        if len(located) > 1 and not self._masks_padding:
            return [each for one in located for each in self.transcribe([one], told)]
        inputs = self.loaded.place(
            self.loaded.processor.feature_extractor(
                [samples for samples, _ in located],
                sampling_rate=SAMPLE_RATE,
                padding=True,
                return_tensors="pt",
                return_attention_mask=self._masks_padding,
            )
        )
        with torch.inference_mode():
            logits = self.loaded.network(**inputs).logits
        lengths = self._lengths(inputs)
        best, posteriors = self._paths(logits.float(), lengths, told.phrases)
        rows = zip(best.tolist(), posteriors.tolist(), lengths, located, strict=True)
        return [
            self._transcription(token_ids[:length], scores[:length], region, told)
            for token_ids, scores, length, (_, region) in rows
        ]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its tokens."""
        return self.vocabulary_of(self._texts)

    def _paths(
        self,
        logits: torch.Tensor,
        lengths: Sequence[int | None],
        phrases: tuple[Phrase, ...],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the token of each frame, and its posterior."""
        posteriors, best = torch.softmax(logits, dim=-1).max(dim=-1)
        if not phrases:
            return best, posteriors
        logprobs = torch.log_softmax(logits, dim=-1)
        search = _search(phrases, self.vocabulary, self._blank)
        for row, length in enumerate(lengths):
            path = search.best_path(logprobs[row, :length].cpu().numpy())
            best[row, :length] = torch.from_numpy(path).to(best.device)
        return best, logprobs.gather(-1, best[..., None])[..., 0].exp()

    @cached_property
    def _masks_padding(self) -> bool:
        """False for models that were trained without a mask, to which padding is sound."""
        return bool(self.loaded.processor.feature_extractor.return_attention_mask)

    def _lengths(self, inputs: Mapping[str, torch.Tensor]) -> list[int | None]:
        """Return the number of frames of each chunk without its padding; None for all frames."""
        mask = inputs.get("attention_mask", inputs.get("padding_mask"))
        if mask is None:
            return [None] * len(next(iter(inputs.values())))
        network = self.loaded.network
        count = getattr(network, "_get_feat_extract_output_lengths", None)
        count = count or network._get_subsampling_output_length  # noqa: SLF001 - there is no other
        return [int(length) for length in count(mask.sum(-1))]

    @cached_property
    def _frame_s(self) -> float:
        """Length of a frame of the output, in seconds."""
        config, features = self.loaded.network.config, self.loaded.processor.feature_extractor
        if (samples := getattr(config, "inputs_to_logits_ratio", None)) is not None:
            return int(samples) / SAMPLE_RATE
        if (audio := getattr(config, "audio_config", None)) is not None:
            return float(math.prod(audio.conv_stride) / SAMPLE_RATE)
        factor = config.encoder_config.subsampling_factor
        return float(features.hop_length * factor / SAMPLE_RATE)

    def _transcription(
        self,
        token_ids: Sequence[int],
        scores: Sequence[float],
        region: SpeechRegion,
        told: Told,
    ) -> Transcription:
        """Read the tokens that begin in each frame."""
        tokens: list[Token] = []
        before = self._blank
        for frame, (token_id, score) in enumerate(zip(token_ids, scores, strict=True)):
            if token_id not in (self._blank, before) and token_id in self._texts:
                tokens.append(
                    Token(
                        text=self._texts[token_id],
                        start=region.start + frame * self._frame_s,
                        logprob=math.log(max(score, 1e-9)),
                    )
                )
            before = token_id
        words = words_in(tokens, region, told.into)
        return Transcription(text="".join(word.text for word in words).strip(), words=tuple(words))


@lru_cache(maxsize=4)
def _search(phrases: tuple[Phrase, ...], vocabulary: Vocabulary, blank: int) -> CtcPhrases:
    return CtcPhrases(phrases, vocabulary, blank=blank)
