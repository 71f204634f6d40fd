"""WhisperX's diarization: pyannote's pipeline from a folder."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from failures import load_failure
from whisperx.diarize import DiarizationPipeline

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.recording_chunks import Chunk, split_recording
from dalston_sdk.speaker_linking import ChunkTurns, RecordingTurns, SpeakerLinker, Turn
from dalston_sdk.wire import SpeakerTurn

_STEPS = {"segmentation": (0.0, 0.4), "embeddings": (0.4, 1.0)}
"""The steps that report progress, and their share of the work."""


class Diarizer:
    """A diarization pipeline.

    Args:
        pipeline: The library's pipeline.
    """

    def __init__(self, pipeline: DiarizationPipeline) -> None:
        # The library's own wrapper drops the exclusive turns.
        self._pipeline = pipeline.model

    @property
    def batch_size(self) -> int:
        """Number of windows that go through a model together."""
        return int(self._pipeline.embedding_batch_size)

    def diarize(
        self,
        samples: Samples,
        speakers: Mapping[str, int],
        chunk_s: float,
        fitter: BatchFitter,
        progress: Callable[[float], None],
    ) -> RecordingTurns:
        """Run the pipeline, on a long recording chunk by chunk, and link the speakers of chunks.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            speakers: Numbers of speakers, as the library's arguments.
            chunk_s: Longest chunk in seconds.
            fitter: Computes batches of windows that fit into memory.
            progress: Called with the seconds that are done; what it raises ends the work.
        """
        duration_s = len(samples) / SAMPLE_RATE
        chunks = split_recording(duration_s, chunk_s)
        most = speakers.get("max_speakers", speakers.get("num_speakers"))
        if len(chunks) > 1:  # not every chunk has every speaker
            speakers = {} if most is None else {"max_speakers": most}
        linker = SpeakerLinker(_similarity(self._pipeline.clustering.threshold), most)

        def diarize(chunk: Chunk, batch_size: int) -> ChunkTurns:
            first, last = (round(at * SAMPLE_RATE) for at in (chunk.start, chunk.end))
            return self._diarize(
                samples[first:last],
                speakers,
                batch_size,
                lambda share: progress(chunk.start + share * chunk.duration_s),
            )

        found = [fitter.attempt(partial(diarize, chunk)) for chunk in chunks]
        if len(found) == 1:
            return _alone(found[0])
        for chunk, turns in zip(chunks, found, strict=True):
            linker.add(chunk, turns)
        return linker.result(duration_s)

    def _diarize(
        self,
        samples: Samples,
        speakers: Mapping[str, int],
        batch_size: int,
        progress: Callable[[float], None],
    ) -> ChunkTurns:
        def hook(step: str, *_artifact: object, **counts: Any) -> None:  # noqa: ANN401 - the library's
            completed, total = counts.get("completed"), counts.get("total")
            if step in _STEPS and completed is not None and total:
                low, high = _STEPS[step]
                progress(low + (high - low) * min(1.0, float(completed) / float(total)))

        pipeline = self._pipeline
        pipeline.segmentation_batch_size = min(pipeline.segmentation_batch_size, batch_size)
        pipeline.embedding_batch_size = batch_size
        audio = {"waveform": torch.from_numpy(samples).unsqueeze(0), "sample_rate": SAMPLE_RATE}
        output = pipeline(audio, hook=hook, **speakers)
        progress(1.0)
        duration_s = len(samples) / SAMPLE_RATE
        turns = _turns(output.speaker_diarization, duration_s)
        speaking = {turn.speaker for turn in turns}
        exclusive = _turns(output.exclusive_speaker_diarization, duration_s)
        vectors = () if output.speaker_embeddings is None else output.speaker_embeddings
        labels = output.speaker_diarization.labels()
        return ChunkTurns(
            turns=turns,
            exclusive_turns=tuple(turn for turn in exclusive if turn.speaker in speaking),
            embeddings={
                str(label): vector.astype(np.float64)
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


def _alone(found: ChunkTurns) -> RecordingTurns:
    """Return the turns of a recording that is one chunk, by the library's own labels."""
    turns, exclusive = (
        tuple(SpeakerTurn(start=turn.start, end=turn.end, speaker=turn.speaker) for turn in some)
        for some in (found.turns, found.exclusive_turns)
    )
    embeddings = {
        label: tuple(round(float(value), 6) for value in vector)
        for label, vector in found.embeddings.items()
    }
    return RecordingTurns(turns=turns, exclusive_turns=exclusive, embeddings=embeddings)


def _similarity(distance: float) -> float:
    """Return the cosine of two unit vectors at this Euclidean distance."""
    return 1 - math.pow(distance, 2) / 2


def _turns(annotation: Any, duration_s: float) -> tuple[Turn, ...]:  # noqa: ANN401 - untyped
    """Return the library's tracks in time order, cut to the recording; empty ones are dropped."""
    turns = []
    for segment, _track, label in annotation.itertracks(yield_label=True):
        start = round(max(0.0, float(segment.start)), 3)
        end = round(min(float(segment.end), duration_s), 3)
        if start < end:
            turns.append(Turn(start=start, end=end, speaker=str(label)))
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker)))
