"""Weights that ``tests/tiny.py`` of an engine makes, once for all workers of a run of tests.

To import an engine's library takes seconds, and several files of tests need the same weights.
"""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.engine_under_test import EngineUnderTest

_PLACES: list[Path] = []
"""Where this run keeps them; empty where no run of tests is on."""


@pytest.fixture(scope="session", autouse=True)
def _tiny_weights_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep weights in a folder that all workers share, each of which has a folder below it."""
    base = tmp_path_factory.getbasetemp()
    _PLACES.append((base.parent if base.name.startswith("popen-") else base) / "tiny-weights")
    yield
    _PLACES.pop()


def tiny_weights(engine: EngineUnderTest, folder: Path, *made_from: Path) -> Path:
    """Return a folder with the engine's tiny weights, which nobody may change.

    Args:
        engine: The engine, whose interpreter runs the script.
        folder: Where they are made if no run of tests is on; it does not exist.
        made_from: More arguments of the script, for each engine always the same.
    """
    script = engine.folder / "tests" / "tiny.py"
    if not _PLACES:
        folder.parent.mkdir(parents=True, exist_ok=True)
        engine.run(script, folder, *made_from)
        return folder
    kept = _PLACES[-1] / engine.folder.name
    kept.parent.mkdir(exist_ok=True)
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be making them
        if not kept.exists():
            partial = kept.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)  # of an attempt that failed
            engine.run(script, partial, *made_from)
            partial.rename(kept)
    return kept
