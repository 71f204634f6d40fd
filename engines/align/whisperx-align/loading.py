"""Loads a model through whisperX; its files are checked first, and nothing is downloaded."""

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from romanization import load_romanizer
from tokenization import Vocabulary

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.torch_device import import_torchaudio, split_device
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    require_float32,
    require_folder,
    weights_incomplete,
)
from dalston_sdk.wire import ModelRef

# Nothing is compiled; PyTorch would make a folder for it all the same, and leave it there.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
# Pickles of weights may hold data only, also where torchaudio does not ask for that.
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
import_torchaudio()

import torchaudio  # noqa: E402 - only after the line above
from torchaudio.pipelines import Wav2Vec2ASRBundle as Bundle  # noqa: E402 - as above
from whisperx import alignment  # noqa: E402 - imports torchaudio

ROMANIZED = frozenset({"MahmoudAshraf/mms-300m-1130-forced-aligner"})
"""Models that need every language in Latin letters."""

_STRIDE = 320
"""Samples from frame to frame in all of torchaudio's models."""
_HUB_FILES = ("config.json", "preprocessor_config.json", "vocab.json")
_HUB_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_BLANKS = ("<blank>", "[pad]", "<pad>")
_SAME_LANGUAGE = {"nb": "no"}


class AcousticModel:
    """A loaded model.

    Attributes:
        vocabulary: Its tokens.
        languages: Its languages; empty for a model that whisperX does not know.
        stride: Samples from frame to frame.
    """

    def __init__(self, network: torch.nn.Module, info: "_ModelInfo", device: str) -> None:
        self.vocabulary = info.vocabulary
        self.languages = info.languages
        self.stride = info.stride
        self._normalize = info.normalize
        self._network = network
        self._device = torch.device(*split_device(device))

    def emissions(self, batch: Samples) -> NDArray[np.float32]:
        """Compute log probabilities per frame and token.

        Args:
            batch: float32, shape (num_chunks, num_samples), 16 kHz.

        Returns:
            float32, shape (num_chunks, num_frames, num_tokens), natural logarithms.
        """
        waveform = torch.from_numpy(batch).to(self._device)
        if self._normalize:
            spread, mean = torch.var_mean(waveform, dim=1, keepdim=True, correction=0)
            waveform = (waveform - mean) / torch.sqrt(spread + 1e-7)
        with torch.inference_mode():
            output = self._network(waveform)
            logits = output.logits if hasattr(output, "logits") else output[0]
            log_probs: NDArray[np.float32] = torch.log_softmax(logits.float(), -1).cpu().numpy()
        return log_probs


@dataclass(frozen=True, kw_only=True)
class _ModelInfo:
    """A model's properties beside its weights."""

    vocabulary: Vocabulary
    languages: tuple[str, ...]
    stride: int
    normalize: bool


def supports(model: AcousticModel, language: str) -> bool:
    """Return True if the model is for a language; one for ``en`` is for ``en-gb``, too."""
    primary = language.partition("-")[0]
    wanted = {language, primary, _SAME_LANGUAGE.get(primary, primary)}
    return not model.languages or not wanted.isdisjoint(model.languages)


def load_model(model: ModelRef, device: str) -> AcousticModel:
    """Load a model.

    Args:
        model: The weights. ``path`` is a folder: for a model of torchaudio's with its one file,
            else in the layout of the hub.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for a number format.
    """
    require_float32(model, engine="whisperx-align")
    folder = require_folder(model)
    bundle = _bundle(model.runtime_id)
    _check_files(folder, bundle)
    watch = _RandomWeightsWatch()
    logger = logging.getLogger("transformers.modeling_utils")
    logger.addHandler(watch)
    try:
        network, about = alignment.load_align_model(
            "und",
            str(torch.device(*split_device(device))),
            model_name=model.runtime_id if bundle else str(folder),
            model_dir=str(folder) if bundle else None,
            model_cache_only=True,
        )
        info = _info(model, network, about, folder)
    except Exception as error:
        raise _failure(folder, error) from error
    finally:
        logger.removeHandler(watch)
    if watch.message is not None:
        raise _failure(folder, ValueError(watch.message))
    network.eval()
    return AcousticModel(network, info, device)


def _bundle(runtime_id: str) -> Bundle | None:
    """Return torchaudio's model of that name; None where it has none."""
    names = torchaudio.pipelines.__all__
    bundle = getattr(torchaudio.pipelines, runtime_id) if runtime_id in names else None
    return bundle if isinstance(bundle, Bundle) else None


def _check_files(folder: Path, bundle: Bundle | None) -> None:
    """Check that the files are there, which whisperX would look for on the network."""
    if bundle is not None:
        name = bundle._path  # noqa: SLF001 - nothing else tells which file it would download
        missing = [] if (folder / name).is_file() else [name]
    else:
        missing = [name for name in _HUB_FILES if not (folder / name).is_file()]
        if not any((folder / name).is_file() for name in _HUB_WEIGHTS):
            missing.append(" or ".join(_HUB_WEIGHTS))
    if missing:
        raise weights_incomplete(folder, f"{', '.join(missing)} not found")


def _info(
    model: ModelRef, network: torch.nn.Module, about: Mapping[str, Any], folder: Path
) -> _ModelInfo:
    tokens: dict[str, int] = about["dictionary"]
    is_bundle = about["type"] == "torchaudio"
    blank = 0 if is_bundle else _blank(tokens, network.config.pad_token_id)
    letters = {
        letter: token
        for letter, token in tokens.items()
        if len(letter) == 1 and letter not in "| " and token != blank
    }
    if not letters:
        raise ValueError("its vocabulary has no letters")
    features = {} if is_bundle else _json(folder / "preprocessor_config.json")
    return _ModelInfo(
        vocabulary=Vocabulary(
            letters=letters,
            blank=blank,
            separator=tokens.get("|", tokens.get(" ")),
            rewrite=load_romanizer() if model.runtime_id in ROMANIZED else None,
        ),
        languages=_languages(model.runtime_id),
        stride=_STRIDE if is_bundle else network.config.inputs_to_logits_ratio,
        normalize=bool(features.get("do_normalize", not is_bundle)),
    )


def _blank(tokens: Mapping[str, int], padding: int) -> int:
    return next((tokens[name] for name in _BLANKS if name in tokens), padding)


def _languages(runtime_id: str) -> tuple[str, ...]:
    tables = (alignment.DEFAULT_ALIGN_MODELS_TORCH, alignment.DEFAULT_ALIGN_MODELS_HF)
    return tuple(
        language for table in tables for language, name in table.items() if name == runtime_id
    )


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _failure(folder: Path, error: Exception) -> EngineError:
    """Build the error from the cause: the library reports every error as a missing model."""
    cause = error.__context__ or error
    cause = cause if isinstance(cause, Exception) else error
    if is_out_of_memory(cause):
        return not_enough_memory(folder, cause, hint="use --device cpu, or a smaller model")
    return loading_failed(folder, cause)


class _RandomWeightsWatch(logging.Handler):
    """Notices when missing weights are replaced by random ones, which is only logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.message: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if "newly initialized" in record.getMessage():
            self.message = "weights are missing in it, its letters among them"
