"""WhisperX's diarization: pyannote's pipeline from a folder, and its answer in plain numbers."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from failures import load_failure
from whisperx.diarize import DiarizationPipeline

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeakerTurn

_LEAST_S = 0.001


class Diarizer:
    """A pipeline that tells speakers apart.

    Args:
        pipeline: The library's.
    """

    def __init__(self, pipeline: DiarizationPipeline) -> None:
        self._pipeline = pipeline

    def turns(
        self,
        samples: Samples,
        speakers: Mapping[str, int],
        progress: Callable[[float], None],
    ) -> tuple[tuple[SpeakerTurn, ...], dict[str, tuple[float, ...]]]:
        """Who spoke when, and a vector for the voice of each speaker.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            speakers: How many there are, as the library's arguments.
            progress: Called with what is done, 0 to 1; what it raises ends the work.
        """
        table, vectors = self._pipeline(
            samples,
            **speakers,
            return_embeddings=True,
            progress_callback=lambda percent: progress(float(percent) / 100),
        )
        turns = _turns(table.to_dict("records"), len(samples) / SAMPLE_RATE)
        speaking = {turn.speaker for turn in turns}
        return turns, {
            str(speaker): tuple(round(float(value), 6) for value in vector)
            for speaker, vector in (vectors or {}).items()
            if speaker in speaking and all(map(math.isfinite, vector))
        }


def load_diarizer(folder: Path, device: str) -> Diarizer:
    """A pipeline in memory; its checkpoints are pickles, which can run code.

    Raises:
        EngineError: ``model_load_failed``, ``out_of_memory`` or ``device_lost``.
    """
    try:
        return Diarizer(DiarizationPipeline(str(folder), device=torch.device(device)))
    except Exception as error:
        raise load_failure(folder, error, device) from error


def _turns(rows: list[dict[str, Any]], duration_s: float) -> tuple[SpeakerTurn, ...]:
    turns = []
    for row in rows:
        start, end = max(0.0, float(row["start"])), min(float(row["end"]), duration_s)
        if round(end, 3) - round(start, 3) >= _LEAST_S:
            turns.append(
                SpeakerTurn(start=round(start, 3), end=round(end, 3), speaker=str(row["speaker"]))
            )
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker)))
