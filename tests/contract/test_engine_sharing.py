"""Many requests at one engine: slots, the line, and the swap of models."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.fake_engine import (
    MODEL,
    OTHER_MODEL,
    fake_line,
    finished,
    run_all,
    settled,
    transcribe,
    write_wav,
)
from tests.support.waiting import eventually

from dalston_sdk.client import EngineClient, EngineRequestError
from dalston_sdk.testing import EngineProcess
from dalston_sdk.wire import ErrorCode, ModelRef


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "audio.wav", seconds=1.0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    line = fake_line(slots=3, run_s=0.2, load_s=0.02, load_log=tmp_path / "loads")
    with EngineProcess(line) as process:
        yield process


def events(tmp_path: Path) -> list[str]:
    return (tmp_path / "loads").read_text(encoding="utf-8").splitlines()


async def test_requests_for_one_model_run_side_by_side_up_to_the_slots(
    engine: EngineProcess, wav: Path, tmp_path: Path
) -> None:
    async with engine.client() as client:
        runs = [asyncio.create_task(run_all(client, wav)) for _ in range(7)]
        seen = set()

        async def all_done() -> bool:
            health = await client.health()
            seen.add(health.running)
            return all(run.done() for run in runs)

        await eventually(all_done)
        assert max(seen) == 3
        results = [finished(await run).result for run in runs]
    assert all(result == results[0] for result in results)
    assert events(tmp_path).count("load one") == 1


async def test_models_swap_under_concurrency(
    engine: EngineProcess, wav: Path, tmp_path: Path
) -> None:
    models = [MODEL, OTHER_MODEL, MODEL, MODEL, OTHER_MODEL, ModelRef(runtime_id="three")] * 3
    async with engine.client() as client:
        ends = await asyncio.gather(*(run_all(client, wav, transcribe(each)) for each in models))
        health = await settled(client)
    assert len([finished(each) for each in ends]) == len(models)
    assert health.running == health.waiting == 0
    loaded: str | None = None
    for event in events(tmp_path):
        verb, _, name = event.partition(" ")
        if verb == "load":
            assert loaded is None
            loaded = name
        elif verb == "unload":
            assert loaded == name
            loaded = None
        else:
            assert loaded == name


async def test_load_and_unload_wait_for_what_runs(
    engine: EngineProcess, wav: Path, tmp_path: Path
) -> None:
    async with engine.client() as client:
        run = asyncio.create_task(run_all(client, wav))
        await eventually(lambda: _running(client))
        reply = await client.unload()
        assert finished(await run).load_s > 0
        assert reply.loaded is None
        loaded = await client.load(OTHER_MODEL)
    assert (loaded.loaded, loaded.compute_type) == (OTHER_MODEL, "fake32")
    assert loaded.elapsed_s > 0
    assert events(tmp_path) == ["load one", "run one", "unload one", "load two"]


async def test_a_failed_load_leaves_nothing_loaded(engine: EngineProcess, wav: Path) -> None:
    async with engine.client() as client:
        await client.load(MODEL)
        with pytest.raises(EngineRequestError, match="the fake model is broken") as caught:
            await client.load(ModelRef(runtime_id="broken"))
        assert caught.value.code == ErrorCode.MODEL_LOAD_FAILED
        assert (await client.health()).loaded is None
        assert finished(await run_all(client, wav)).load_s > 0


async def test_a_full_line_is_busy(wav: Path) -> None:
    with EngineProcess(fake_line(hang=1)) as engine:
        async with engine.client() as client:
            tasks = [asyncio.create_task(run_all(client, wav)) for _ in range(65)]
            await eventually(lambda: _waiting(client, 64))
            with pytest.raises(EngineRequestError, match="64 are waiting") as caught:
                await run_all(client, wav)
            assert (caught.value.code, caught.value.retryable) == (ErrorCode.BUSY, True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert (await settled(client)).waiting == 0


async def test_two_clients_share_an_engine(engine: EngineProcess, wav: Path) -> None:
    async with engine.client() as one, engine.client() as two:
        ends = await asyncio.gather(run_all(one, wav), run_all(two, wav, share_path=False))
    first, second = (finished(each).result for each in ends)
    assert first == second


async def _running(client: EngineClient) -> bool:
    return (await client.health()).running > 0


async def _waiting(client: EngineClient, count: int) -> bool:
    return (await client.health()).waiting == count
