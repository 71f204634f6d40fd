"""WhisperX's diarization: pyannote's pipeline from a folder."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from failures import load_failure
from whisperx.diarize import DiarizationPipeline

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeakerTurn

_STEPS = {"segmentation": (0.0, 0.4), "embeddings": (0.4, 1.0)}
"""The steps that report progress, and their share of the work."""


@dataclass(frozen=True, kw_only=True)
class Diarization:
    """The speakers of a recording.

    Attributes:
        turns: May overlap.
        exclusive_turns: The same with one speaker at a time.
        embeddings: One per speaker, if it is finite.
    """

    turns: tuple[SpeakerTurn, ...]
    exclusive_turns: tuple[SpeakerTurn, ...]
    embeddings: dict[str, tuple[float, ...]]


class Diarizer:
    """A diarization pipeline.

    Args:
        pipeline: The library's pipeline.
    """

    def __init__(self, pipeline: DiarizationPipeline) -> None:
        # The library's own wrapper drops the exclusive turns.
        self._pipeline = pipeline.model

    def diarize(
        self, samples: Samples, speakers: Mapping[str, int], progress: Callable[[float], None]
    ) -> Diarization:
        """Run the pipeline.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            speakers: Numbers of speakers, as the library's arguments.
            progress: Called with the finished share of the work, 0 to 1; what it raises ends it.
        """

        def hook(step: str, *_artifact: object, **counts: Any) -> None:  # noqa: ANN401 - the library's
            completed, total = counts.get("completed"), counts.get("total")
            if step in _STEPS and completed is not None and total:
                low, high = _STEPS[step]
                progress(low + (high - low) * min(1.0, float(completed) / float(total)))

        audio = {"waveform": torch.from_numpy(samples).unsqueeze(0), "sample_rate": SAMPLE_RATE}
        output = self._pipeline(audio, hook=hook, **speakers)
        progress(1.0)
        duration_s = len(samples) / SAMPLE_RATE
        turns = _turns(output.speaker_diarization, duration_s)
        speaking = {turn.speaker for turn in turns}
        exclusive = _turns(output.exclusive_speaker_diarization, duration_s)
        vectors = () if output.speaker_embeddings is None else output.speaker_embeddings
        labels = output.speaker_diarization.labels()
        return Diarization(
            turns=turns,
            exclusive_turns=tuple(turn for turn in exclusive if turn.speaker in speaking),
            embeddings={
                str(label): tuple(round(float(value), 6) for value in vector)
                for label, vector in zip(labels, vectors, strict=False)
                if label in speaking and all(map(math.isfinite, vector))
            },
        )


def load_diarizer(folder: Path, device: str) -> Diarizer:
    """Load a pipeline; its checkpoints are pickles, which can run code.

    Raises:
        EngineError: ``model_load_failed``, ``out_of_memory`` or ``device_lost``.
    """
    try:
        return Diarizer(DiarizationPipeline(str(folder), device=torch.device(device)))
    except Exception as error:
        raise load_failure(folder, error, device) from error


def _turns(annotation: Any, duration_s: float) -> tuple[SpeakerTurn, ...]:  # noqa: ANN401 - untyped
    """Return the library's tracks in time order, cut to the recording; empty ones are dropped."""
    turns = []
    for segment, _track, label in annotation.itertracks(yield_label=True):
        start = round(max(0.0, float(segment.start)), 3)
        end = round(min(float(segment.end), duration_s), 3)
        if start < end:
            turns.append(SpeakerTurn(start=start, end=end, speaker=str(label)))
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker)))
