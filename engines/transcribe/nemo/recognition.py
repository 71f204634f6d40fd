"""Recognition with CTC models, transducers and Canary: samples in, text and words out."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import SupportsInt

import numpy as np
import torch
from boosting import boosted, ctc_search, num_found, vocabulary_of
from canary import align_words, prompt_of, text_and_words
from capabilities import FULL_ATTENTION_S, NemoCapabilities
from loading import Loaded
from nemo.collections.asr import models
from nemo.collections.asr.models.aed_multitask_models import MultiTaskTranscriptionConfig
from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
from nemo.core.classes import ModelPT
from numpy.typing import NDArray
from omegaconf import OmegaConf, open_dict
from torch.nn.utils.rnn import pad_sequence

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.phrases import Phrase
from dalston_sdk.sentences import Transcription
from dalston_sdk.timing import in_order
from dalston_sdk.wire import SpeechRegion, Word
from dalston_sdk.words import Token, words_of

_LOCAL_FRAMES = 128
"""Context of local attention on each side of a frame; about ten seconds."""
_MIN_WORD_S = 0.02
_CONFIDENCE = {
    "preserve_token_confidence": True,
    "exclude_blank": True,
    "method_cfg": {"name": "max_prob"},
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a model is told of a chunk.

    Attributes:
        language: The language spoken; None for models that cannot be told.
        into: The language of the text; likewise.
        with_words: True if words are asked for.
        phrases: Words to expect.
    """

    language: str | None
    into: str | None
    with_words: bool
    phrases: tuple[Phrase, ...] = ()


class Recogniser:
    """A loaded model that transcribes."""

    def __init__(self, loaded: Loaded, capabilities: NemoCapabilities) -> None:
        self._loaded = loaded
        self._network = loaded.network
        self._capabilities = capabilities
        _decode_greedily(self._network)
        stride_s = float(self._network.cfg.preprocessor.window_stride)
        self._frame_s = stride_s * self._network.encoder.subsampling_factor
        self.vocabulary = vocabulary_of(self._network, self._token_text)

    def encode(self, sounds: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Encode a batch of sounds; return the frames of each, without those of its padding.

        Args:
            sounds: float32, 16 kHz, in [-1, 1].
        """
        device = torch.device(self._loaded.device)
        lengths = torch.tensor([len(sound) for sound in sounds], device=device)
        padded = pad_sequence([torch.from_numpy(sound) for sound in sounds], batch_first=True)
        with torch.inference_mode(), self._loaded.autocast():
            features, counts = self._network.preprocessor(
                input_signal=padded.to(device), length=lengths
            )
            encoded, counts = self._network.encoder(audio_signal=features, length=counts)
        rows = encoded.transpose(1, 2).float().cpu().numpy()
        return [row[:count] for row, count in zip(rows, counts.tolist(), strict=True)]

    def transcribe(
        self, located: Sequence[tuple[Samples, SpeechRegion]], told: Told
    ) -> list[Transcription]:
        """Transcribe a batch of chunks.

        Args:
            located: The samples of each chunk, and where in its recording it is. float32, 16 kHz,
                in [-1, 1], at least a second long: the library pads shorter ones at both ends,
                which moves all times.
            told: What holds for all of them.
        """
        chunks, regions = zip(*located, strict=True)
        longest_s = max(map(len, chunks)) / SAMPLE_RATE
        with torch.inference_mode(), self._loaded.autocast(), self._attention(longest_s):
            if self._capabilities.must_be_told_language and told.language is not None:
                return self._canary(chunks, regions, told.language, told)
            found = self._decode(chunks, told.phrases)
        return [
            self._from_tokens(hypothesis, region, told.phrases)
            for hypothesis, region in zip(found, regions, strict=True)
        ]

    def _decode(self, chunks: Sequence[Samples], phrases: tuple[Phrase, ...]) -> list[Hypothesis]:
        """Decode, with and without phrases; with them where that found more of them."""

        def decode() -> list[Hypothesis]:
            found: list[Hypothesis] = self._network.transcribe(
                list(chunks), batch_size=len(chunks), return_hypotheses=True, verbose=False
            )
            return found

        plain = decode()
        if not phrases or isinstance(self._network, models.EncDecCTCModel):
            return plain
        with boosted(self._network, phrases):
            found = decode()
        return [
            with_phrases
            if num_found(with_phrases.text, phrases) > num_found(without.text, phrases)
            else without
            for with_phrases, without in zip(found, plain, strict=True)
        ]

    def _from_tokens(
        self, hypothesis: Hypothesis, region: SpeechRegion, phrases: tuple[Phrase, ...]
    ) -> Transcription:
        if isinstance(self._network, models.EncDecCTCModel):
            tokens = self._ctc_tokens(hypothesis, phrases)
        else:
            tokens = self._transducer_tokens(hypothesis)
        moved = [_moved(token, region.start) for token in tokens]
        words = words_of(moved, inside=region)
        return Transcription(text="".join(word.text for word in words).strip(), words=tuple(words))

    def _ctc_tokens(self, hypothesis: Hypothesis, phrases: tuple[Phrase, ...]) -> list[Token]:
        """Return the tokens of the best path, each with the frame in which it begins.

        In the library's own times each token begins where the one before it began.
        """
        logprobs = torch.log_softmax(hypothesis.y_sequence.float(), dim=-1)
        posteriors, best = logprobs.exp().max(dim=-1)
        blank = hypothesis.y_sequence.shape[-1] - 1
        if phrases and self.vocabulary is not None:
            path = ctc_search(phrases, self.vocabulary, blank).best_path(logprobs.cpu().numpy())
            best = torch.from_numpy(path).to(logprobs.device)
            posteriors = logprobs.gather(-1, best[:, None])[:, 0].exp()
        tokens: list[Token] = []
        before = blank
        frames = zip(best.tolist(), posteriors.tolist(), strict=True)
        for frame, (token_id, posterior) in enumerate(frames):
            if token_id not in (blank, before):
                tokens.append(self._token(token_id, frame, 0, posterior))
            before = token_id
        return tokens

    def _transducer_tokens(self, hypothesis: Hypothesis) -> list[Token]:
        """Return tokens at the frames that emitted them, with durations if the model gives any."""
        token_ids = _to_ints(hypothesis.y_sequence)
        frames = _to_ints(hypothesis.timestamp["timestep"])
        durations = _to_ints(hypothesis.token_duration) or [0] * len(token_ids)
        confidences = hypothesis.token_confidence or [None] * len(token_ids)
        return [
            self._token(token_id, frame, duration, confidence)
            for token_id, frame, duration, confidence in zip(
                token_ids, frames, durations, confidences, strict=True
            )
        ]

    def _token(self, token_id: int, frame: int, duration: int, confidence: float | None) -> Token:
        return Token(
            text=self._token_text(token_id),
            start=frame * self._frame_s,
            end=(frame + duration) * self._frame_s if duration else None,
            logprob=None if confidence is None else math.log(max(float(confidence), 1e-9)),
        )

    def _token_text(self, token_id: int) -> str:
        """Return a token's text, with a space where a word begins."""
        if not hasattr(self._network, "tokenizer"):
            return str(self._network.cfg.decoder.vocabulary[token_id])
        piece = str(self._network.tokenizer.ids_to_tokens([token_id])[0])
        if getattr(self._network, "tokenizer_type", "bpe") == "wpe":
            return piece[2:] if piece.startswith("##") else f" {piece}"
        return piece.replace("▁", " ")

    def _canary(
        self,
        chunks: Sequence[Samples],
        regions: Sequence[SpeechRegion],
        language: str,
        told: Told,
    ) -> list[Transcription]:
        network = self._network
        aligner = getattr(network, "timestamps_asr_model", None)
        needs_time_tokens = told.with_words and aligner is None
        config = MultiTaskTranscriptionConfig(
            batch_size=len(chunks),
            return_hypotheses=True,
            verbose=False,
            enable_chunking=False,
            prompt=prompt_of(
                network, language, told.into or language, with_times=needs_time_tokens
            ),
        )
        found = network.transcribe(
            list(chunks), override_config=config, timestamps=True if needs_time_tokens else None
        )
        if told.with_words and aligner is not None:
            align_words(found, chunks, aligner, self._loaded.device)
        transcriptions = []
        for hypothesis, region in zip(found, regions, strict=True):
            text, timed = text_and_words(hypothesis, with_words=told.with_words)
            spans = in_order(
                [(region.start + start, region.start + end) for _, start, end in timed],
                low=region.start,
                high=region.end,
                least=_MIN_WORD_S,
            )
            words = [
                Word(text=f" {word}", start=start, end=end)
                for (word, _, _), (start, end) in zip(timed, spans, strict=True)
            ]
            transcriptions.append(Transcription(text=text, words=tuple(words)))
        return transcriptions

    @contextmanager
    def _attention(self, longest_s: float) -> Iterator[None]:
        """Use local attention for long chunks: its memory grows with the length, not the square."""
        if longest_s <= FULL_ATTENTION_S or not self._capabilities.has_local_attention:
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
    """Set greedy search for every model, with times and confidences of tokens."""
    if isinstance(network, models.EncDecMultiTaskModel):
        return
    decoding = OmegaConf.create(OmegaConf.to_container(network.cfg.decoding, resolve=True))
    with open_dict(decoding):
        decoding.strategy = "greedy_batch"
        # CTC's times come from its frames; a transducer keeps durations only if configured to.
        decoding.compute_timestamps = isinstance(network, models.EncDecRNNTModel)
        decoding.preserve_alignments = False
        if isinstance(network, models.EncDecRNNTModel):
            decoding.confidence_cfg = _CONFIDENCE
    network.change_decoding_strategy(decoding, verbose=False)


def _moved(token: Token, by_s: float) -> Token:
    end = None if token.end is None else token.end + by_s
    return replace(token, start=token.start + by_s, end=end)


def _to_ints(numbers: Iterable[SupportsInt] | None) -> list[int]:
    """Convert the library's numbers to Python's integers."""
    return [] if numbers is None else [int(number) for number in numbers]
