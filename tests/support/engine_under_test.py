"""An engine of the catalog in its own environment, for the tests beside it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.settings.locations import Locations
from dalston_sdk.testing import RunningEngine, StartLine, Subject, running_engine
from dalston_sdk.wire import ModelRef, Stage

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "engines" / "sdk" / "src"

_VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "OMP_NUM_THREADS": "1",
}
"""What launchers give to every engine. Several threads would only wait for each other: models of
tests are tiny, and other tests run at the same time."""


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine by its folder, such as ``detect/emotion2vec``."""

    place: str

    @property
    def folder(self) -> Path:
        return ROOT / "engines" / self.place

    @cached_property
    def entry(self) -> EngineEntry:
        fields = yaml.safe_load((self.folder / "engine.yaml").read_text(encoding="utf-8"))
        return EngineEntry.read({**fields, "folder": self.folder})

    @cached_property
    def python(self) -> Path:
        """The interpreter of its environment, which is built once and kept in the user's cache."""
        if self.entry.embedded:
            return Path(sys.executable)
        store = EnvironmentStore(Locations.from_environment().cache)
        return store.ensure(self.entry, Preparation(print))

    def start_line(self, device: str = "cpu", **environment: str) -> StartLine:
        """Return the line that starts it as a launcher would."""
        return StartLine(
            engine_dir=self.folder,
            python=str(self.python),
            device=device,
            environment={"PYTHONPATH": str(SDK), **_VARIABLES, **environment},
        )

    @contextmanager
    def running(
        self, model: ModelRef, device: str = "cpu", **environment: str
    ) -> Iterator[RunningEngine]:
        """Run it as a process for as long as the context lasts.

        Args:
            model: Weights for requests that name none.
            device: ``cpu``, ``cuda`` or ``cuda:N``.
            environment: More variables.
        """
        with running_engine(self.start_line(device, **environment), model) as engine:
            yield engine

    def run(self, program: str | Path, *arguments: str | Path, text: str = "") -> str:
        """Run a program in its environment, beside its modules, and return what it prints.

        Args:
            program: A script's path, or the program itself.
            arguments: Its arguments.
            text: Its standard input.
        """
        start = [str(program)] if isinstance(program, Path) else ["-c", program]
        done = subprocess.run(
            [self.python, "-W", "ignore", *start, *map(str, arguments)],
            input=text,
            check=False,
            capture_output=True,
            text=True,
            env=self._environ(),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def subject(self, model: ModelRef, audio: Path | None, **fields: object) -> Subject:
        """Build the subject of the conformance suite; ``fields`` are more of its attributes."""
        stages: dict[Stage, frozenset[str]] = {
            stage: frozenset(support.options) for stage, support in self.entry.stages.items()
        }
        return Subject(
            start=self.start_line(),
            model=model,
            stages=stages,
            audio=audio,
            **fields,  # type: ignore[arg-type] # any of its attributes
        )

    def _environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        places = os.pathsep.join(map(str, (SDK, self.folder, ROOT)))
        # Without it PyTorch makes a folder beside other temporary files.
        compiled = {"TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir()}
        return kept | _VARIABLES | {"PYTHONPATH": places} | compiled
