"""The pool with real engine processes: started once, reused, replaced, and gone afterwards."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.support.launching import EngineHome, finish, num_running, request
from tests.support.waiting import eventually

from dalston_cli.launchers.failure import EngineCrashedError, EngineFailedError, EngineRefusal
from dalston_cli.launchers.local.record import process_of
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Trouble
from dalston_cli.launchers.pool.pool import EngineHandle, Pool
from dalston_sdk.wire import ErrorCode

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=1.0, start_timeout_s=60.0)


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def ready_of(notices: list[PoolNotice]) -> list[Ready]:
    return [notice for notice in notices if isinstance(notice, Ready)]


async def works(handle: EngineHandle, requests: int = 1) -> bool:
    return await num_running(handle) >= requests


async def is_idle(handle: EngineHandle) -> bool:
    return await num_running(handle) == 0


async def test_a_second_pool_reuses_the_engine_of_the_first(home: EngineHome) -> None:
    first: list[PoolNotice] = []
    second: list[PoolNotice] = []

    async with Pool(home.launchers, on_event=first.append) as pool:
        handle = await pool.acquire(home.spec())
        assert handle.slots == 1
        await finish(handle, home.audio)
    async with Pool(home.make_launchers(), on_event=second.append) as pool:
        handle = await pool.acquire(home.spec(keep_alive_s=5.0))
        await finish(handle, home.audio)
        [health] = await handle.health()

    assert [notice.reused for notice in ready_of(first)] == [False]
    assert [notice.reused for notice in ready_of(second)] == [True]
    assert health.fingerprint == handle.fingerprint
    assert len(home.processes()) == 1


async def test_acquiring_twice_gives_the_same_engine(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        both = await asyncio.gather(pool.acquire(home.spec()), pool.acquire(home.spec()))
        assert both[0] is both[1]
    assert len(home.processes()) == 1


EIGHT = """
import asyncio, sys
from dalston_sdk.wire import ErrorCode
from tests.support.launching import EngineHome, finish
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.settings.locations import Locations
from pathlib import Path

async def main(folder):
    home = object.__new__(EngineHome)
    home.locations = Locations(**{name: folder / place for name, place in dict(
        config="config", cache="cache", state="state", catalog="added", models="models",
        runtime="run").items()})
    async with Pool(home.make_launchers()) as pool:
        handle = await pool.acquire(home.spec({"START_S": "0.5"}))
        await finish(handle, folder / "audio.wav")
        [health] = await handle.health()
        print(health.pid)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_eight_processes_at_once_start_one_engine(home: EngineHome) -> None:
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", EIGHT, str(home.folder)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    replies = [process.communicate(timeout=120) for process in running]

    assert [process.returncode for process in running] == [0] * 8, replies
    assert len({out for out, _ in replies}) == 1
    assert len(home.processes()) == 1
    assert len(list((home.locations.state / "logs" / "fake").iterdir())) == 1


async def test_a_crash_is_survived_and_the_request_repeated(home: EngineHome) -> None:
    counter = home.folder / "counter"
    notices: list[PoolNotice] = []
    spec = home.spec({"CRASH_ON_RUN": "1", "COUNTER": str(counter)})

    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        await finish(handle, home.audio)

    assert [notice.reused for notice in ready_of(notices)] == [False, False]
    assert len(home.local.find()) == 1


async def test_crashing_for_ever_is_given_up_with_the_log(home: EngineHome) -> None:
    limits = PoolLimits(pause_s=0.01, restarts=1)
    async with Pool(home.launchers, limits=limits) as pool:
        handle = await pool.acquire(home.spec({"CRASH_ON_RUN": "1"}))  # of each process
        with pytest.raises(EngineCrashedError, match="while it worked") as caught:
            await finish(handle, home.audio)

    assert "engine fake ended with exit code" in caught.value.message
    assert "the last lines of its log:" in caught.value.message
    assert caught.value.hint == "see the whole log: dalston engines logs fake"
    assert len(list((home.locations.state / "logs" / "fake").iterdir())) == 2


async def test_a_crash_before_ready_is_seen_at_once(home: EngineHome) -> None:
    began = time.monotonic()
    async with Pool(home.launchers) as pool:
        with pytest.raises(EngineCrashedError, match="exit code 70 before it was ready"):
            await pool.acquire(home.spec({"CRASH_BEFORE_READY": "1"}))
    assert time.monotonic() - began < 60
    assert list(home.locations.runtime.iterdir()) == []


async def test_an_engine_that_is_killed_while_it_starts_is_started_again(home: EngineHome) -> None:
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        starting = asyncio.create_task(pool.acquire(home.spec({"START_S": "0.5"})))
        [first] = await eventually(home.processes)
        first.kill()
        await starting

    assert [notice.code for notice in notices if isinstance(notice, Trouble)] == ["engine_crashed"]
    assert [engine.pid for engine in home.processes()] != [first.pid]


async def test_an_engine_that_is_killed_while_busy_is_replaced(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "1"}))
        [before] = await handle.health()
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(partial(works, handle))
        os.kill(before.pid, signal.SIGKILL)
        await work
        [after] = await handle.health()
    assert after.pid != before.pid
    assert len(list(home.locations.runtime.iterdir())) == 1


async def test_an_idle_engine_that_ended_is_replaced_without_a_word(home: EngineHome) -> None:
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(home.spec())
        [instance] = home.local.find()
        await asyncio.to_thread(home.local.stop, instance, timeout_s=10)
        await finish(handle, home.audio)
    assert [notice.reused for notice in ready_of(notices)] == [False, False]
    assert not [notice for notice in notices if isinstance(notice, Trouble)]


async def test_half_an_answer_is_a_crash(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=PoolLimits(restarts=0)) as pool:
        handle = await pool.acquire(home.spec({"HALF_A_REPLY": "1"}))
        with pytest.raises(EngineCrashedError, match="exit code 72 while it worked"):
            await finish(handle, home.audio)


async def test_an_engine_that_goes_silent_is_ended_and_replaced(home: EngineHome) -> None:
    limits = PoolLimits(pause_s=0.01, probe_timeout_s=1.0, heartbeat_s=1.5)
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, on_event=notices.append, limits=limits) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "1"}))
        [before] = await handle.health()
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(partial(works, handle))
        os.kill(before.pid, signal.SIGSTOP)
        await work
        [after] = await handle.health()
    assert after.pid != before.pid
    assert [notice.code for notice in notices if isinstance(notice, Trouble)] == ["engine_silent"]
    assert len(home.processes()) == 1


async def test_an_outdated_idle_engine_is_replaced(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec({"SLOTS": "1"}))
    [old] = home.local.find()
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"SLOTS": "2"}))
        assert handle.slots == 2
    await eventually(lambda: len(home.local.find()) == 1)
    [new] = home.local.find()
    assert new.identity != old.identity
    assert new.fingerprint == handle.fingerprint


async def test_an_outdated_busy_engine_finishes_its_work(home: EngineHome) -> None:
    async with Pool(home.launchers) as theirs, Pool(home.launchers) as ours:
        handle = await theirs.acquire(home.spec({"RUN_S": "1.5"}))
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(partial(works, handle))
        await ours.acquire(home.spec({"SLOTS": "2"}))
        await work
        assert len(home.local.find()) == 2


async def test_replicas_share_the_work_and_survive_each_other(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "0.6"}), replicas=2)
        assert handle.slots == 2
        work = [asyncio.create_task(finish(handle, home.audio)) for _ in range(4)]
        await eventually(partial(works, handle, 2))
        victim = process_of(home.local.find()[0])
        os.kill(victim.pid, signal.SIGKILL)
        await asyncio.gather(*work)
        assert handle.slots >= 1


async def test_closing_the_stream_frees_the_slot(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "30"}))
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(partial(works, handle))
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await eventually(partial(is_idle, handle))


async def test_after_keep_alive_nothing_is_left(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec(keep_alive_s=1.0))
        await finish(handle, home.audio)
    await eventually(lambda: not home.processes())
    assert list(home.locations.runtime.iterdir()) == []


async def test_keep_alive_of_nothing_still_serves_request_after_request(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec(keep_alive_s=0.0))
        for _ in range(3):
            await finish(handle, home.audio)
    await eventually(lambda: not home.processes())
    assert list(home.locations.runtime.iterdir()) == []


async def test_a_lost_device_is_recreated_once_and_then_told(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        with pytest.raises(EngineFailedError, match="cannot work"):
            await pool.acquire(home.spec({"DEVICE_LOST": "1"}))
    assert home.local.find() == []


async def test_busy_is_waited_for(home: EngineHome) -> None:
    async with Pool(home.launchers) as one, Pool(home.launchers) as two:
        handles = [await pool.acquire(home.spec({"RUN_S": "0.2"})) for pool in (one, two)]
        await asyncio.gather(*(finish(handle, home.audio) for handle in handles * 2))
    assert len(home.processes()) == 1


async def test_out_of_memory_is_for_the_caller(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"MAX_BATCH": "4"}))
        with pytest.raises(EngineRefusal) as caught:
            await finish(handle, home.audio, request(batch_size=8))
        assert caught.value.reason is ErrorCode.OUT_OF_MEMORY
        await finish(handle, home.audio, request(batch_size=4))
