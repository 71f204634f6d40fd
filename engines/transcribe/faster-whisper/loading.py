"""Loads a Whisper model: its files are checked first, then number formats are tried."""

import json
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from dalston_sdk.ctranslate2_loading import (
    MAX_CPU_THREADS,
    is_device_lost,
    load_in_working_format,
)
from dalston_sdk.devices import cpu_threads, split_device
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.weights import (
    first_line,
    not_enough_memory,
    require_folder,
    weights_incomplete,
)
from dalston_sdk.wire import ErrorCode, ModelRef, Notice

_TRIAL_FRAMES = 100
_SMALL_BYTES = 10**9
_VERIFY = "dalston models verify"


def load_whisper(model: ModelRef, device: str) -> tuple[WhisperModel, tuple[Notice, ...]]:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder in CTranslate2's format.
        device: ``cpu`` or ``cuda:N``.

    Returns:
        The model, and a notice if another number format than the first choice is in force.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, ``device_lost``,
            or ``invalid_request`` for an unknown number format.
    """
    folder = _checked_folder(model)
    kind, index = split_device(device)
    return load_in_working_format(
        lambda compute_type: _load(folder, compute_type, kind, index),
        lambda error: _failure(folder, error),
        wanted=model.compute_type,
        device_kind=kind,
    )


def _checked_folder(model: ModelRef) -> Path:
    """Return the model's folder if it has every file; the library would look on the hub for them.

    Raises:
        EngineError: ``model_missing``, or ``model_load_failed`` for settings that are not JSON.
    """
    folder = require_folder(model)
    missing = [
        name
        for name in ("config.json", "model.bin", "tokenizer.json")
        if not (folder / name).is_file()
    ]
    if not any(folder.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise weights_incomplete(folder, f"{', '.join(missing)} not found")
    try:
        # The library ignores a preprocessor's settings that it cannot read, and uses wrong ones.
        for file in folder.glob("*.json"):
            json.loads(file.read_bytes())
    except ValueError as error:
        raise _failure(folder, error) from error
    return folder


def _load(folder: Path, compute_type: str, kind: str, index: int) -> WhisperModel:
    """Load the model in one number format, and decode a second of silence."""
    threads = cpu_threads(MAX_CPU_THREADS)
    # Two calls at once keep the processors busy where one waits; each takes memory of its own.
    is_small = kind == "cpu" and (folder / "model.bin").stat().st_size < _SMALL_BYTES
    whisper = WhisperModel(
        str(folder),
        device=kind,
        device_index=index,
        compute_type=compute_type,
        cpu_threads=threads,
        num_workers=2 if is_small and threads > 1 else 1,
        local_files_only=True,
    )
    num_mels = whisper.feature_extractor.mel_filters.shape[0]
    if num_mels != whisper.model.n_mels:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} needs {whisper.model.n_mels} mel bands, its preprocessor_config.json "
            f"{'says' if (folder / 'preprocessor_config.json').is_file() else 'is missing, so'} "
            f"{num_mels}",
            hint=_VERIFY,
        )
    silence = np.zeros((1, whisper.model.n_mels, _TRIAL_FRAMES), dtype=np.float32)
    start = whisper.hf_tokenizer.token_to_id("<|startoftranscript|>")
    encoded = whisper.model.encode(ctranslate2.StorageView.from_array(silence))
    whisper.model.generate(encoded, [[start]], max_length=4, beam_size=1)
    return whisper


def _failure(folder: Path, error: Exception) -> EngineError:
    if is_out_of_memory(error):
        return not_enough_memory(folder, error, hint="use a smaller model, or --compute-type int8")
    if is_device_lost(error):
        return EngineError(ErrorCode.DEVICE_LOST, f"the GPU does not answer: {error}")
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED, f"{folder} cannot be loaded: {first_line(error)}", hint=_VERIFY
    )
