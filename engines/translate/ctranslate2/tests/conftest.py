"""CTranslate2 with tiny weights of both families, which know a few sentences in three languages."""

import shutil
from pathlib import Path

import pytest
from tests.support.engine_fixtures import (
    Models,
    broken_copy_fixture,
    engine_fixture,
    model_fixture,
    running_fixture,
)

from dalston_sdk.wire import ModelRef

DATA = Path(__file__).parent / "data"

under_test = engine_fixture("translate/ctranslate2")
model = model_fixture("tiny-nllb")
engine = running_fixture()
copy = broken_copy_fixture()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Both models, in a folder that is not the repository's."""
    out = tmp_path_factory.mktemp("weights")
    return {
        name: ModelRef(runtime_id=name, path=str(shutil.copytree(DATA / name, out / name)))
        for name in ("tiny-nllb", "tiny-madlad")
    }
