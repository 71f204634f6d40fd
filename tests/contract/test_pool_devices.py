"""The pool and GPUs, with engines that say they have any: spread, kept, lost and had anew."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from tests.support.launching import EngineHome, finish
from tests.support.waiting import eventually

from dalston_cli.launchers.failure import EngineFailedError
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.survey import survey_engines

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=5.0, start_timeout_s=60.0)
ANY = {"ANY_DEVICE": "1"}


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def devices(home: EngineHome) -> Counter[str]:
    """Return the number of engines on each device."""
    return Counter(instance.device for instance in home.local.find())


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        pytest.param(2, {"cuda:1": 1, "cuda:0": 1}, id="one each"),
        pytest.param(3, {"cuda:1": 2, "cuda:0": 1}, id="one more on the first"),
    ],
)
async def test_replicas_get_different_gpus(
    home: EngineHome, replicas: int, expected: dict[str, int]
) -> None:
    notices: list[PoolNotice] = []
    spec = home.spec(ANY, device="cuda:1", also_on=("cuda:0",), replicas=replicas)

    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec, replicas=replicas)
        said = Counter(health.device for health in await handle.health())

    assert said == devices(home) == expected
    assert Counter(each.device for each in notices if isinstance(each, Ready)) == expected


async def test_a_second_run_adds_only_the_gpu_that_is_missing(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        await pool.acquire(home.spec(ANY, device="cuda:0"))
    [first] = home.local.find()
    async with Pool(home.launchers, limits=HURRY) as pool:
        spec = home.spec(ANY, device="cuda:1", also_on=("cuda:0",))
        await pool.acquire(spec, replicas=2)

    assert devices(home) == {"cuda:0": 1, "cuda:1": 1}
    assert first.identity in {instance.identity for instance in home.local.find()}


async def test_an_engine_on_another_gpu_is_left_alone(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        await pool.acquire(home.spec(ANY, device="cuda:0"))
        await pool.acquire(home.spec(ANY, device="cuda:1"))
    assert devices(home) == {"cuda:0": 1, "cuda:1": 1}


async def has_failed(home: EngineHome) -> bool:
    states = await survey_engines([home.local])
    return [state.state for state in states] == ["failed"]


async def test_a_found_engine_that_lost_its_gpu_is_had_anew(home: EngineHome) -> None:
    lost = home.folder / "lost"
    spec = home.spec(ANY | {"DEVICE_LOST_BY": str(lost)}, device="cuda:0")
    notices: list[PoolNotice] = []
    async with Pool(home.launchers, limits=HURRY) as pool:
        await pool.acquire(spec)
    [before] = home.local.find()
    lost.touch()
    await eventually(partial(has_failed, home))

    async with Pool(home.launchers, on_event=notices.append, limits=HURRY) as pool:
        handle = await pool.acquire(spec)
        await finish(handle, home.audio)

    [after] = home.local.find()
    assert after.identity != before.identity
    assert [notice.code for notice in notices if isinstance(notice, Trouble)] == ["device_lost"]


async def test_a_new_engine_without_its_gpu_is_an_error_and_not_the_cpu(home: EngineHome) -> None:
    async with Pool(home.launchers, limits=HURRY) as pool:
        with pytest.raises(EngineFailedError, match="runs on the CPU only, but cuda:0 was asked"):
            await pool.acquire(home.spec(device="cuda:0"))
    assert home.local.find() == []
