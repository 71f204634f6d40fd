"""Finds the parts of a pipeline in the model's folder, and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dalston_sdk.errors import EngineError
from dalston_sdk.weights import require_folder
from dalston_sdk.wire import ErrorCode, ModelRef

PIPELINE = "pyannote.audio.pipelines.SpeakerDiarization"
_WEIGHTS = ("pytorch_model.bin",)
_PLDA = ("xvec_transform.npz", "plda.npz")
_WITH_PLDA = "VBxClustering"
_CLUSTERINGS = (_WITH_PLDA, "AgglomerativeClustering")


@dataclass(frozen=True, kw_only=True)
class PipelineFiles:
    """A pipeline's configuration and the folders of its parts.

    Attributes:
        folder: The model's folder.
        clustering: The library's name of the clustering.
        settings: The pipeline's other arguments, such as the step of its windows.
        thresholds: Its tuned hyperparameters.
        segmentation: Folder of the segmentation model.
        embedding: Folder of the embedding model.
        plda: Folder of the PLDA; None where the clustering needs none.
    """

    folder: Path
    clustering: str
    settings: dict[str, Any]
    thresholds: dict[str, Any]
    segmentation: Path
    embedding: Path
    plda: Path | None


def find_pipeline_files(model: ModelRef) -> PipelineFiles:
    """Read ``config.yaml`` and check that all parts it names are in the folder.

    A part is where the configuration says if that is in the folder (``$model/…``), and in the
    folder of its name if the configuration names a repository on the hub.

    Raises:
        EngineError: ``model_missing`` or ``model_load_failed``.
    """
    folder = require_folder(model)
    file = folder / "config.yaml"
    pipeline, thresholds = _read(file)
    arguments = dict(pipeline.get("params") or {})
    clustering = arguments.pop("clustering", _WITH_PLDA)
    if pipeline.get("name") != PIPELINE or clustering not in _CLUSTERINGS:
        raise _unusable(file, f"it is not a {PIPELINE} with one of {', '.join(_CLUSTERINGS)}")
    wanted = {"segmentation": _WEIGHTS, "embedding": _WEIGHTS, "plda": _PLDA}
    named = {role: arguments.pop(role, None) for role in wanted}
    if clustering != _WITH_PLDA:
        del wanted["plda"]
    found = {role: _part(folder, role, named[role], files) for role, files in wanted.items()}
    return PipelineFiles(
        folder=folder,
        clustering=clustering,
        settings=arguments,
        thresholds=thresholds,
        segmentation=found["segmentation"],
        embedding=found["embedding"],
        plda=found.get("plda"),
    )


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        return dict(config["pipeline"]), dict(config.get("params") or {})
    except OSError as error:
        raise file_missing(file) from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(file, "it is not the configuration of a pipeline") from error


def _part(folder: Path, role: str, named: object, files: tuple[str, ...]) -> Path:
    """Return the folder of one part, whose files are all there."""
    inside = role
    if isinstance(named, str) and named.startswith("$model/"):
        inside = named.removeprefix("$model/").partition("@")[0]
    elif isinstance(named, Mapping) and "subfolder" in named:
        inside = str(named["subfolder"])
    part = folder / inside
    if not part.resolve().is_relative_to(folder.resolve()):
        raise _unusable(folder / "config.yaml", f"its {role} is outside the model's folder")
    for name in files:
        if not (part / name).is_file():
            raise file_missing(part / name)
    return part


def file_missing(file: Path) -> EngineError:
    """Build the error for a missing file."""
    return EngineError(
        ErrorCode.MODEL_MISSING,
        f"{file} is missing",
        hint="bring the model to this machine again: dalston models pull --again MODEL",
    )


def _unusable(file: Path, reason: str) -> EngineError:
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{file} cannot be used: {reason}",
        hint="see what was pulled with: dalston models verify MODEL",
    )
