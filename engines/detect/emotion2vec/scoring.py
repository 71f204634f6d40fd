"""What a model says about windows of one length: a share for each of its labels."""

from collections.abc import Sequence

import numpy as np
import torch
from loading import Recogniser
from torch.nn import functional
from windows import Window

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode


def score(
    recogniser: Recogniser, audio: Samples, windows: Sequence[Window]
) -> list[dict[str, float]]:
    """Each window's shares, which sum up to 1.

    The same as the library's own ``Emotion2vec.inference``, for several windows at once.

    Args:
        recogniser: What hears them.
        audio: The recording.
        windows: Parts of it, all of one length.

    Raises:
        EngineError: ``model_load_failed``: the model answers with something that is no number.
    """
    pieces = np.stack([audio[window.start : window.end] for window in windows])
    used = [label is not None for label in recogniser.labels]
    with torch.inference_mode():
        waves = torch.from_numpy(pieces).to(recogniser.model.proj.weight.device)
        if recogniser.normalises:
            waves = functional.layer_norm(waves, waves.shape[1:])
        frames = recogniser.model.extract_features(waves, padding_mask=None)["x"]
        answers = recogniser.model.proj(frames.mean(dim=1))
        answers[:, ~torch.tensor(used, device=answers.device)] = -torch.inf
        shares = torch.softmax(answers, dim=-1).cpu()
    if not bool(torch.isfinite(shares).all()):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            "the model answers with something that is no number; its weights are damaged",
            hint="dalston models verify",
        )
    rows: list[list[float]] = shares.tolist()
    return [
        {
            label: share
            for label, share in zip(recogniser.labels, row, strict=True)
            if label is not None
        }
        for row in rows
    ]
