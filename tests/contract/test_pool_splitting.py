"""A long recording over replicas, real processes: split, joined, and what keeps it whole."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.support.fake_engine import write_wav
from tests.support.launching import EngineHome, finish, request, run
from tests.support.waiting import eventually

from dalston_cli.launchers.pool import splitting
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.parts import Part, write_part
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_sdk.wire import (
    Finished,
    FoundSection,
    FoundSpeech,
    Partial,
    Progress,
    SpeechRegion,
    StreamMessage,
    TranscribeResult,
)

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=1.0, start_timeout_s=60.0)
LONG_S = 300.0
NUM_PARTS = 5


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("long") / "long.wav", seconds=LONG_S)


def runs(log: Path) -> int:
    """Number of requests that all replicas have begun."""
    return log.read_text(encoding="utf-8").split().count("run")


def troubles(notices: Sequence[PoolNotice]) -> list[str]:
    return [each.code for each in notices if isinstance(each, Trouble)]


def text_of(result: object) -> list[tuple[str, float, float]]:
    assert isinstance(result, TranscribeResult)
    return [(each.text, each.start, each.end) for each in result.segments]


async def alone(home: EngineHome, audio: Path) -> TranscribeResult:
    async with Pool(home.launchers) as pool:
        found = await finish(await pool.acquire(home.spec({"SPLITS": "1"})), audio)
    assert isinstance(found.result, TranscribeResult)
    return found.result


async def test_the_result_is_that_of_one_replica(home: EngineHome, long: Path) -> None:
    log = home.folder / "log"
    notices: list[PoolNotice] = []
    whole = await alone(home, long)
    async with Pool(home.launchers, on_event=notices.append) as pool:
        knobs = {"SPLITS": "1", "RUN_S": "0.003", "LOAD_LOG": str(log)}
        handle = await pool.acquire(home.spec(knobs), replicas=2)
        messages: list[StreamMessage] = [each async for each in run(handle, long)]
        loaded = [health.loaded is not None for health in await handle.health()]
    last = messages[-1]
    assert isinstance(last, Finished)
    assert last.result == whole
    assert len(whole.segments) == int(LONG_S)
    assert loaded == [True, True]
    assert runs(log) == NUM_PARTS + 1  # joining takes no model
    told = [
        each for message in messages if isinstance(message, Partial) for each in message.segments
    ]
    assert [each.start for each in told] == [float(second) for second in range(int(LONG_S))]
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert done == sorted(done)
    assert done[-1] == LONG_S
    assert [path.name for path in long.parent.iterdir()] == ["long.wav"]
    assert troubles(notices) == []


async def test_a_replica_that_dies_costs_nothing_but_time(home: EngineHome, long: Path) -> None:
    whole = await alone(home, long)
    for number in (2, 3, 4, 6):
        notices: list[PoolNotice] = []
        counter = home.folder / f"counter{number}"
        knobs = {"SPLITS": "1", "RUN_S": "0.002", "CRASH_ON_RUN": str(number)}
        async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
            handle = await pool.acquire(home.spec(knobs | {"COUNTER": str(counter)}), replicas=2)
            found = await finish(handle, long)
        assert found.result == whole
        assert troubles(notices) == ["engine_crashed"]


@pytest.mark.parametrize(
    ("knobs", "replicas", "seconds", "expected"),
    [
        pytest.param({}, 2, LONG_S, 1, id="an-engine-that-cannot"),
        pytest.param({"SPLITS": "1"}, 1, LONG_S, 1, id="one-replica"),
        pytest.param({"SPLITS": "1"}, 2, 200.0, 1, id="short"),
        pytest.param({"SPLITS": "1", "IN_ORDER": "1"}, 2, LONG_S, 2, id="asked-and-refused"),
    ],
)
async def test_it_stays_whole(
    home: EngineHome, knobs: dict[str, str], replicas: int, seconds: float, expected: int
) -> None:
    log = home.folder / "log"
    audio = write_wav(home.folder / "some.wav", seconds=seconds)
    async with Pool(home.launchers) as pool:
        spec = home.spec(knobs | {"LOAD_LOG": str(log)})
        handle = await pool.acquire(spec, replicas=replicas)
        found = await finish(handle, audio)
    assert isinstance(found.result, TranscribeResult)
    assert len(found.result.segments) == int(seconds)
    assert runs(log) == expected


async def test_that_it_stays_whole_is_said_once_and_asked_once(
    home: EngineHome, long: Path
) -> None:
    notices: list[PoolNotice] = []
    log = home.folder / "log"
    async with Pool(home.launchers, on_event=notices.append) as pool:
        knobs = {"SPLITS": "1", "IN_ORDER": "1", "LOAD_LOG": str(log)}
        handle = await pool.acquire(home.spec(knobs), replicas=2)
        for _ in range(2):
            await finish(handle, long)
    assert runs(log) == 3
    [told] = [each for each in notices if isinstance(each, Trouble)]
    assert told.code == "not_split"
    assert told.message.endswith(
        "not split over replicas: the fake engine goes through it in order."
    )


async def test_other_recordings_are_not_kept_waiting_by_the_parts_of_one(
    home: EngineHome, long: Path
) -> None:
    """A helper lets go of its replica after its part; the rest is done by the recording's own."""
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"SPLITS": "1", "RUN_S": "0.004"}), replicas=2)
        work = asyncio.create_task(finish(handle, long))
        await eventually(lambda: all(replica.active for replica in handle.replicas))
        short = await asyncio.wait_for(finish(handle, home.audio, request()), timeout=60)
        assert not work.done()
        found = await work
    assert len(text_of(short.result)) == 1
    assert len(text_of(found.result)) == int(LONG_S)


async def test_cancelling_frees_every_replica(
    home: EngineHome, long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them at work, and one for which a thread still writes its part."""
    writing, may_write = threading.Event(), threading.Event()

    def write_late(wav: Path, part: Part, target: Path) -> None:
        if target.name == "long.part-1.wav":
            writing.set()
            assert may_write.wait(60)
        write_part(wav, part, target)

    monkeypatch.setattr(splitting, "write_part", write_late)
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"SPLITS": "1", "RUN_S": "1"}), replicas=2)
        work = asyncio.create_task(finish(handle, long))
        await eventually(writing.is_set)
        await eventually(lambda: all(replica.active for replica in handle.replicas))
        work.cancel()
        may_write.set()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert [replica.active for replica in handle.replicas] == [0, 0]
    assert [path.name for path in long.parent.iterdir()] == ["long.wav"]


async def test_a_replica_whose_help_is_cancelled_before_it_begins_is_free(
    home: EngineHome, long: Path
) -> None:
    speech = FoundSpeech(regions=(SpeechRegion(start=0.0, end=90.0),))
    sections = [FoundSection(first=0, last=1_600_000, speech=speech)] * 3

    class Parts(splitting._Parts):
        """Is cancelled as the other replica falls idle, after the first part."""

        async def _do(self, slot: EngineSlot, number: int) -> None:
            del slot, number
            if not reading.cancelling():
                handle.release(busy)
                reading.cancel()

    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"SPLITS": "1"}), replicas=2)
        busy = await handle.reserve(alone=False)
        async with handle.slot() as slot:
            work = Parts(slot, handle, HURRY, request(), long, sections)

            async def read() -> None:
                async with aclosing(work.messages()) as messages:
                    async for _ in messages:
                        pass

            reading = asyncio.create_task(read())
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert [replica.active for replica in handle.replicas] == [0, 0]
