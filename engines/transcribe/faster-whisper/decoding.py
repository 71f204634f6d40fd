"""Decoding of a recording's speech, window after window or in batches."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from ctranslate2 import StorageView
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import (
    TranscriptionInfo,
    TranscriptionOptions,
    restore_speech_timestamps,
)
from languages import pack
from numpy.typing import NDArray
from options import Decoding
from sharing import runs_at_once
from vad import as_regions, without_silence

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Samples


class _FittingPipeline(BatchedInferencePipeline):  # type: ignore[misc] # the library is untyped
    """The library's decoding of batches, with smaller batches where these do not fit.

    Where the model takes several calls at once, each gets a share of the batch: the steps of a
    decoder are too small to keep all processors busy.
    """

    def __init__(self, whisper: WhisperModel, fitter: BatchFitter) -> None:
        super().__init__(model=whisper)
        self._fitter = fitter

    def forward(
        self,
        features: NDArray[np.float32],
        tokenizer: Tokenizer,
        chunks_metadata: Sequence[dict[str, Any]],
        options: TranscriptionOptions,
    ) -> list[Any]:
        """Decode a batch, or parts of it one after the other."""

        def decode(numbers: Sequence[int]) -> Sequence[Any]:
            some = slice(numbers[0], numbers[-1] + 1)
            found: Sequence[Any] = super(_FittingPipeline, self).forward(
                features[some], tokenizer, chunks_metadata[some], options
            )
            return found

        return list(self._fitter.run(range(len(features)), decode))

    def generate_segment_batched(
        self, features: NDArray[np.float32], tokenizer: Tokenizer, options: TranscriptionOptions
    ) -> tuple[StorageView, list[dict[str, Any]]]:
        """Encode and decode a batch; return the encoder's output and what was decoded."""
        shares = np.array_split(features, min(len(features), num_shares(self.model)))
        generate = super().generate_segment_batched
        if len(shares) == 1:
            whole: tuple[StorageView, list[dict[str, Any]]] = generate(features, tokenizer, options)
            return whole
        with ThreadPoolExecutor(len(shares)) as threads:
            found = list(threads.map(lambda share: generate(share, tokenizer, options), shares))
        encoded = np.concatenate([np.asarray(each) for each, _ in found])
        return StorageView.from_array(encoded), [one for _, decoded in found for one in decoded]


def num_shares(whisper: WhisperModel) -> int:
    """Return how many calls may decode shares of a batch: with 8 bits results stay the same."""
    is_same = whisper.model.compute_type.startswith("int8")
    at_once = is_same and runs_at_once(whisper.model.device)
    return int(whisper.model.num_workers) if at_once else 1


def count_tokens(whisper: WhisperModel, text: str) -> int:
    """Return the number of a prompt's tokens."""
    return len(whisper.hf_tokenizer.encode(" " + text.strip(), add_special_tokens=False).ids)


def decode(
    whisper: WhisperModel,
    audio: Samples,
    speech: Sequence[dict[str, int]],
    language: str,
    decoding: Decoding,
    fitter: BatchFitter,
) -> tuple[Iterable[Any], TranscriptionInfo]:
    """Start decoding; segments come with times from the start of the recording."""
    arguments = {**decoding.arguments, "language": language}
    found: Iterable[Any]
    if decoding.batch_size > 1:
        # Chunks as they were recorded, with their pauses: the library would join regions and lose
        # the time between them. None may reach past the end, as a rounded time can: the library
        # refuses chunks that are longer than the audio.
        end = len(audio) / SAMPLE_RATE
        clips = [
            {"start": chunk.start, "end": min(chunk.end, end)}
            for chunk in pack(as_regions(speech), decoding.chunk_length_s)
        ]
        found, info = _FittingPipeline(whisper, fitter).transcribe(
            audio, clip_timestamps=clips, **arguments
        )
    elif decoding.vad is None:
        found, info = whisper.transcribe(audio, vad_filter=False, **arguments)
    else:
        shortened = without_silence(audio, speech)
        found, info = whisper.transcribe(shortened, vad_filter=False, **arguments)
        found = restore_speech_timestamps(found, speech, SAMPLE_RATE)
    return found, info
