"""llama-cpp with tiny models of known behaviour."""

import pytest
from tests.support.engine_fixtures import (
    Models,
    engine_fixture,
    model_fixture,
    running_fixture,
)
from tests.support.tiny_gguf import make_folder, make_parrot, make_rambler

from dalston_sdk.wire import ModelRef

under_test = engine_fixture("refine/llama-cpp")
model = model_fixture("parrot")
engine = running_fixture()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """A parrot, one with a short context, and a rambler, by these names."""
    root = tmp_path_factory.mktemp("gguf")
    files = {
        "parrot": make_parrot(root / "parrot.gguf"),
        "short": make_parrot(root / "short.gguf", context=1600),
        "rambler": make_rambler(root / "rambler.gguf"),
    }
    return {
        name: ModelRef(runtime_id=name, path=str(make_folder(root / name, file)))
        for name, file in files.items()
    }
