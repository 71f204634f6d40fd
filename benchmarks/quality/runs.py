"""Asks ``dalston`` for transcripts, as a user would."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiny_models import EVERY, write_local_catalog

from benchmarks.workshop import DALSTON, environment, workshop
from dalston_cli.evaluation.material import Material
from dalston_cli.evaluation.reading import material_of
from dalston_cli.formats.read import read_transcript

STAGES = ("transcribe", "align", "diarize")
REAL = (
    *("faster-whisper-tiny.en", "faster-whisper-base"),
    "pyannote-segmentation-3.0-campplus",
)
"""The models of which a package index has the weights."""


class QualityError(Exception):
    """A run that gave no transcript; the message is what ``dalston`` said."""


@dataclass(frozen=True)
class Place:
    """The folders of engines, models and results.

    Attributes:
        of_tests: Whether the models are those of the tests.
        folder: For results; nothing of it is left.
    """

    environ: Mapping[str, str]
    folder: Path
    of_tests: bool

    def models(self) -> dict[str, tuple[str, ...]]:
        """The stages of each model that is installed."""
        rows = json.loads(self.run("models", "list", "--json"))["data"]
        return {
            row["id"]: tuple(stage for stage in STAGES if stage in row["stages"])
            for row in rows
            if row["installed"]
        }

    def transcript(self, recording: Path, *options: str) -> Material:
        """Return what the transcript says; stages that were run before are not run again.

        Raises:
            QualityError: There is none, or a stage that was asked for failed.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            command = ("transcribe", recording, "-o", out, "-f", "json", "--strict")
            self.run(*command, "--pull", "never", *options)
            [written] = Path(out).iterdir()
            return material_of(read_transcript(written), written, recording.stem)

    def run(self, *words: str | Path) -> str:
        """Return the output of ``dalston``.

        Raises:
            QualityError: It fails.
        """
        done = subprocess.run(
            [DALSTON, *words], env=self.environ, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise QualityError(done.stderr.strip())
        return done.stdout


@contextmanager
def place_of_tests() -> Iterator[Place]:
    """The bundled model and the tests' tiny ones, which are made here."""
    with workshop() as folder:
        catalog = write_local_catalog(EVERY, folder / "tiny-catalog", folder / "tiny")
        environ = _environ(folder, "STATE", "RUNTIME", "MODELS", "CONFIG")
        environ.pop("DALSTON_ENGINES_PATH", None)
        place = Place(environ | {"DALSTON_CATALOG_PATH": str(catalog)}, folder, of_tests=True)
        for model in EVERY:
            place.run("models", "pull", model.id)
        yield place


@contextmanager
def place_of_index() -> Iterator[Place]:
    """Yield a place with the real weights that a package index has, which are pulled here.

    Raises:
        QualityError: There is no index.
    """
    with workshop() as folder:
        environ = _environ(folder, "STATE", "RUNTIME", "MODELS", "CONFIG")
        place = Place(environ | {"DALSTON_WEIGHTS_FROM": "index"}, folder, of_tests=False)
        place.run("models", "pull", "-y", *REAL)
        yield place


@contextmanager
def place_of_user() -> Iterator[Place]:
    """Yield a place with the models that the user has installed."""
    with workshop() as folder:
        yield Place(_environ(folder, "STATE", "RUNTIME"), folder, of_tests=False)


def _environ(folder: Path, *moved: str) -> dict[str, str]:
    """The caller's environment with some folders moved; engines' environments stay theirs."""
    names = [f"DALSTON_{name}_DIR" for name in moved]
    elsewhere = environment(folder)
    return dict(os.environ) | {name: elsewhere[name] for name in names}
