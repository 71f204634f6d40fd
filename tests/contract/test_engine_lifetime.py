"""When an engine ends, and that it leaves nothing behind."""

import asyncio
import json
import shutil
import signal
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.support.fake_engine import (
    MODEL,
    fake_line,
    finished,
    run_all,
    transcribe,
    write_wav,
)
from tests.support.waiting import eventually

from dalston_sdk.client import EngineClient, EngineRequestError
from dalston_sdk.testing import EngineProcess
from dalston_sdk.wire import ErrorCode


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "audio.wav")


async def _running(client: EngineClient, count: int = 1) -> bool:
    health = await client.health()
    return health.running == count and health.loaded is not None


async def _says(engine: EngineProcess, text: str) -> bool:
    return text in engine.log


def ended_cleanly(engine: EngineProcess, *, timeout_s: float = 20.0) -> bool:
    return engine.wait(timeout_s=timeout_s) == 0 and not engine.runtime_dir.exists()


async def test_ready_file_says_who_and_where() -> None:
    with EngineProcess(fake_line()) as engine:
        ready = json.loads((engine.runtime_dir / "ready.json").read_text(encoding="utf-8"))
        assert ready["pid"] == engine.process.pid
        assert ready["socket"] == str(engine.runtime_dir / "engine.sock")
        assert ready["engine"] == "fake"
        assert ready["started_at"].endswith("+00:00")
        assert (engine.runtime_dir / "engine.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("tcp", [False, True], ids=["socket", "tcp"])
async def test_an_idle_engine_stops_itself(tcp: bool) -> None:
    with EngineProcess(fake_line(keep_alive_s=0.3, tcp=tcp)) as engine:
        assert ended_cleanly(engine)
    assert "nothing to do for 0.3 s" in engine.log


async def test_asking_for_health_does_not_keep_it_alive() -> None:
    with EngineProcess(fake_line(keep_alive_s=2)) as engine:
        async with engine.client() as client:
            left_s = [(await client.health()).expires_in_s or 0.0 for _ in range(3)]
        assert left_s == sorted(left_s, reverse=True)
        assert ended_cleanly(engine)


async def test_keep_alive_0_stops_after_the_first_run(wav: Path) -> None:
    with EngineProcess(fake_line(keep_alive_s=0)) as engine:
        async with engine.client() as client:
            await client.load(MODEL)
            health = await client.health()
            assert health.expires_in_s is not None
            assert health.expires_in_s > 50
            assert finished(await run_all(client, wav)).elapsed_s >= 0
        assert ended_cleanly(engine)


async def test_keep_alive_below_0_never_expires(wav: Path) -> None:
    with EngineProcess(fake_line(keep_alive_s=-1)) as engine:
        async with engine.client() as client:
            assert finished(await run_all(client, wav)).elapsed_s >= 0
            assert (await client.health()).expires_in_s is None


async def test_a_run_longer_than_keep_alive_is_finished(wav: Path) -> None:
    with EngineProcess(fake_line(keep_alive_s=1.0, run_s=0.8)) as engine:
        async with engine.client() as client:
            assert finished(await run_all(client, wav)).elapsed_s >= 1.8
        assert ended_cleanly(engine)


async def test_shutdown_lets_what_runs_finish_and_takes_nothing_new(wav: Path) -> None:
    with EngineProcess(fake_line(run_s=0.8)) as engine:
        async with engine.client() as client:
            run = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _running(client))
            await client.shutdown()
            assert (await client.health()).status == "stopping"
            for refused in (run_all(client, wav), client.load(MODEL)):
                with pytest.raises(EngineRequestError, match="is stopping") as caught:
                    await refused
                assert caught.value.code == ErrorCode.BUSY
                assert caught.value.retryable
            assert finished(await run).elapsed_s >= 0
        assert ended_cleanly(engine)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_cancels_what_runs(wav: Path, number: signal.Signals) -> None:
    with EngineProcess(fake_line(hang=1)) as engine:
        async with engine.client() as client:
            run = asyncio.create_task(run_all(client, wav, share_path=False))
            await eventually(lambda: _running(client))
            engine.process.send_signal(number)
            with pytest.raises(EngineRequestError, match="was stopped") as caught:
                await run
            assert caught.value.retryable
        assert ended_cleanly(engine)


async def test_a_signal_ends_a_run_that_does_not_listen(wav: Path) -> None:
    with EngineProcess(fake_line(deaf_s=3600)) as engine:
        async with engine.client() as client:
            run = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _running(client))
            engine.process.send_signal(signal.SIGTERM)
            with pytest.raises(EngineRequestError, match="was stopped"):
                await run
        assert ended_cleanly(engine)
    assert "although something was still running" in engine.log


async def test_a_signal_while_starting_leaves_nothing() -> None:
    engine = EngineProcess(fake_line(start_s=60))
    engine.start()
    try:
        await eventually(lambda: _says(engine, "starting the engine"))
        engine.process.send_signal(signal.SIGTERM)
        assert ended_cleanly(engine)
    finally:
        engine.end()


async def test_an_engine_whose_folder_is_gone_stops() -> None:
    with EngineProcess(fake_line()) as engine:
        shutil.rmtree(engine.runtime_dir)
        assert engine.wait() == 0
    assert "the runtime folder was removed" in engine.log


async def test_a_folder_that_is_not_its_own_is_left_alone() -> None:
    with EngineProcess(fake_line()) as engine:
        engine.runtime_dir.rename(engine.folder / "away")
        engine.runtime_dir.mkdir()
        (engine.runtime_dir / "instance.json").touch()
        assert engine.wait() == 0
        assert [path.name for path in engine.runtime_dir.iterdir()] == ["instance.json"]


async def test_a_dead_engines_socket_is_replaced(wav: Path) -> None:
    with EngineProcess(fake_line()) as engine:
        engine.process.kill()
        engine.process.wait()
        assert (engine.runtime_dir / "engine.sock").exists()
        (engine.runtime_dir / "ready.json").unlink()
        engine.start()
        engine.wait_until_ready()
        async with engine.client() as client:
            assert finished(await run_all(client, wav)).elapsed_s >= 0
        engine.process.send_signal(signal.SIGTERM)
        assert ended_cleanly(engine)


async def test_a_reader_that_goes_does_not_keep_the_engine_alive(wav: Path) -> None:
    with EngineProcess(fake_line(keep_alive_s=0, hang=1)) as engine:
        async with (
            engine.client() as client,
            aclosing(client.run(transcribe(), audio=wav, share_path=True)) as run,
        ):
            await anext(run)
        assert ended_cleanly(engine)
