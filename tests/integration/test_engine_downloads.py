"""The download of an engine's packages: forecast, counted while it lasts, not done again."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.launching import FAKE, engine_entry
from tests.support.slow_index import SlowIndex
from tests.support.waiting import eventually

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore

NUM_BYTES = 8_000_000


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowIndex]:
    made = SlowIndex("heavy", num_bytes=NUM_BYTES, num_first_bytes=NUM_BYTES // 2)
    monkeypatch.setenv("UV_DEFAULT_INDEX", made.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    with made:
        yield made


@pytest.fixture
def engine(index: SlowIndex, tmp_path: Path) -> EngineEntry:
    folder = tmp_path / "fake"
    shutil.copytree(FAKE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.lock").write_text(index.lock, encoding="utf-8")
    return engine_entry(folder, embedded=False)


async def test_bytes_are_counted_while_they_come(
    index: SlowIndex, engine: EngineEntry, tmp_path: Path
) -> None:
    counts: list[tuple[int, int]] = []
    lines: list[str] = []
    store = EnvironmentStore(tmp_path / "cache")
    told = Preparation(lines.append, lambda done, total: counts.append((done, total)))
    building = asyncio.create_task(asyncio.to_thread(store.ensure, engine, told))
    await eventually(lambda: bool(counts) and counts[-1][0] > NUM_BYTES * 0.4)
    done, total = counts[-1]
    assert done <= NUM_BYTES // 2
    assert total == pytest.approx(NUM_BYTES, rel=0.01)
    index.release()
    await building
    assert counts[-1][0] == counts[-1][1]
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)
    assert " + heavy==1.0" in lines
    assert not any("\x1b" in line or "MiB" in line for line in lines)


def test_what_is_kept_is_not_downloaded_again(
    index: SlowIndex, engine: EngineEntry, tmp_path: Path
) -> None:
    index.release()
    store = EnvironmentStore(tmp_path / "cache")
    assert store.download_bytes(engine) is None  # a lock that was never measured
    store.ensure(engine, Preparation(print))
    assert store.download_bytes(engine) == 0  # the environment is there
    store.remove(engine.name)
    assert store.download_bytes(engine) == 0  # its packages are in uv's cache
    shutil.rmtree(tmp_path / "uv")
    assert store.download_bytes(engine) is None
