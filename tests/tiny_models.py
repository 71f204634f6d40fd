"""The tiny models of all engines: what each is called, how it is made, and its catalog entry.

Two ways lead to them: the tests' own hub, from which they are pulled as any model is, and folders
that a catalog names.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests import tiny_onnx, tiny_whisper
from tests.asked_engine import EngineUnderTest
from tests.hub import HubRepo
from tests.onnx_models.families import make_transducer

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


def by_script(place: str, part: str) -> Make:
    """What ``tests/tiny.py`` of the engine in ``place`` makes, run by the engine's interpreter."""

    def make(folder: Path) -> Path:
        made = folder / place
        if not made.exists():
            engine = EngineUnderTest(place)
            made.mkdir(parents=True)
            engine.run(engine.folder / "tests" / "tiny.py", made)
        return made / part

    return make


def _copied_whisper(folder: Path) -> Path:
    made = folder / tiny_whisper.MODEL
    return Path(
        shutil.copytree(tiny_whisper.WEIGHTS, made, ignore=shutil.ignore_patterns("training"))
    )


def _transducer(folder: Path) -> Path:
    (folder / tiny_onnx.MODEL).mkdir()
    return make_transducer(folder / tiny_onnx.MODEL, kind="tdt")


WHISPER = TinyModel(tiny_whisper.ENTRY, _copied_whisper)
PARAKEET = TinyModel(tiny_onnx.ENTRY, _transducer)

EVERY = (WHISPER, PARAKEET)


def repositories(models: Iterable[TinyModel], folder: Path) -> dict[str, HubRepo]:
    """Make the weights in ``folder``, and lay them out as the hub's repositories."""
    return {model.repo: HubRepo.from_folder(model.make(folder)) for model in models}


def write_catalog(models: Iterable[TinyModel], folder: Path) -> Path:
    """Entries that are pulled from the hub."""
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
