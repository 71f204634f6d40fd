"""Finds the weights of segmentation-3.0 and CAM++, and takes no others than these.

Checkpoints can run code when they are loaded, so their digests are checked before.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipeline_files import file_missing

from dalston_sdk.errors import EngineError
from dalston_sdk.weights import require_folder
from dalston_sdk.wire import ErrorCode, ModelRef

RUNTIME_ID = "segmentation-3.0-campplus"
"""The pipeline of this model is this engine's own, and its folder has no ``config.yaml``."""

_DIGESTS = Path(__file__).with_name("campplus.sha256")


@dataclass(frozen=True, kw_only=True)
class CampPlusFiles:
    """Files with the digests that they must have.

    Attributes:
        folder: The model's folder.
        segmentation: A checkpoint of pyannote.audio.
        embedding: The layers of CAM++ by name.
    """

    folder: Path
    segmentation: Path
    embedding: Path


def find_campplus_files(model: ModelRef) -> CampPlusFiles:
    """Check that both files are there, and that they are the right ones.

    Raises:
        EngineError: ``model_missing`` or ``model_load_failed``.
    """
    folder = require_folder(model)
    found: dict[str, Path] = {}
    for line in _DIGESTS.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        found[name.partition("/")[0]] = _checked(folder / name, digest)
    return CampPlusFiles(folder=folder, **found)


def _checked(file: Path, digest: str) -> Path:
    try:
        with file.open("rb") as stream:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise file_missing(file) from error
    if actual != digest:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{file} is not the file that this model consists of, and is not opened: its SHA-256"
            f" is {actual}, and not {digest}",
            hint="bring the model to this machine again: dalston models pull --again MODEL",
        )
    return file
