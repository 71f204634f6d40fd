"""Find a model's files, and report in the same words what is wrong with them.

A model lies in a folder named after its id in the catalog, so hints can name the model.
"""

from pathlib import Path

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef


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
        hint=f"dalston models pull {folder.name}",
    )


def weights_unusable(file: Path, problem: str) -> EngineError:
    """Build the error for a file of a model's folder whose content is not what it should be."""
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be used: {problem}",
        hint=f"dalston models verify {file.parent.name}",
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
        hint=f"dalston models verify {folder.name}",
    )


def not_enough_memory(folder: Path, error: Exception, *, hint: str) -> EngineError:
    """Build the error for a model that does not fit into memory."""
    return EngineError(
        ErrorCode.OUT_OF_MEMORY,
        f"there is not enough memory to load {folder.name}: {first_line(error)}",
        hint=hint,
        is_final=True,
    )


def first_line(error: Exception) -> str:
    """Return the first line of an exception's message; its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
