"""Private parts of the library, as they are in onnx-asr 0.12.0, which is pinned."""
# ruff: noqa: SLF001 - this module exists so that no other one uses private names

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx_asr.asr import Asr, _AsrWithCtcDecoding, _AsrWithTransducerDecoding
from onnx_asr.models.silero import SileroVad
from onnx_asr.models.whisper import WhisperHf

from dalston_sdk.ctc_phrases import CtcPhrases
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.phrases import Phrase, Vocabulary
from dalston_sdk.transducer_phrases import TransducerPhrases

_CONTEXT_SAMPLES = 64
"""Samples before a frame that the detector's network gets, too."""
_NO_TEXT = re.compile(r"\s*<[^<>\s]+>")
"""Tokens such as ``<unk>``."""

Decoded = Iterator[tuple[Sequence[int], Sequence[int], Sequence[float]]]
"""For each chunk its tokens, the frames in which they begin, and their logarithmic posteriors."""


def try_encoder(recogniser: Asr) -> None:
    """Encode a second of silence, which fails if the model's files do not fit each other."""
    silence = np.zeros(SAMPLE_RATE, np.float32)
    if isinstance(recogniser, WhisperHf):
        recogniser._encode(silence[None], np.array([SAMPLE_RATE]))
    else:
        encode(recogniser, [silence])


def encode(recogniser: Asr, sounds: Sequence[Samples]) -> list[NDArray[np.float32]]:
    """Encode a batch of sounds with a model other than Whisper.

    Args:
        recogniser: The model.
        sounds: float32, 16 kHz, in [-1, 1].

    Returns:
        The frames of each sound, without those of its padding.
    """
    lengths = np.array([len(sound) for sound in sounds])
    padded = np.zeros((len(sounds), max(lengths)), np.float32)
    for row, sound in zip(padded, sounds, strict=True):
        row[: len(sound)] = sound
    encoded, valid = recogniser._encode(*recogniser._preprocessor(padded, lengths))
    # What Canary's encoder returns beside its frames is a mask, and not their number.
    return [row[: int(np.sum(count))] for row, count in zip(encoded, valid, strict=True)]


def token_ids(recogniser: Asr) -> Mapping[str, int]:
    """Return the id of each token of a Whisper or Canary model."""
    ids: Mapping[str, int] = recogniser._tokens
    return ids


def first_logits(recogniser: Asr, chunk: Samples, tokens: Sequence[int]) -> NDArray[np.float64]:
    """Return the logits that a Whisper model gives to tokens at the start of its text.

    Args:
        recogniser: A Whisper model.
        chunk: float32, shape (num_samples,), 16 kHz, in [-1, 1]; 30 s at most.
        tokens: Ids of tokens.

    Returns:
        Logits, in the order of ``tokens``.
    """
    encoded = recogniser._encode(chunk[None], np.array([len(chunk)]))
    state = recogniser._create_state()
    logits, _ = recogniser._decode(recogniser._detect_lang_input, state, encoded)
    wanted: NDArray[np.float64] = logits[0, -1, list(tokens)].astype(np.float64)
    return wanted


def frame_posteriors(detector: SileroVad, samples: Samples, frame_size: int) -> NDArray[np.float32]:
    """Return the posterior of speech of each frame, by a network that has heard nothing.

    Args:
        detector: The library's.
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        frame_size: Samples in a frame.
    """
    padded = np.pad(samples, (0, -len(samples) % frame_size))
    frames = detector._encode(padded[None], SAMPLE_RATE, frame_size, _CONTEXT_SAMPLES)
    return np.array([frame[0] for frame in frames], np.float32)


def vocabulary_of(recogniser: Asr) -> Vocabulary | None:
    """Return the tokens of a CTC model or a transducer; None for any other."""
    if not isinstance(recogniser, _AsrWithCtcDecoding | _AsrWithTransducerDecoding):
        return None
    texts = {
        int(token_id): text
        for token_id, text in recogniser._vocab.items()
        if token_id != recogniser._blank_idx and not _NO_TEXT.fullmatch(text)
    }
    return Vocabulary(texts)


def take_phrases(recogniser: Any, vocabulary: Vocabulary) -> None:  # noqa: ANN401 - see below
    """Have the library's ``recognize`` take an argument ``phrases``.

    Args:
        recogniser: A CTC model or a transducer.
        vocabulary: Its tokens.
    """
    plain: Callable[..., Any] = recogniser._decoding
    is_ctc = isinstance(recogniser, _AsrWithCtcDecoding)
    decode_with: Callable[..., Decoded] = _decode_ctc if is_ctc else _decode_transducer

    @lru_cache(maxsize=4)
    def search(phrases: tuple[Phrase, ...]) -> CtcPhrases | TransducerPhrases:
        blank = recogniser._blank_idx
        if is_ctc:
            return CtcPhrases(phrases, vocabulary, blank=blank)
        most_in_frame = recogniser._max_tokens_per_step
        return TransducerPhrases(phrases, vocabulary, blank=blank, most_in_frame=most_in_frame)

    def decoding(
        encoded: NDArray[np.float32],
        lengths: NDArray[np.int64],
        /,
        *,
        phrases: tuple[Phrase, ...] = (),
        **arguments: object,
    ) -> object:
        if not phrases:
            return plain(encoded, lengths, **arguments)
        return decode_with(recogniser, search(phrases), encoded, lengths)

    recogniser._decoding = decoding


def _decode_ctc(
    recogniser: Any,  # noqa: ANN401 - a CTC model of the library
    search: CtcPhrases,
    encoded: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> Decoded:
    blank = recogniser._blank_idx
    for logprobs, length in zip(encoded, lengths.tolist(), strict=True):
        path = search.best_path(logprobs[:length])
        scores = logprobs[np.arange(len(path)), path]
        begins = (path != blank) & (np.diff(path, prepend=blank) != 0)
        frames = np.flatnonzero(begins)
        scores = np.where(path == blank, np.float32(0), scores)
        yield path[begins].tolist(), frames.tolist(), np.add.reduceat(scores, frames).tolist()


def _decode_transducer(
    recogniser: Any,  # noqa: ANN401 - a transducer of the library
    search: TransducerPhrases,
    encoded: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> Decoded:
    for frames, length in zip(encoded, lengths.tolist(), strict=True):
        found = search.decode(
            lambda tokens, state, frame: recogniser._decode(list(tokens), state, frames[frame]),  # noqa: B023 - called at once
            recogniser._create_state(),
            min(length, len(frames)),
        )
        yield (
            [each.token_id for each in found],
            [each.frame for each in found],
            [each.logprob for each in found],
        )
