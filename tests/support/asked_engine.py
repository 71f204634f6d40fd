"""A catalog's engine in its own environment, and the one way in which its tests ask it things."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.settings.locations import Locations
from dalston_sdk.client_errors import EngineRequestError
from dalston_sdk.testing import EngineProcess, StartLine, Subject
from dalston_sdk.wire import Finished, Health, ModelRef, Request, Stage, StreamMessage

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "engines" / "sdk" / "src"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine of the catalog by its folder, such as ``detect/emotion2vec``."""

    place: str

    @property
    def folder(self) -> Path:
        return ROOT / "engines" / self.place

    @cached_property
    def entry(self) -> EngineEntry:
        fields = yaml.safe_load((self.folder / "engine.yaml").read_text(encoding="utf-8"))
        return EngineEntry.model_validate({**fields, "folder": self.folder})

    @cached_property
    def python(self) -> Path:
        """The interpreter of its environment, built once, in the user's cache."""
        store = EnvironmentStore(Locations.from_environment().cache)
        return store.ensure(self.entry, Preparation(print))

    def start_line(self, device: str = "cpu", **environment: str) -> StartLine:
        """The line that starts it, with what a launcher gives every engine."""
        quiet = {
            "PYTHONPATH": str(SDK),
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "DO_NOT_TRACK": "1",
            "OMP_NUM_THREADS": "2",
        }
        return StartLine(
            engine_dir=self.folder,
            python=str(self.python),
            device=device,
            environment=quiet | environment,
        )

    def run(self, program: str | Path, *arguments: str | Path, text: str = "") -> str:
        """What a program prints that runs in its environment, beside its modules.

        Args:
            program: A script's path, or the program itself.
            arguments: What the program gets.
            text: What it reads from its input.
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

    def _environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        places = os.pathsep.join(map(str, (SDK, self.folder, ROOT)))
        quiet = {
            "PYTHONPATH": places,
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "2",
            # PyTorch makes a folder beside other temporary files where this names none.
            "TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(),
        }
        return kept | quiet

    @contextmanager
    def asked(self, device: str = "cpu", **environment: str) -> Iterator["AskedEngine"]:
        """The engine as a process, for as long as the context lasts."""
        with EngineProcess(self.start_line(device, **environment)) as process:
            yield AskedEngine(process)

    def subject(self, model: ModelRef, audio: Path | None, **fields: object) -> Subject:
        """What the conformance suite is given."""
        stages: dict[Stage, frozenset[str]] = {
            stage: frozenset(support.options) for stage, support in self.entry.stages.items()
        }
        return Subject(
            start=self.start_line(),
            model=model,
            stages=stages,
            audio=audio,
            **fields,  # type: ignore[arg-type] # whatever else a subject may have
        )


@dataclass(frozen=True)
class AskedEngine:
    """An engine that runs."""

    process: EngineProcess

    def messages(self, request: Request, audio: Path | None) -> list[StreamMessage]:
        """All that the engine says about a request."""
        return asyncio.run(self._run(request, audio))

    def result(self, request: Request, audio: Path | None, kind: type[Answer]) -> Answer:
        """The result of a request that goes well."""
        last = self.messages(request, audio)[-1]
        assert isinstance(last, Finished), last
        assert isinstance(last.result, kind)
        return last.result

    def failure(self, request: Request, audio: Path | None) -> EngineRequestError:
        """The error of a request that goes wrong, whether before it starts or on the way."""
        with pytest.raises(EngineRequestError) as caught:
            self.messages(request, audio)
        return caught.value

    def load_failure(self, model: ModelRef) -> EngineRequestError:
        """The error of weights that cannot be loaded."""

        async def load() -> None:
            async with self.process.client() as client:
                await client.load(model)

        with pytest.raises(EngineRequestError) as caught:
            asyncio.run(load())
        return caught.value

    def health(self) -> Health:
        """What the engine says of itself."""

        async def ask() -> Health:
            async with self.process.client() as client:
                return await client.health()

        return asyncio.run(ask())

    async def _run(self, request: Request, audio: Path | None) -> list[StreamMessage]:
        async with self.process.client() as client:
            messages = client.run(request, audio=audio, share_path=True)
            async with aclosing(messages):
                return [message async for message in messages]
