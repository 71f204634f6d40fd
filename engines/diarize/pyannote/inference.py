"""Runs the pipeline on one chunk."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from loading import Diarizer
from pyannote.core import Annotation

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.speaker_linking import ChunkTurns, Turn

_SEGMENTATION_SHARE = 0.3
"""Rough share of segmentation in the work; nearly all of the rest is embedding."""


def diarize_chunk(
    diarizer: Diarizer,
    audio: Samples,
    limits: Mapping[str, int],
    batch_size: int,
    on_progress: Callable[[float], None],
) -> ChunkTurns:
    """Run the pipeline.

    Args:
        diarizer: The loaded pipeline.
        audio: float32, shape (num_samples,), 16 kHz mono.
        limits: Numbers of speakers, as the pipeline's arguments.
        batch_size: Windows that go through a model together.
        on_progress: Called after each batch with the finished share of the work, 0 to 1; what it
            raises ends the run.
    """
    pipeline = diarizer.pipeline
    pipeline.segmentation_batch_size = pipeline.embedding_batch_size = batch_size
    file = {"waveform": torch.from_numpy(audio.copy())[None], "sample_rate": SAMPLE_RATE}
    hook = _Hook(on_progress)
    try:
        output = pipeline(file, hook=hook, **limits)
    except ValueError as error:
        # K-means has fewer embeddings than clusters.
        if "n_clusters" not in str(error):
            raise
        output = pipeline(file, hook=hook)
    duration_s = len(audio) / SAMPLE_RATE
    labels = output.speaker_diarization.labels()
    vectors = output.speaker_embeddings
    return ChunkTurns(
        turns=_turns(output.speaker_diarization, duration_s),
        exclusive_turns=_turns(output.exclusive_speaker_diarization, duration_s),
        embeddings={
            label: vector.astype(np.float64)
            for label, vector in zip(labels, vectors, strict=True)
            if np.isfinite(vector).all() and np.any(vector)
        },
    )


class _Hook:
    """The callback of the pipeline after each batch."""

    def __init__(self, on_progress: Callable[[float], None]) -> None:
        self._on_progress = on_progress
        self._done = 0.0

    def __call__(
        self,
        step: str,
        artifact: object,  # noqa: ARG002 - the pipeline's own call
        *,
        total: int | None = None,
        completed: int | None = None,
        **_: object,
    ) -> None:
        share = min(1.0, completed / total) if total and completed is not None else 1.0
        if step == "segmentation":
            done = share * _SEGMENTATION_SHARE
        elif step == "embeddings":
            done = _SEGMENTATION_SHARE + share * (1 - _SEGMENTATION_SHARE)
        else:
            done = self._done
        self._done = max(self._done, done)
        self._on_progress(self._done)


def _turns(annotation: Annotation, duration_s: float) -> tuple[Turn, ...]:
    """Return the turns, cut to the audio: the last window of the models exceeds it."""
    turns = (
        Turn(start=max(0.0, span.start), end=min(duration_s, span.end), speaker=str(label))
        for span, _, label in annotation.itertracks(yield_label=True)
    )
    kept = (turn for turn in turns if turn.start < turn.end)
    return tuple(sorted(kept, key=lambda turn: (turn.start, turn.end)))
