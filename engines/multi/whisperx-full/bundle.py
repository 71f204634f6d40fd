"""The bundle of weights; its parts are checked before a library could look for them on the hub.

The folder is a Whisper model in CTranslate2's format; ``align/LANGUAGE/`` in it are wav2vec2 models
with a CTC head, one per language; ``diarization/`` is a pipeline of pyannote's, which may be
missing.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef

_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json")
_ALIGNER_FILES = ("config.json", "preprocessor_config.json")
_ALIGNER_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_VOCABULARIES = ("vocab.json", "tokenizer.json")
_VERIFY = "dalston models verify"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The weights of one model.

    Attributes:
        name: The model's name in the request.
        folder: The folder with all parts.
    """

    name: str
    folder: Path

    @property
    def whisper(self) -> Path:
        """The folder of the Whisper model, which is the bundle's own.

        Raises:
            EngineError: ``model_missing`` or ``model_load_failed``.
        """
        self._require(self.folder, _WHISPER_FILES)
        if not any(self.folder.glob("vocabulary.*")):
            raise self._incomplete(self.folder, "vocabulary.json")
        _check_json(self.folder)
        return self.folder

    def aligner(self, language: str) -> Path:
        """Return the folder of the alignment model for a language; ``en-gb`` takes that for ``en``.

        Raises:
            EngineError: ``invalid_request`` where there is none for the language,
                ``model_missing`` or ``model_load_failed``.
        """
        known = self.languages
        found = next((code for code in (language, _primary(language)) if code in known), None)
        if found is None:
            has = f"it has one for {', '.join(known)}" if known else "it has none at all"
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"{self.name} has no aligning model for the language {language}; {has}",
                hint="name another with --align-model; `dalston models list --stage align`",
            )
        folder = self.folder / "align" / found
        self._require(folder, _ALIGNER_FILES)
        for either in (_ALIGNER_WEIGHTS, _VOCABULARIES):
            if not any((folder / name).is_file() for name in either):
                raise self._incomplete(folder, " or ".join(either))
        _check_json(folder)
        return folder

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages with an alignment model."""
        return tuple(sorted(path.name for path in self.folder.glob("align/*") if path.is_dir()))

    @property
    def diarization(self) -> Path:
        """The folder of pyannote's pipeline, with all its models.

        Raises:
            EngineError: ``model_missing`` or ``model_load_failed``.
        """
        folder = self.folder / "diarization"
        if not folder.is_dir():
            raise EngineError(
                ErrorCode.MODEL_MISSING,
                f"{self.name} has no weights to tell speakers apart",
                hint="use a model that does: `dalston models list --stage diarize`",
            )
        self._require(folder, ("config.yaml",))
        for what, place in _models_of_pipeline(folder / "config.yaml"):
            self._check_model_of_pipeline(folder, what, place)
        return folder

    def _check_model_of_pipeline(self, folder: Path, what: str, place: object) -> None:
        if not isinstance(place, str) or not place.startswith("$model/"):
            raise EngineError(
                ErrorCode.MODEL_LOAD_FAILED,
                f"{folder / 'config.yaml'} takes its {what} from elsewhere ({place})",
                hint="the pipeline must hold its models, as speaker-diarization-community-1 does",
            )
        part = folder / place.removeprefix("$model/")
        if not part.is_dir() or not any(part.iterdir()):
            raise self._incomplete(folder, place.removeprefix("$model/"))

    def _require(self, folder: Path, names: tuple[str, ...]) -> None:
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise self._incomplete(folder, ", ".join(missing))

    def _incomplete(self, folder: Path, what: str) -> EngineError:
        return EngineError(
            ErrorCode.MODEL_MISSING,
            f"{folder} lacks {what}",
            hint=f"dalston models pull {self.name}",
        )


def find_bundle(model: ModelRef) -> Bundle:
    """Return the bundle that a request names.

    Raises:
        EngineError: ``model_missing``: there is no such folder.
    """
    if model.path is None or not (folder := Path(model.path)).is_dir():
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"the weights of {model.runtime_id} are not at {model.path}",
            hint=f"dalston models pull {model.runtime_id}",
        )
    return Bundle(name=model.runtime_id, folder=folder.resolve())


def cannot_load(folder: Path, error: BaseException) -> EngineError:
    """Build the error for weights that a library cannot read."""
    reason = str(error).strip().splitlines()
    return EngineError(
        ErrorCode.MODEL_LOAD_FAILED,
        f"{folder} cannot be loaded: {reason[0] if reason else type(error).__name__}",
        hint=_VERIFY,
    )


def _models_of_pipeline(config: Path) -> list[tuple[str, object]]:
    """Return the pipeline's models, each with the place that its configuration names."""
    try:
        parameters = yaml.safe_load(config.read_bytes())["pipeline"]["params"]
        return [(what, parameters.get(what)) for what in ("segmentation", "embedding", "plda")]
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise cannot_load(config, error) from error


def _check_json(folder: Path) -> None:
    """Check that JSON files can be read: libraries ignore settings that they cannot read."""
    for file in sorted(folder.glob("*.json")):
        try:
            json.loads(file.read_bytes())
        except ValueError as error:  # noqa: PERF203 - the error has to name the file
            raise cannot_load(file, error) from error


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]
