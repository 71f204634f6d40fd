"""One run of the pipeline over one stretch, told in plain numbers."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from heard import Heard, Spoken
from loading import Diarizer
from pyannote.core import Annotation

from dalston_sdk.engine import SAMPLE_RATE, Samples

_SEGMENTATION_SHARE = 0.3
"""Of the work, roughly; nearly all of the rest is embedding."""


def hear(
    diarizer: Diarizer,
    audio: Samples,
    limits: Mapping[str, int],
    batch_size: int,
    on_share: Callable[[float], None],
) -> Heard:
    """Run the pipeline.

    Args:
        diarizer: The loaded pipeline.
        audio: float32, 16 kHz mono.
        limits: How many speakers, as the pipeline's arguments.
        batch_size: Windows that go through a model together.
        on_share: Told after each batch how much of the work is done, 0 to 1; what it raises ends
            the run.
    """
    pipeline = diarizer.pipeline
    pipeline.segmentation_batch_size = pipeline.embedding_batch_size = batch_size
    file = {"waveform": torch.from_numpy(audio.copy())[None], "sample_rate": SAMPLE_RATE}
    hook = _Hook(on_share)
    try:
        output = pipeline(file, hook=hook, **limits)
    except ValueError as error:
        # Fewer voices than speakers: K-means does not divide three by four.
        if "n_clusters" not in str(error):
            raise
        output = pipeline(file, hook=hook)
    duration_s = len(audio) / SAMPLE_RATE
    labels = output.speaker_diarization.labels()
    vectors = output.speaker_embeddings
    return Heard(
        turns=_turns(output.speaker_diarization, duration_s),
        exclusive=_turns(output.exclusive_speaker_diarization, duration_s),
        voices={
            label: vector.astype(np.float64)
            for label, vector in zip(labels, vectors, strict=True)
            if np.isfinite(vector).all() and np.any(vector)
        },
    )


class _Hook:
    """What the pipeline calls after each batch."""

    def __init__(self, on_share: Callable[[float], None]) -> None:
        self._on_share = on_share
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
        self._on_share(self._done)


def _turns(annotation: Annotation, duration_s: float) -> tuple[Spoken, ...]:
    """The turns inside the audio: the last window of the models reaches beyond it."""
    spoken = (
        Spoken(start=max(0.0, span.start), end=min(duration_s, span.end), speaker=str(label))
        for span, _, label in annotation.itertracks(yield_label=True)
    )
    kept = (turn for turn in spoken if turn.start < turn.end)
    return tuple(sorted(kept, key=lambda turn: (turn.start, turn.end)))
