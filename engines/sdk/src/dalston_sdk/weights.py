"""Find a model's files, and report in the same words what is wrong with them.

A model that was pulled lies in a folder named after its id in the catalog, with a manifest, so
hints can name the model. Any other folder is the user's own, whatever it is called.
"""

from pathlib import Path

import msgspec

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef

_MANIFEST = "manifest.json"
_OWN_FOLDER = (
    "the folder is your own: correct its files, then link it again: "
    "dalston models pull --again MODEL"
)


class _Manifest(msgspec.Struct):
    """What Dalston writes into the folder of a model that it has pulled."""

    model: str
    engine: str


def require_folder(model: ModelRef) -> Path:
    """Return the folder of a model's weights.

    Raises:
        EngineError: ``model_missing`` where there is no such folder.
    """
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise weights_not_found(model)
    return folder


def require_float32(model: ModelRef, *, engine: str) -> None:
    """Refuse every number format but float32.

    Raises:
        EngineError: ``invalid_request``.
    """
    if model.compute_type not in {None, "float32"}:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{engine} computes in float32, and not in {model.compute_type}",
            hint="leave --compute-type out for this stage",
        )


def weights_not_found(model: ModelRef) -> EngineError:
    """Build the error for weights that are not where the request says."""
    return EngineError(
        ErrorCode.MODEL_MISSING,
        f"the weights of {model.runtime_id} are not at {model.path}",
        hint="see which there are with: dalston models list",
    )


def weights_incomplete(folder: Path, problem: str) -> EngineError:
    """Build the error for a model's folder in which files are missing."""
    return EngineError(
        ErrorCode.MODEL_MISSING,
        f"{folder} is not complete: {problem}",
        hint=f"dalston models pull {model}" if (model := _pulled(folder)) else _OWN_FOLDER,
    )


def verify_command(folder: Path) -> str:
    """Return the command that checks the files of a model; of a user's folder it names no model."""
    return f"dalston models verify {_pulled(folder)}".rstrip()


def weights_unusable(file: Path, problem: str) -> EngineError:
    """Build the error for a file of a model's folder whose content is not what it should be."""
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be used: {problem}",
        hint=verify_command(file.parent),
    )


def loading_failed(folder: Path, error: Exception, *, file: Path | None = None) -> EngineError:
    """Build the error for an exception that a library raised while it loaded a model.

    Args:
        folder: The model's folder.
        error: The library's exception; its first line goes into the message.
        file: The file that was being loaded, where it is known.
    """
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file or folder} cannot be loaded: {first_line(error)}",
        hint=verify_command(folder),
    )


def not_enough_memory(folder: Path, error: Exception, *, hint: str) -> EngineError:
    """Build the error for a model that does not fit into memory."""
    return EngineError(
        ErrorCode.OUT_OF_MEMORY,
        f"there is not enough memory to load {folder.name}: {first_line(error)}",
        hint=hint,
        is_final=True,
    )


def _pulled(folder: Path) -> str:
    """Return the id of the model that was pulled into a folder; empty for a folder of the user."""
    try:
        model = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=_Manifest).model
    except (OSError, msgspec.DecodeError):
        return ""
    return model if model == folder.name else ""


def first_line(error: Exception) -> str:
    """Return the first line of an exception's message; its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
