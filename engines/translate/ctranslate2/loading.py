"""Loads a translation model: its files are checked first, then number formats are tried."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
from families import Family, family_of
from sentencepiece import (  # type: ignore[import-not-found] # is in the engine's environment
    SentencePieceProcessor,
)

from dalston_sdk.ctranslate2_loading import (
    MAX_CPU_THREADS,
    is_device_lost,
    load_in_working_format,
)
from dalston_sdk.devices import cpu_threads, device_lost, split_device
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.weights import (
    loading_failed,
    not_enough_memory,
    require_folder,
    weights_incomplete,
    weights_unusable,
)
from dalston_sdk.wire import ModelRef, Notice

_PIECES = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")
"""Names of a SentencePiece model, in the model's folder or one below it."""
_USUAL = {"cuda": "int8_float16"}
"""The number format to try first where it is not the usual one: weights of the hub have 8 bits."""
_VOCABULARIES = ("shared_vocabulary.json", "shared_vocabulary.txt")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model.

    Attributes:
        translator: The network.
        pieces: Tokenizes.
        family: Its languages, and what it is told of them.
        known: All tokens.
        warnings: For its results.
    """

    translator: ctranslate2.Translator
    pieces: SentencePieceProcessor
    family: Family
    known: frozenset[str]
    warnings: tuple[Notice, ...]


def load_model(model: ModelRef, device: str) -> Model:
    """Load a model.

    Args:
        model: The weights; ``path`` is a folder in CTranslate2's format with a SentencePiece model.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        EngineError: ``model_missing``, ``model_load_failed``, ``out_of_memory``, ``device_lost``,
            or ``invalid_request`` for an unknown number format.
    """
    folder = require_folder(model)
    if missing := [name for name in ("config.json", "model.bin") if not (folder / name).is_file()]:
        raise weights_incomplete(folder, f"{' and '.join(missing)} is not there")
    known = _vocabulary(folder)
    family = family_of(known)
    if family is None:
        raise weights_unusable(
            folder / "model.bin", "its vocabulary has no languages of NLLB or MADLAD"
        )
    pieces = _pieces(folder)
    kind, index = split_device(device)
    translator, warnings = load_in_working_format(
        lambda compute_type: _load(folder, compute_type, kind, index),
        lambda error: _failure(folder, device, error),
        wanted=model.compute_type or _USUAL.get(kind),
        device_kind=kind,
    )
    return Model(
        translator=translator, pieces=pieces, family=family, known=known, warnings=warnings
    )


def _vocabulary(folder: Path) -> frozenset[str]:
    file = next((folder / name for name in _VOCABULARIES if (folder / name).is_file()), None)
    if file is None:
        raise weights_incomplete(folder, f"{_VOCABULARIES[0]} is not there")
    try:
        text = file.read_text(encoding="utf-8")
        tokens = json.loads(text) if file.suffix == ".json" else text.split("\n")
    except (OSError, ValueError) as error:
        raise loading_failed(folder, error, file=file) from error
    if not isinstance(tokens, list) or not all(isinstance(each, str) for each in tokens):
        raise weights_unusable(file, "it is no list of tokens")
    return frozenset(tokens)


def _pieces(folder: Path) -> SentencePieceProcessor:
    places: Sequence[Path] = (folder, *sorted(each for each in folder.iterdir() if each.is_dir()))
    files = (place / name for place in places for name in _PIECES)
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        raise weights_incomplete(folder, f"no SentencePiece model is there, such as {_PIECES[0]}")
    try:
        return SentencePieceProcessor(model_file=str(file))
    except (OSError, RuntimeError) as error:
        raise loading_failed(folder, error, file=file) from error


def _load(folder: Path, compute_type: str, kind: str, index: int) -> ctranslate2.Translator:
    """Load the model in one number format, and run it once on an empty text."""
    translator = ctranslate2.Translator(
        str(folder),
        device=kind,
        device_index=index,
        compute_type=compute_type,
        intra_threads=cpu_threads(MAX_CPU_THREADS),
    )
    translator.translate_batch([["</s>"]], beam_size=1, max_decoding_length=2)
    return translator


def _failure(folder: Path, device: str, error: Exception) -> EngineError:
    if is_out_of_memory(error):
        return not_enough_memory(folder, error, hint="use a smaller model, or --device cpu")
    if is_device_lost(error):
        return device_lost(device, str(error))
    return loading_failed(folder, error)
