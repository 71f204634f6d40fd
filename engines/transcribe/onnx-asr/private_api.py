"""Private parts of the library, as they are in onnx-asr 0.12.0, which is pinned."""
# ruff: noqa: SLF001 - this module exists so that no other one uses private names

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from onnx_asr.asr import Asr
from onnx_asr.models.silero import SileroVad
from onnx_asr.models.whisper import WhisperHf

from dalston_sdk.engine import SAMPLE_RATE, Samples

_CONTEXT_SAMPLES = 64
"""Samples before a frame that the detector's network gets, too."""


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
