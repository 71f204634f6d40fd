"""Brings a model into memory through whisperX; its files are found first, never fetched."""

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
from romanising import romaniser
from spelling import Alphabet

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import import_torchaudio, is_torch_out_of_memory, split_device
from dalston_sdk.wire import ErrorCode, ModelRef

# Nothing is compiled; PyTorch would make a folder for it all the same, and leave it there.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
# Pickles of weights may hold data only, torchaudio's too, which are loaded without saying so.
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
import_torchaudio()

import torchaudio  # noqa: E402 - only after the line above
from torchaudio.pipelines import Wav2Vec2ASRBundle as Bundle  # noqa: E402 - as above
from whisperx import alignment  # noqa: E402 - imports torchaudio

ROMANISED = frozenset({"MahmoudAshraf/mms-300m-1130-forced-aligner"})
"""Models that spell every language with Latin letters."""

_STRIDE = 320
"""Samples from frame to frame in all of torchaudio's models."""
_HUB_FILES = ("config.json", "preprocessor_config.json", "vocab.json")
_HUB_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_BLANKS = ("<blank>", "[pad]", "<pad>")
_SAME_LANGUAGE = {"nb": "no"}


class AcousticModel:
    """A loaded model.

    Attributes:
        alphabet: What it can spell.
        languages: Those it is for; empty for a model that whisperX does not know.
        stride: Samples from frame to frame.
    """

    def __init__(self, network: torch.nn.Module, kind: "_Kind", device: str) -> None:
        self.alphabet = kind.alphabet
        self.languages = kind.languages
        self.stride = kind.stride
        self._normalise = kind.normalise
        self._network = network
        self._device = torch.device(*split_device(device))

    def log_probs(self, batch: Samples) -> NDArray[np.float32]:
        """What is heard in each frame.

        Args:
            batch: Shape (num_windows, num_samples), 16 kHz.

        Returns:
            float32, shape (num_windows, num_frames, num_columns), natural logarithms.
        """
        waveform = torch.from_numpy(batch).to(self._device)
        if self._normalise:
            spread, mean = torch.var_mean(waveform, dim=1, keepdim=True, correction=0)
            waveform = (waveform - mean) / torch.sqrt(spread + 1e-7)
        with torch.inference_mode():
            found = self._network(waveform)
            scores = found.logits if hasattr(found, "logits") else found[0]
            log_probs: NDArray[np.float32] = torch.log_softmax(scores.float(), -1).cpu().numpy()
        return log_probs


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is known of a model beside its weights."""

    alphabet: Alphabet
    languages: tuple[str, ...]
    stride: int
    normalise: bool


def covers(model: AcousticModel, language: str) -> bool:
    """Whether the model is for a language; ``en-gb`` is covered by who knows ``en``."""
    primary = language.partition("-")[0]
    wanted = {language, primary, _SAME_LANGUAGE.get(primary, primary)}
    return not model.languages or not wanted.isdisjoint(model.languages)


def load_model(model: ModelRef, device: str) -> AcousticModel:
    """The loaded model.

    Args:
        model: The weights. ``path`` is a folder: for a model of torchaudio's with its one file,
            else in the layout of the hub.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, or
            ``invalid_request`` for a number format.
    """
    if model.compute_type not in (None, "float32"):
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this engine computes in float32, not in {model.compute_type}",
            hint="leave --compute-type out",
        )
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint="see which there are with: dalston models list --stage align",
        )
    bundle = _bundle(model.runtime_id)
    _check_files(folder, bundle)
    refusal = _NewWeights()
    logger = logging.getLogger("transformers.modeling_utils")
    logger.addHandler(refusal)
    try:
        network, about = alignment.load_align_model(
            "und",
            str(torch.device(*split_device(device))),
            model_name=model.runtime_id if bundle else str(folder),
            model_dir=str(folder) if bundle else None,
            model_cache_only=True,
        )
        kind = _kind(model, network, about, folder)
    except Exception as error:
        raise _failure(folder, error) from error
    finally:
        logger.removeHandler(refusal)
    if refusal.message is not None:
        raise _failure(folder, ValueError(refusal.message))
    network.eval()
    return AcousticModel(network, kind, device)


def _bundle(runtime_id: str) -> Bundle | None:
    """The model of torchaudio's of that name; None where it has none."""
    names = torchaudio.pipelines.__all__
    bundle = getattr(torchaudio.pipelines, runtime_id) if runtime_id in names else None
    return bundle if isinstance(bundle, Bundle) else None


def _check_files(folder: Path, bundle: Bundle | None) -> None:
    """What whisperX would otherwise look for in the network."""
    if bundle is not None:
        name = bundle._path  # noqa: SLF001 - nothing else tells which file it would download
        missing = [] if (folder / name).is_file() else [name]
    else:
        missing = [name for name in _HUB_FILES if not (folder / name).is_file()]
        if not any((folder / name).is_file() for name in _HUB_WEIGHTS):
            missing.append(" or ".join(_HUB_WEIGHTS))
    if missing:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} is not complete: {', '.join(missing)} not found",
            hint=f"dalston models pull {folder.name}",
        )


def _kind(
    model: ModelRef, network: torch.nn.Module, about: Mapping[str, Any], folder: Path
) -> _Kind:
    columns: dict[str, int] = about["dictionary"]
    is_bundle = about["type"] == "torchaudio"
    blank = 0 if is_bundle else _blank(columns, network.config.pad_token_id)
    letters = {
        letter: column
        for letter, column in columns.items()
        if len(letter) == 1 and letter not in "| " and column != blank
    }
    if not letters:
        raise ValueError("its vocabulary has no letters")
    features = {} if is_bundle else _json(folder / "preprocessor_config.json")
    return _Kind(
        alphabet=Alphabet(
            letters=letters,
            blank=blank,
            separator=columns.get("|", columns.get(" ")),
            rewrite=romaniser() if model.runtime_id in ROMANISED else None,
        ),
        languages=_languages(model.runtime_id),
        stride=_STRIDE if is_bundle else network.config.inputs_to_logits_ratio,
        normalise=bool(features.get("do_normalize", not is_bundle)),
    )


def _blank(columns: Mapping[str, int], padding: int) -> int:
    return next((columns[name] for name in _BLANKS if name in columns), padding)


def _languages(runtime_id: str) -> tuple[str, ...]:
    tables = (alignment.DEFAULT_ALIGN_MODELS_TORCH, alignment.DEFAULT_ALIGN_MODELS_HF)
    return tuple(
        language for table in tables for language, name in table.items() if name == runtime_id
    )


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _failure(folder: Path, error: Exception) -> EngineError:
    """The library says of every error that the model is not on the hub; the cause says more."""
    cause = error.__context__ or error
    if is_torch_out_of_memory(cause):
        code, hint = ErrorCode.OUT_OF_MEMORY, "use --device cpu, or a smaller model"
    else:
        code, hint = ErrorCode.MODEL_LOAD_FAILED, f"dalston models verify {folder.name}"
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return EngineError(code, f"{folder} cannot be loaded: {reason}", hint=hint)


class _NewWeights(logging.Handler):
    """Notices when weights that a file lacks are made up at random, which is only logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.message: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if "newly initialized" in record.getMessage():
            self.message = "weights are missing in it, its letters among them"
