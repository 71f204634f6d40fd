"""Fixtures that the engines' tests share, made for one engine each.

A ``conftest.py`` beside an engine assigns them to the names under which its tests ask for them::

    under_test = engine_fixture("detect/emotion2vec")
    models = tiny_models_fixture()
    model = model_fixture("plain")
    engine = running_fixture()
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech, record
from tests.support.tiny_weights import tiny_weights

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ModelRef

Models = Mapping[str, ModelRef]
"""Tiny weights by the name of their folder."""


def engine_fixture(place: str) -> Any:
    """Make ``under_test``: the engine in a folder below ``engines``."""

    @pytest.fixture(scope="session")
    def under_test() -> EngineUnderTest:
        return EngineUnderTest(place)

    return under_test


def tiny_models_fixture(*made_from: Path) -> Any:
    """Make ``models``: what ``tests/tiny.py`` of the engine writes, one folder per model.

    Args:
        made_from: More arguments of the script.
    """

    @pytest.fixture(scope="session")
    def models(under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Models:
        made = tiny_weights(under_test, tmp_path_factory.mktemp("weights") / "models", *made_from)
        return {
            folder.name: ModelRef(runtime_id=folder.name, path=str(folder))
            for folder in sorted(made.iterdir())
        }

    return models


def model_fixture(name: str) -> Any:
    """Make ``model``: the one of ``models`` that tests use where they name none."""

    @pytest.fixture(scope="session")
    def model(models: Models) -> ModelRef:
        return models[name]

    return model


def trained_model_fixture(weights: Path) -> Any:
    """Make ``model``: a copy of trained weights that lie in the repository.

    Args:
        weights: Their folder; how they were trained (``training``) is not copied.
    """

    @pytest.fixture(scope="session")
    def model(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
        folder = tmp_path_factory.mktemp("weights") / weights.name
        shutil.copytree(weights, folder, ignore=shutil.ignore_patterns("training"))
        return ModelRef(runtime_id=weights.name, path=str(folder))

    return model


def running_fixture(**environment: str) -> Any:
    """Make ``engine``: one process for all tests that do not need their own.

    Args:
        environment: More variables for it.
    """

    @pytest.fixture(scope="session")
    def engine(under_test: EngineUnderTest, model: ModelRef) -> Iterator[RunningEngine]:
        with under_test.running(model, **environment) as running:
            yield running

    return engine


def speech_fixture(texts: Callable[[], Sequence[str]], **options: Any) -> Any:
    """Make a recording of sentences by flite.

    Args:
        texts: Makes the sentences.
        options: As ``flite.record`` takes them.
    """

    @pytest.fixture(scope="session")
    def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
        return record(tmp_path_factory.mktemp("speech") / "speech.wav", texts(), **options)

    return speech


def broken_copy_fixture() -> Any:
    """Make ``copy``: the weights of ``model`` in a folder ``copy`` that a test may break."""

    @pytest.fixture
    def copy(model: ModelRef, tmp_path: Path) -> Path:
        return copy_weights(model, tmp_path / "copy")

    return copy


def copy_weights(model: ModelRef, folder: Path) -> Path:
    """Copy a model's weights."""
    assert model.path is not None
    return Path(shutil.copytree(model.path, folder))


def own_model(folder: Path) -> ModelRef:
    """Return a reference to weights that the catalog does not know."""
    return ModelRef(runtime_id="own", path=str(folder))
