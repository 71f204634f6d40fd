"""Runs the model on chunks of a recording and returns a score for each of its labels."""

from collections.abc import Sequence

import numpy as np
import torch
from chunks import Chunk
from loading import EmotionModel
from torch.nn import functional

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode


def score_chunks(
    model: EmotionModel, audio: Samples, chunks: Sequence[Chunk]
) -> list[dict[str, float]]:
    """Return the softmax scores of each chunk by label; they sum to 1.

    This computes the same as the library's ``Emotion2vec.inference``, for several chunks at once.

    Args:
        model: The loaded model.
        audio: The recording.
        chunks: Parts of it, all of one length.

    Raises:
        EngineError: ``model_load_failed``: the scores are not finite.
    """
    inputs = np.stack([audio[chunk.start : chunk.end] for chunk in chunks])
    used = [label is not None for label in model.labels]
    with torch.inference_mode():
        waveforms = torch.from_numpy(inputs).to(model.network.proj.weight.device)
        if model.normalizes:
            waveforms = functional.layer_norm(waveforms, waveforms.shape[1:])
        frames = model.network.extract_features(waveforms, padding_mask=None)["x"]
        logits = model.network.proj(frames.mean(dim=1))
        logits[:, ~torch.tensor(used, device=logits.device)] = -torch.inf
        scores = torch.softmax(logits, dim=-1).cpu()
    if not bool(torch.isfinite(scores).all()):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            "the model's scores are not finite numbers; its weights are damaged",
            hint="dalston models verify",
        )
    rows: list[list[float]] = scores.tolist()
    return [
        {label: score for label, score in zip(model.labels, row, strict=True) if label is not None}
        for row in rows
    ]
