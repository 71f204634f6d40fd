"""The one count of slots: it falls when a replica is lost and rises when one joins late."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.support.launching import FAKE, EngineHome, engine_entry, finish, request
from tests.support.waiting import eventually

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import EngineInstance
from dalston_cli.launchers.contact import ask_health
from dalston_cli.launchers.local.record import process_of
from dalston_cli.launchers.pool.engines import EngineUse, RunEngines
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_sdk.wire import Finished

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=1.0)

ONE_AT_FIRST = """
import os
from pathlib import Path

FLAGS = Path(os.environ["FLAGS"])
if not (FLAGS / "several").exists():
    try:
        (FLAGS / "first").mkdir()
    except FileExistsError:
        os._exit(70)
"""
"""Start of an engine whose second process crashes until the file ``several`` is there."""


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


async def work(engines: RunEngines, engine: EngineEntry, audio: Path) -> None:
    async with (
        engines.slot(engine, "cpu") as slot,
        aclosing(slot.run(request(), audio)) as messages,
    ):
        async for _ in messages:
            pass


async def busy(home: EngineHome) -> list[EngineInstance]:
    """Instances that work on a request now."""
    found = home.local.find()
    answers = await asyncio.gather(
        *(ask_health(each.address) for each in found), return_exceptions=True
    )
    return [
        instance
        for instance, answer in zip(found, answers, strict=True)
        if not isinstance(answer, BaseException) and answer.running
    ]


async def are_busy(home: EngineHome, number: int) -> bool:
    return len(await busy(home)) == number


def kill(instance: EngineInstance) -> None:
    os.kill(process_of(instance).pid, signal.SIGKILL)


async def test_a_replica_that_joins_late_takes_its_share(home: EngineHome) -> None:
    flags = home.folder / "flags"
    flags.mkdir()
    folder = shutil.copytree(FAKE, home.folder / "late")
    code = folder / "engine.py"
    code.write_text(ONE_AT_FIRST + code.read_text(encoding="utf-8"), encoding="utf-8")
    engine = engine_entry(folder)
    environment = {"FLAGS": str(flags), "DALSTON_FAKE_RUN_S": "1"}
    use = EngineUse(models_dir=home.locations.models, replicas=2, environment=environment)
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        engines = RunEngines(pool, use)
        jobs = [asyncio.create_task(work(engines, engine, home.audio)) for _ in range(5)]
        await eventually(lambda: are_busy(home, 1))
        assert [each.code for each in notices if isinstance(each, Trouble)] == ["replica_missing"]
        (flags / "several").touch()
        kill((await busy(home))[0])
        await eventually(lambda: are_busy(home, 2))
        await asyncio.gather(*jobs)
        await engines.close()
    assert sum(isinstance(notice, Ready) for notice in notices) == 3


async def test_a_lost_replica_takes_its_slots_along_until_another_joins(
    home: EngineHome,
) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        spec = home.spec({"START_S": "1", "RUN_S": "0.2", "SLOTS": "2"})
        handle = await pool.acquire(spec, replicas=2)
        assert handle.slots == 4
        async with handle.slot() as slot:
            lost = await slot.reserve()
            kill(lost.instance)
            jobs = [asyncio.create_task(finish(handle, home.audio)) for _ in range(6)]
            await eventually(lambda: handle.slots == 2)
            messages = [message async for message in slot.run(request(), home.audio)]
            assert isinstance(messages[-1], Finished)
            assert await slot.reserve() is not lost
        await asyncio.gather(*jobs)
        await eventually(lambda: handle.slots == 4)
