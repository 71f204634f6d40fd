"""One front for CTC, transducers and Canary: samples in, text and words out."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import SupportsInt

import torch
from canary import aligned, prompt_of, spoken_words
from capabilities import FULL_ATTENTION_S, Capabilities
from loading import Loaded
from nemo.collections.asr import models
from nemo.collections.asr.models.aed_multitask_models import MultiTaskTranscriptionConfig
from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
from nemo.core.classes import ModelPT
from omegaconf import OmegaConf, open_dict

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.timing import in_order
from dalston_sdk.wire import SpeechRegion, Word
from dalston_sdk.words import Token, words_of

_LOCAL_FRAMES = 128
"""How far to either side of a frame long stretches are looked at; about ten seconds."""
_CONFIDENCE = {
    "preserve_token_confidence": True,
    "exclude_blank": True,
    "method_cfg": {"name": "max_prob"},
}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one stretch says: its words at their times in the recording, where they have any."""

    text: str
    words: tuple[Word, ...] = ()


class Recogniser:
    """A loaded model that writes down what is said."""

    def __init__(self, loaded: Loaded, capabilities: Capabilities) -> None:
        self._loaded = loaded
        self._network = loaded.network
        self._capabilities = capabilities
        _decode_greedily(self._network)
        stride_s = float(self._network.cfg.preprocessor.window_stride)
        self._frame_s = stride_s * self._network.encoder.subsampling_factor

    def hear(
        self,
        pieces: Sequence[Samples],
        regions: Sequence[SpeechRegion],
        *,
        language: str | None,
        into: str | None,
        with_words: bool,
    ) -> list[Heard]:
        """What each piece says; all of them go through the model at once.

        Args:
            pieces: float32, 16 kHz, in [-1, 1], at least a second long: the library lengthens what
                is shorter at both ends, which moves every time.
            regions: Where in the recording each of them is.
            language: What is spoken; None for models that cannot be told.
            into: The language to write; likewise.
            with_words: Whether words are asked for.
        """
        longest_s = max(map(len, pieces)) / SAMPLE_RATE
        with torch.inference_mode(), self._loaded.computing(), self._attention(longest_s):
            if self._capabilities.is_told_language and language is not None:
                return self._canary(pieces, regions, language, into or language, with_words)
            found = self._network.transcribe(
                list(pieces), batch_size=len(pieces), return_hypotheses=True, verbose=False
            )
        return [
            self._from_tokens(hypothesis, region)
            for hypothesis, region in zip(found, regions, strict=True)
        ]

    def _from_tokens(self, hypothesis: Hypothesis, region: SpeechRegion) -> Heard:
        if isinstance(self._network, models.EncDecCTCModel):
            tokens = self._ctc_tokens(hypothesis)
        else:
            tokens = self._transducer_tokens(hypothesis)
        moved = [_moved(token, region.start) for token in tokens]
        words = words_of(moved, inside=region)
        return Heard(text="".join(word.text for word in words).strip(), words=tuple(words))

    def _ctc_tokens(self, hypothesis: Hypothesis) -> list[Token]:
        """Tokens at the frames where they are likeliest.

        The library's own times have each token begin where the one before it began.
        """
        chances, best = torch.softmax(hypothesis.y_sequence.float(), dim=-1).max(dim=-1)
        blank = hypothesis.y_sequence.shape[-1] - 1
        tokens: list[Token] = []
        before = blank
        for frame, (number, chance) in enumerate(zip(best.tolist(), chances.tolist(), strict=True)):
            if number not in (blank, before):
                tokens.append(self._token(number, frame, 0, chance))
            before = number
        return tokens

    def _transducer_tokens(self, hypothesis: Hypothesis) -> list[Token]:
        """Tokens at the frames where they came out, with their lengths where the model has some."""
        numbers = _plain(hypothesis.y_sequence)
        frames = _plain(hypothesis.timestamp["timestep"])
        durations = _plain(hypothesis.token_duration) or [0] * len(numbers)
        chances = hypothesis.token_confidence or [None] * len(numbers)
        return [
            self._token(number, frame, duration, chance)
            for number, frame, duration, chance in zip(
                numbers, frames, durations, chances, strict=True
            )
        ]

    def _token(self, number: int, frame: int, duration: int, chance: float | None) -> Token:
        end = (frame + duration) * self._frame_s if duration else None
        known = None if chance is None else math.log(max(float(chance), 1e-9))
        return Token(text=self._piece(number), start=frame * self._frame_s, end=end, logprob=known)

    def _piece(self, number: int) -> str:
        """A token as text, with a space where a word begins."""
        if not hasattr(self._network, "tokenizer"):
            return str(self._network.cfg.decoder.vocabulary[number])
        piece = str(self._network.tokenizer.ids_to_tokens([number])[0])
        if getattr(self._network, "tokenizer_type", "bpe") == "wpe":
            return piece[2:] if piece.startswith("##") else f" {piece}"
        return piece.replace("▁", " ")

    def _canary(
        self,
        pieces: Sequence[Samples],
        regions: Sequence[SpeechRegion],
        language: str,
        into: str,
        with_words: bool,  # noqa: FBT001 - handed on from keywords
    ) -> list[Heard]:
        network = self._network
        aligner = getattr(network, "timestamps_asr_model", None)
        asks_for_times = with_words and aligner is None
        config = MultiTaskTranscriptionConfig(
            batch_size=len(pieces),
            return_hypotheses=True,
            verbose=False,
            enable_chunking=False,
            prompt=prompt_of(network, language, into, with_times=asks_for_times),
        )
        found = network.transcribe(
            list(pieces), override_config=config, timestamps=True if asks_for_times else None
        )
        if with_words and aligner is not None:
            found = aligned(found, pieces, aligner, self._loaded.device)
        heard = []
        for hypothesis, region in zip(found, regions, strict=True):
            text, spans = spoken_words(hypothesis, with_words=with_words)
            placed = in_order(
                [(region.start + start, region.start + end) for _, start, end in spans],
                low=region.start,
                high=region.end,
                least=0.02,
            )
            words = [
                Word(text=f" {word}", start=start, end=end)
                for (word, _, _), (start, end) in zip(spans, placed, strict=True)
            ]
            heard.append(Heard(text=text, words=tuple(words)))
        return heard

    @contextmanager
    def _attention(self, longest_s: float) -> Iterator[None]:
        """Memory by the length instead of by its square, where stretches are long."""
        if longest_s <= FULL_ATTENTION_S or not self._capabilities.can_look_locally:
            yield
            return
        encoder = self._network.encoder
        context = list(encoder.att_context_size)
        self._network.change_attention_model("rel_pos_local_attn", [_LOCAL_FRAMES] * 2)
        try:
            yield
        finally:
            self._network.change_attention_model("rel_pos", context)


def _decode_greedily(network: ModelPT) -> None:
    """The same search for every model, and how sure it is of each token."""
    if isinstance(network, models.EncDecMultiTaskModel):
        return
    decoding = OmegaConf.create(OmegaConf.to_container(network.cfg.decoding, resolve=True))
    with open_dict(decoding):
        decoding.strategy = "greedy_batch"
        # CTC's times are read from its frames; a transducer keeps durations only if told so.
        decoding.compute_timestamps = isinstance(network, models.EncDecRNNTModel)
        decoding.preserve_alignments = False
        if isinstance(network, models.EncDecRNNTModel):
            decoding.confidence_cfg = _CONFIDENCE
    network.change_decoding_strategy(decoding, verbose=False)


def _moved(token: Token, by_s: float) -> Token:
    end = None if token.end is None else token.end + by_s
    return replace(token, start=token.start + by_s, end=end)


def _plain(numbers: Iterable[SupportsInt] | None) -> list[int]:
    """Integers of Python's own, of whatever the library has them in."""
    return [] if numbers is None else [int(number) for number in numbers]
