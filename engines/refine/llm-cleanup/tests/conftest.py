"""The engine in its own environment, led to a server on this machine."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.support.language_models import LanguageModelServer, running_language_models

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.settings.locations import Locations
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import (
    Finished,
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    Segment,
)

FOLDER = Path(__file__).resolve().parent.parent
SDK = FOLDER.parents[1] / "sdk" / "src"
PROVIDERS = ("anthropic", "openai")


@dataclass(frozen=True)
class Running:
    """An engine process, and the one way tests ask it to clean up."""

    process: EngineProcess

    def finish(
        self,
        texts: Mapping[int, str],
        options: RefineOptions | None = None,
        *,
        provider: str = "anthropic",
        language: str | None = "en",
        speaker: str | None = None,
    ) -> RefineResult:
        """Clean up segments of one second each; raises EngineRequestError."""
        request = RefineRequest(
            model=ModelRef(runtime_id=f"{provider}/some-model"),
            language=language,
            segments=segments_of(texts, speaker),
            options=options or RefineOptions(),
        )
        result = asyncio.run(self._run(request)).result
        assert isinstance(result, RefineResult)
        return result

    async def _run(self, request: RefineRequest) -> Finished:
        async with (
            self.process.client() as client,
            aclosing(client.run(request, audio=None, share_path=True)) as messages,
        ):
            async for message in messages:
                if isinstance(message, Finished):
                    return message
        raise AssertionError("the stream ended without a result")


def segments_of(texts: Mapping[int, str], speaker: str | None) -> tuple[Segment, ...]:
    return tuple(
        Segment(id=key, start=float(key), end=key + 1.0, text=text, speaker=speaker)
        for key, text in texts.items()
    )


@pytest.fixture(scope="session")
def entry() -> EngineEntry:
    fields = yaml.safe_load((FOLDER / "engine.yaml").read_text(encoding="utf-8"))
    return EngineEntry.model_validate({**fields, "folder": FOLDER})


@pytest.fixture(scope="session")
def python(entry: EngineEntry) -> Path:
    """The interpreter of the engine's environment, in the user's cache."""
    return EnvironmentStore(Locations.from_environment().cache).ensure(
        entry, Preparation(lambda _line: None)
    )


@pytest.fixture(scope="session")
def started_server() -> Iterator[LanguageModelServer]:
    with running_language_models() as server:
        yield server


@pytest.fixture
def server(started_server: LanguageModelServer) -> LanguageModelServer:
    """One that behaves well until the test says otherwise."""
    started_server.forget()
    return started_server


@pytest.fixture(scope="session")
def line(python: Path, started_server: LanguageModelServer) -> StartLine:
    """How the engine is started, with keys, and the server in the providers' places."""
    return StartLine(
        engine_dir=FOLDER,
        python=str(python),
        environment={"PYTHONPATH": str(SDK), **started_server.environment},
    )


@pytest.fixture(scope="session")
def running(line: StartLine) -> Iterator[Running]:
    with EngineProcess(line) as process:
        yield Running(process)


@pytest.fixture
def engine(running: Running, server: LanguageModelServer) -> Running:
    """One engine for all tests, and a server that behaves well until the test says otherwise."""
    return running


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    """Each of the two languages."""
    name: str = request.param
    return name
