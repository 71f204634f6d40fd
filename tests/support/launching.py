"""A home for engines in tests: folders that are gone afterwards, and the fake engine to start."""

import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import yaml
from tests.support.places import folder_variables
from tests.support.processes import processes_of

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineSpec, Launcher, LauncherContext
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.local.launcher import LocalLauncher
from dalston_cli.launchers.pool.pool import EngineHandle
from dalston_cli.launchers.registry import Launchers, make_launchers
from dalston_cli.launchers.remote.launcher import RemoteEngine, RemoteLauncher
from dalston_cli.settings.locations import Locations
from dalston_sdk.wire import Finished, ModelRef, StreamMessage, TranscribeOptions, TranscribeRequest

FAKE = Path(__file__).parents[1] / "engines" / "fake"


def engine_entry(folder: Path = FAKE, **changes: Any) -> EngineEntry:
    """The engine in ``folder``."""
    found = yaml.safe_load((folder / "engine.yaml").read_text(encoding="utf-8"))
    return EngineEntry.read(found | {"folder": folder} | changes)


def request(text: str = "fake", **options: Any) -> TranscribeRequest:
    """A request to the fake engine for a model called ``text``."""
    return TranscribeRequest(model=ModelRef(runtime_id=text), options=TranscribeOptions(**options))


async def finish(
    handle: EngineHandle, audio: Path, work: TranscribeRequest | None = None
) -> Finished:
    """Run to the end; the last message."""
    messages = [message async for message in run(handle, audio, work)]
    last = messages[-1]
    assert isinstance(last, Finished)
    return last


async def run(
    handle: EngineHandle, audio: Path, work: TranscribeRequest | None = None
) -> AsyncIterator[StreamMessage]:
    """Run, and close the stream whatever happens."""
    async with handle.slot() as slot, aclosing(slot.run(work or request(), audio)) as messages:
        async for message in messages:
            yield message


async def num_running(handle: EngineHandle) -> int:
    """Requests in progress over all replicas."""
    return sum(health.running for health in await handle.health())


def pass_over(_: EngineUnavailableError) -> None:
    """Of a launcher that cannot be asked, as Docker cannot where tests have no daemon."""


class EngineHome:
    """Locations and launchers of one test; ``close`` ends every engine and removes it all.

    Attributes:
        variables: What names its folders to other processes.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dal-"))
        self.variables = folder_variables(self.folder)
        self.locations = Locations.from_environment(self.variables)
        self.launchers = self.make_launchers()
        self.local = LocalLauncher(self.locations)
        self.audio = self._make_audio()

    def make_launchers(
        self,
        *,
        remotes: Mapping[str, tuple[RemoteEngine, ...]] | None = None,
        docker: DockerOptions | None = None,
        offline: bool = False,
        **options: Any,
    ) -> Launchers:
        """Launchers as another process would have them."""
        context = LauncherContext(locations=self.locations, offline=offline, **options)
        made = make_launchers(context)
        special: dict[str, Launcher] = {}
        if remotes is not None:
            special["remote"] = RemoteLauncher(remotes)
        if docker is not None:
            special["docker"] = DockerLauncher(self.locations, docker, offline=offline)
        return replace(made, by_name={**made.by_name, **special})

    def spec(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        engine: EngineEntry | None = None,
        **changes: Any,
    ) -> EngineSpec:
        """The fake engine with knobs, given without their prefix."""
        knobs = {f"DALSTON_FAKE_{name}": value for name, value in (environment or {}).items()}
        return EngineSpec(
            engine=engine or engine_entry(),
            models_dir=self.locations.models,
            environment=knobs,
            **{"keep_alive_s": 60.0} | changes,
        )

    def processes(self) -> list[psutil.Process]:
        """Every engine process that has to do with this home."""
        return processes_of(self.locations.runtime, by_variables=False)

    def close(self) -> None:
        """End what runs and remove every file."""
        self.end_engines()
        shutil.rmtree(self.folder)

    def end_engines(self) -> None:
        """End what runs."""
        for instance in self.local.find():
            self.local.stop(instance, timeout_s=0)
        for process in self.processes():
            process.kill()

    def _make_audio(self) -> Path:
        path = self.folder / "audio.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(bytes(2 * 16_000))
        return path
