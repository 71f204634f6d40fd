"""llm-cleanup, with a local server in the providers' places."""

from collections.abc import Iterator

import pytest
from tests.support.engine_fixtures import engine_fixture
from tests.support.engine_under_test import EngineUnderTest
from tests.support.language_models import LanguageModelServer, running_language_models

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ModelRef

under_test = engine_fixture("refine/llm-cleanup")


@pytest.fixture(scope="session")
def model() -> ModelRef:
    return ModelRef(runtime_id="anthropic/some-model")


@pytest.fixture(scope="session")
def started_server() -> Iterator[LanguageModelServer]:
    with running_language_models() as server:
        yield server


@pytest.fixture
def server(started_server: LanguageModelServer) -> LanguageModelServer:
    """The server, answering well until the test changes that."""
    started_server.reset()
    return started_server


@pytest.fixture(scope="session")
def running(
    under_test: EngineUnderTest, model: ModelRef, started_server: LanguageModelServer
) -> Iterator[RunningEngine]:
    with under_test.running(model, **started_server.environment) as engine:
        yield engine


@pytest.fixture
def engine(running: RunningEngine, server: LanguageModelServer) -> RunningEngine:
    """One engine for all tests, with a server that answers well until the test changes that."""
    return running


@pytest.fixture(params=("anthropic", "openai"))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)
