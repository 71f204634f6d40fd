"""Whisper and what was fine-tuned from it: text without time tokens, words by cross-attention."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from adapter import Adapter, Located, Told, Traits
from pieces import pieces_of, words_in

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.languages import from_whisper_code, rank_languages, to_whisper_code
from dalston_sdk.prompts import fit_prompts
from dalston_sdk.sentences import Transcription
from dalston_sdk.wire import Notice, SpeechRegion, TranscribeOptions
from dalston_sdk.words import Token

_JOINED_S = 0.93
"""Part of the window that is filled with several regions, so that none is cut off at its end."""


class Whisper(Adapter):
    """A model with Whisper's encoder and decoder."""

    @cached_property
    def _languages(self) -> dict[str, int]:
        """The tokens of languages by Whisper's codes; none for an English model."""
        known = getattr(self.loaded.network.generation_config, "lang_to_id", None) or {}
        return {name.strip("<|>"): token for name, token in known.items()}

    @cached_property
    def traits(self) -> Traits:
        """Words have times only if the files say which attention heads follow the sound."""
        config = self.loaded.network.generation_config
        is_multilingual = bool(getattr(config, "is_multilingual", True) and self._languages)
        window_s = float(self.loaded.processor.feature_extractor.chunk_length)
        times_words = bool(getattr(config, "alignment_heads", None))
        codes = sorted(map(from_whisper_code, self._languages)) if is_multilingual else ["en"]
        return Traits(
            name=self.loaded.name,
            languages=tuple(codes),
            must_be_told_language=False,
            translates=is_multilingual and "turbo" not in self.loaded.name,
            times_words=times_words,
            max_chunk_s=window_s,
            takes_language=is_multilingual,
            takes_prompt=True,
            joins_up_to_s=window_s * _JOINED_S if times_words else 0.0,
        )

    def fit_prompts(
        self, options: TranscribeOptions
    ) -> tuple[TranscribeOptions, tuple[Notice, ...]]:
        """Shorten words to expect to half of the decoder's row of tokens."""
        tokenizer = self.loaded.processor.tokenizer
        return fit_prompts(
            options, lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
        )

    def language_scores(
        self, chunks: Sequence[Samples], allowed: Sequence[str]
    ) -> dict[str, float] | None:
        """Let chunks vote with their lengths."""
        if not self.traits.takes_language:
            return None
        codes = [to_whisper_code(code) for code in allowed] or list(self._languages)
        votes = dict.fromkeys(codes, 0.0)
        for chunk in chunks:
            inputs = self._features([chunk])
            start = self.loaded.network.generation_config.decoder_start_token_id
            with torch.inference_mode():
                logits = self.loaded.network(
                    input_features=inputs["input_features"],
                    decoder_input_ids=torch.tensor([[start]], device=self.loaded.device),
                ).logits[0, -1]
            scores = torch.softmax(logits[[self._languages[code] for code in codes]].float(), -1)
            for code, score in zip(codes, scores.tolist(), strict=True):
                votes[code] += score * len(chunk)
        return rank_languages(votes)

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Write the text of each chunk; all of them are filled up to the same length."""
        inputs = self._features([samples for samples, _ in located])
        arguments: dict[str, Any] = {}
        if self.traits.takes_language:
            arguments["task"] = "transcribe" if told.into == told.language else "translate"
            arguments["language"] = to_whisper_code(told.language) if told.language else None
        if told.prompt:
            arguments["prompt_ids"] = self._prompt(told.prompt)
        with torch.inference_mode():
            found = self.loaded.network.generate(
                **inputs,
                **arguments,
                return_timestamps=False,
                return_token_timestamps=told.with_words,
                return_dict_in_generate=True,
                output_scores=True,
                force_unique_generate_call=True,
                num_beams=1,
                do_sample=False,
            )
        scores = torch.stack(found["scores"], dim=1).float().log_softmax(-1).cpu()
        rows = zip(found["sequences"].tolist(), scores, located, strict=True)
        return [
            self._transcription(
                token_ids,
                logprobs,
                found["token_timestamps"][index].tolist() if told.with_words else [],
                region,
                told,
            )
            for index, (token_ids, logprobs, (_, region)) in enumerate(rows)
        ]

    def _features(self, chunks: Sequence[Samples]) -> Any:  # noqa: ANN401 - the library's
        inputs = self.loaded.processor.feature_extractor(
            list(chunks),
            sampling_rate=SAMPLE_RATE,
            return_tensors="pt",
            return_attention_mask=True,
        )
        return self.loaded.place(inputs)

    def _prompt(self, text: str) -> torch.Tensor:
        ids = self.loaded.processor.get_prompt_ids(text, return_tensors="pt")
        return ids.to(self.loaded.device)

    def _transcription(
        self,
        token_ids: Sequence[int],
        logprobs: torch.Tensor,
        times: Sequence[float],
        region: SpeechRegion,
        told: Told,
    ) -> Transcription:
        """Read the text after the tokens that begin it."""
        first = len(token_ids) - len(logprobs)
        end = self.loaded.network.generation_config.eos_token_id
        ends = set(end) if isinstance(end, list) else {end}
        last = next((at for at in range(first, len(token_ids)) if token_ids[at] in ends), None)
        body = list(range(first, len(token_ids) if last is None else last))
        special = set(self.loaded.processor.tokenizer.all_special_ids)
        body = [at for at in body if token_ids[at] not in special]
        tokens: list[Token] = []
        for text, places in pieces_of(self._decode, [token_ids[at] for at in body]):
            where = [body[place] for place in places]
            scored = [logprobs[at - first, token_ids[at]].item() for at in where]
            tokens.append(
                Token(
                    text=text,
                    # The library's time of a token is where it ends.
                    start=region.start + (times[where[0] - 1] if times else 0.0),
                    end=region.start + times[where[-1]] if times else None,
                    logprob=min(0.0, math.fsum(scored)),
                )
            )
        if not times:
            return Transcription(text="".join(token.text for token in tokens).strip())
        words = words_in(tokens, region, told.into)
        return Transcription(text="".join(word.text for word in words).strip(), words=tuple(words))

    def _decode(self, token_ids: Sequence[int]) -> str:
        return str(
            self.loaded.processor.tokenizer.decode(
                token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )
