"""Faults of an engine in the middle of its work, each of which the pool answers differently."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.launching import EngineHome, engine_entry, finish, num_running, request
from tests.support.waiting import eventually

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.contact import shut_down
from dalston_cli.launchers.failure import (
    AudioRefusedError,
    EngineCrashedError,
    WorkFailedError,
)
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Trouble
from dalston_cli.launchers.pool.pool import EngineHandle, Pool
from dalston_sdk.wire import ErrorCode

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=1.0, restarts=2)

FAULTY = """
import os
import shutil
import time
from pathlib import Path

from dalston_sdk.engine import Engine, LoadedModel
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Stage, TranscribeResult

FLAGS = Path(os.environ["FLAGS"])


class Faulty(Engine):
    name = "faulty"
    version = "1.0.0"
    options = {Stage.TRANSCRIBE: frozenset({"initial_prompt", "language"})}
    slots = 2

    def load(self, model):
        vanished = FLAGS / "vanished"
        if model.runtime_id == "vanishes" and not vanished.exists():
            vanished.touch()
            shutil.rmtree(os.getcwd())  # its runtime folder, as at the end of its keep-alive
            os._exit(0)
        return LoadedModel()

    def unload(self):
        pass

    def transcribe(self, request, audio, context):
        fault, times = request.options.initial_prompt.split()
        log = FLAGS / fault
        with log.open("a") as file:
            file.write("x")
        if log.stat().st_size <= int(times):
            self.fail(fault, context)
        return TranscribeResult(language="en", segments=())

    def fail(self, fault, context):
        if fault == "crash":
            time.sleep(0.2)
            os._exit(3)
        if fault == "end":
            os._exit(0)
        if fault == "slow":
            for _ in range(60):
                time.sleep(0.02)
                context.check_cancelled()
            return
        raise EngineError(ErrorCode(fault), "as asked for")
"""


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


@pytest.fixture
def spec(home: EngineHome) -> EngineSpec:
    folder = home.folder / "engines" / "faulty"
    folder.mkdir(parents=True)
    (home.folder / "flags").mkdir()
    (folder / "engine.py").write_text(FAULTY, encoding="utf-8")
    entry = engine_entry(name="faulty", slots=2).replaced(folder=folder)
    return replace(home.spec(engine=entry), environment={"FLAGS": str(home.folder / "flags")})


async def ask(handle: EngineHandle, audio: Path, fault: str, times: int = 1) -> None:
    await finish(handle, audio, request(initial_prompt=f"{fault} {times}"))


def troubles(notices: list[PoolNotice]) -> list[str]:
    return [notice.code for notice in notices if isinstance(notice, Trouble)]


def num_started(notices: list[PoolNotice]) -> int:
    return sum(isinstance(notice, Ready) and not notice.reused for notice in notices)


@pytest.mark.parametrize(
    ("fault", "trouble", "starts"),
    [
        pytest.param("crash", ["engine_crashed"], 2, id="a crash starts another"),
        pytest.param("device_lost", ["device_lost"], 2, id="a lost GPU starts another"),
        pytest.param("busy", ["engine_busy"], 1, id="a busy one is waited for"),
    ],
)
async def test_what_passes_is_overcome(
    home: EngineHome, spec: EngineSpec, fault: str, trouble: list[str], starts: int
) -> None:
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        await ask(handle, home.audio, fault)
    assert troubles(notices) == trouble
    assert num_started(notices) == starts
    assert len(home.processes()) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("device_lost", WorkFailedError),
        ("internal", WorkFailedError),
        ("audio_invalid", AudioRefusedError),
        ("crash", EngineCrashedError),
        ("end", EngineCrashedError),
    ],
)
async def test_what_stays_is_told(
    home: EngineHome, spec: EngineSpec, fault: str, kind: type[Exception]
) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        with pytest.raises(kind):
            await ask(handle, home.audio, fault, times=99)


async def test_a_refusal_keeps_its_code(home: EngineHome, spec: EngineSpec) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(spec)
        with pytest.raises(WorkFailedError, match="engine faulty: as asked for") as caught:
            await ask(handle, home.audio, "out_of_memory", times=99)
    assert (caught.value.reason, caught.value.retryable) == (ErrorCode.OUT_OF_MEMORY, True)


async def test_an_engine_that_ends_of_its_own_will_before_it_answers_did_not_crash(
    home: EngineHome, spec: EngineSpec
) -> None:
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        await finish(handle, home.audio, request("vanishes", initial_prompt="other 0"))
    assert troubles(notices) == []
    assert num_started(notices) == 2


async def test_a_request_that_crashes_engines_does_not_cost_its_neighbours(
    home: EngineHome, spec: EngineSpec
) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        assert handle.slots == 2
        work = [ask(handle, home.audio, "crash", times=99)]
        work += [ask(handle, home.audio, "slow", times=99) for _ in range(3)]
        results = await asyncio.gather(*work, return_exceptions=True)
    assert isinstance(results[0], EngineCrashedError)
    assert results[1:] == [None, None, None]


async def test_an_engine_that_is_ending_is_not_waited_for(
    home: EngineHome, spec: EngineSpec
) -> None:
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        work = asyncio.create_task(ask(handle, home.audio, "slow", times=1))
        await eventually(lambda: is_working(handle))
        [ending] = home.local.find()
        await shut_down(ending.address)
        await ask(handle, home.audio, "other", times=0)
        async with Pool(home.make_launchers()) as other:
            await ask(await other.acquire(spec), home.audio, "other", times=0)
        await work
    assert num_started(notices) == 2
    await eventually(lambda: len(home.local.find()) == 1)


async def is_working(handle: EngineHandle) -> bool:
    return await num_running(handle) > 0


async def test_a_cancelled_wait_for_an_engine_leaves_the_pool_usable(
    home: EngineHome, spec: EngineSpec
) -> None:
    async with Pool(home.launchers) as pool:
        waiting = asyncio.create_task(pool.acquire(spec))
        await eventually(lambda: bool(home.processes()))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        handle = await pool.acquire(spec)
        await ask(handle, home.audio, "other", times=0)
    assert len(home.processes()) == 1
