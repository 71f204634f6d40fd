"""The tiny models of all engines: their names, how they are made, and their catalog entries.

Two ways lead to them: the tests' own hub, from which they are pulled as any model is, and folders
that a catalog names.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.support import tiny_onnx, tiny_whisper
from tests.support.engine_under_test import ROOT, EngineUnderTest
from tests.support.hub import HubRepo
from tests.support.onnx_models.families import make_transducer
from tests.support.tiny_gguf import make_folder, make_parrot
from tests.support.tiny_weights import tiny_weights

WAV2VEC2 = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"
NLLB = ROOT / "engines/translate/ctranslate2/tests/data/tiny-nllb"
Make = Callable[[Path], Path]


@dataclass(frozen=True)
class TinyModel:
    """A model for tests.

    Attributes:
        entry: Its catalog entry, whose source is a repository of the hub.
        make: Puts its weights into a folder, and returns where in it they lie.
    """

    entry: Mapping[str, Any]
    make: Make

    @property
    def id(self) -> str:
        return str(self.entry["id"])

    @property
    def repo(self) -> str:
        return str(self.entry["source"]["repo"])


def by_script(place: str, part: str = "", *made_from: Path) -> Make:
    """Return a maker that runs ``tests/tiny.py`` of an engine with the engine's interpreter."""

    def make(folder: Path) -> Path:
        made = folder / place
        if not made.exists():
            made = tiny_weights(EngineUnderTest(place), made, *made_from)
        return made / part

    return make


def by_copy(weights: Path) -> Make:
    """Return a maker that copies trained weights, without their training scripts."""

    def make(folder: Path) -> Path:
        left_out = shutil.ignore_patterns("training")
        return Path(shutil.copytree(weights, folder / weights.name, ignore=left_out))

    return make


def _transducer(folder: Path) -> Path:
    (folder / tiny_onnx.MODEL).mkdir()
    return make_transducer(folder / tiny_onnx.MODEL, kind="tdt")


def _parrot(folder: Path) -> Path:
    return make_folder(folder / "tiny-parrot", make_parrot(folder / "parrot.gguf"))


def _entry(model: str, engine: str, stage: str, **fields: Any) -> dict[str, Any]:
    """Return the catalog entry of a model that ``auto`` prefers to the bundled one."""
    return {
        "id": model,
        "engine": engine,
        "runtime_model_id": model,
        "stages": [stage],
        "name": f"A tiny model for tests of {stage}",
        "licence": "Apache-2.0",
        "source": {"kind": "hf", "repo": f"test/{model}", "revision": "main", "files": ["*"]},
        "size_mb": 3,
        "rank": 5,
        **fields,
    }


WHISPER = TinyModel(tiny_whisper.ENTRY, by_copy(tiny_whisper.WEIGHTS))
PARAKEET = TinyModel(tiny_onnx.ENTRY, _transducer)
NEMO = TinyModel(
    _entry("tiny-nemo", "nemo", "transcribe", languages=["en"], rank=4),
    by_script("transcribe/nemo", "tdt"),
)
ALIGNER = TinyModel(
    _entry("tiny-aligner", "whisperx-align", "align", languages=["en"]), by_copy(WAV2VEC2)
)
DIARIZER = TinyModel(
    _entry("tiny-diarizer", "pyannote", "diarize"), by_script("diarize/pyannote", "community")
)
EMOTION = TinyModel(
    _entry("tiny-emotion", "emotion2vec", "emotion"), by_script("detect/emotion2vec", "plain")
)
EVENTS = TinyModel(
    _entry("tiny-events", "panns-events", "events"), by_script("detect/panns-events", "plain")
)
TRANSLATOR = TinyModel(
    _entry("tiny-nllb", "ctranslate2", "translate", languages=["de", "en", "fr"]), by_copy(NLLB)
)

PARROT = TinyModel(
    _entry("tiny-parrot", "llama-cpp", "refine", stages=["refine", "translate"], rank=1), _parrot
)

PIPELINE = (WHISPER, ALIGNER, DIARIZER, EMOTION, EVENTS)
"""One for each stage that needs the audio."""
EVERY = (*PIPELINE, PARAKEET, NEMO)


def repositories(models: Iterable[TinyModel], folder: Path) -> dict[str, HubRepo]:
    """Make the weights in ``folder``, and lay them out as the hub's repositories."""
    return {model.repo: HubRepo.from_folder(model.make(folder)) for model in models}


def write_catalog(models: Iterable[TinyModel], folder: Path) -> Path:
    """Write entries that are pulled from the hub."""
    folder.mkdir()
    for model in models:
        _write(folder, model.entry)
    return folder


def write_local_catalog(models: Iterable[TinyModel], folder: Path, weights: Path) -> Path:
    """Make the weights in ``weights``, and write entries that name them there."""
    folder.mkdir()
    for model in models:
        source = {"kind": "file", "path": str(model.make(weights))}
        _write(folder, {**model.entry, "source": source})
    return folder


def _write(folder: Path, entry: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(entry))
    (folder / f"{entry['id']}.yaml").write_text(text, encoding="utf-8")
