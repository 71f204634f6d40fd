"""Finds a model's file, checks that it fits into memory, and has llama.cpp load it."""

import os
import tempfile
from pathlib import Path

from library import xllamacpp
from local_model import LocalModel
from weights_header import WeightsHeader

from dalston_sdk.devices import cpu_threads
from dalston_sdk.errors import EngineError
from dalston_sdk.free_memory import free_mb
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.weights import (
    not_enough_memory,
    verify_command,
    weights_incomplete,
    weights_not_found,
)
from dalston_sdk.wire import ErrorCode, ModelRef

CONTEXT_TOKENS = 8192
"""Tokens of a prompt and its answer. What a model keeps of them takes memory: 230 MB in one of 1.5
billion parameters, 1.2 GB in some of four."""

_BATCH_TOKENS = 512
"""Tokens of a prompt that are computed at a time; a request can be cancelled between two."""

_WORK_BYTES = 400 * 1024 * 1024
"""What is computed with, beside weights and context."""

_ERRORS_ONLY = 1
_LONGEST_FOLDER = 80
_MIB = 1024 * 1024
_HINT = "take a smaller model: dalston models list --stage refine"


def find_file(model: ModelRef) -> Path:
    """Return the one GGUF file of a model's folder, or the one with its name.

    Raises:
        EngineError: ``model_missing`` where there is none, ``invalid_request`` for a number format,
            which is that of the file.
    """
    if model.compute_type is not None:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"llama-cpp computes in the format of the file, and not in {model.compute_type}",
            hint="leave --compute-type out for this stage, or take a file of another format",
        )
    if model.path is None or not (place := Path(model.path)).exists():
        raise weights_not_found(model)
    if place.is_file():
        return place
    files = sorted(place.glob("*.gguf"))
    named = [file for file in files if file.stem == model.runtime_id]
    if len(found := named or files) != 1:
        problem = f"there are {len(files)} files *.gguf in it" if files else "*.gguf is missing"
        raise weights_incomplete(place, problem)
    return found[0]


def require_memory(file: Path, header: WeightsHeader) -> None:
    """Refuse a model that the machine's memory cannot hold; the library would swap, or be killed.

    Raises:
        EngineError: ``out_of_memory``.
    """
    needed = file.stat().st_size + _context_tokens(header) * header.context_bytes + _WORK_BYTES
    free = free_mb("cpu")
    if free is not None and needed / _MIB > free:
        problem = MemoryError(f"it takes about {needed / _MIB:.0f} MiB, and {free:.0f} are free")
        raise not_enough_memory(file.parent, problem, hint=_HINT)


def load_model(file: Path, header: WeightsHeader, *, name: str) -> LocalModel:
    """Load a model.

    Raises:
        EngineError: ``model_load_failed``.
    """
    context_tokens = _context_tokens(header)
    # The library's server listens, too. Its address is gone before anybody could call it.
    with tempfile.TemporaryDirectory(prefix="llama-", dir=_short_folder()) as folder:
        parameters = _parameters(file, context_tokens)
        parameters.hostnames = [f"{folder}/server.sock"]
        try:
            server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise EngineError(
                ErrorCode.MODEL_LOAD_FAILED,
                f"llama.cpp cannot load {file}, a model of the kind {header.architecture}",
                hint=f"{verify_command(file.parent)}; the reason is in "
                "dalston engines logs llama-cpp",
            ) from error
    profile = ModelProfile(
        name=name,
        thinking_tokens=0,
        chunk_tokens=min(800, context_tokens // 8),
        chunk_segments=20,
        part_tokens=context_tokens * 3 // 8,
        part_segments=200,
    )
    return LocalModel(server, profile, context_tokens=context_tokens)


def _parameters(file: Path, context_tokens: int) -> "xllamacpp.CommonParams":
    found = xllamacpp.CommonParams()
    found.model.path = str(file)
    found.n_ctx = context_tokens
    found.n_parallel = 1
    found.n_batch = _BATCH_TOKENS
    found.n_gpu_layers = 0
    found.cpuparams.n_threads = cpu_threads()
    found.cpuparams_batch.n_threads = cpu_threads()
    found.ctx_shift = False  # a text that does not fit is an error, and never shortened
    found.fit_params = False
    found.cache_ram_mib = 0
    found.force_pure_content_parser = True
    found.enable_reasoning = 0
    found.offline = True
    found.ui = False
    found.warmup = False
    found.n_threads_http = 1
    found.verbosity = _ERRORS_ONLY
    return found


def _short_folder() -> str | None:
    """Return a folder for a socket, whose path may be 107 bytes long; None for the usual one."""
    return None if len(os.fsencode(tempfile.gettempdir())) < _LONGEST_FOLDER else "/tmp"  # noqa: S108 - our own below it


def _context_tokens(header: WeightsHeader) -> int:
    return min(CONTEXT_TOKENS, header.context_length)
