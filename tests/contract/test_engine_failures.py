"""Engines that die, hang or are too old, as the client sees them."""

import asyncio
import signal
from pathlib import Path

import pytest
from tests.support.fake_engine import (
    FOLDER,
    fake_line,
    finished,
    run_all,
    settled,
    transcribe,
    write_wav,
)
from tests.support.waiting import eventually

from dalston_sdk.client import (
    EngineClient,
    EngineRequestError,
    EngineStreamError,
    EngineUnreachableError,
    ProtocolMismatchError,
)
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import ErrorCode, Partial, Progress


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "audio.wav")


def test_a_crash_before_ready_has_its_exit_code() -> None:
    engine = EngineProcess(fake_line(crash_before_ready=1))
    with pytest.raises(AssertionError, match="ended with 70 before it was ready"), engine:
        pass


def test_a_slow_start_is_not_ready_before() -> None:
    line = StartLine(engine_dir=FOLDER, environment={"DALSTON_FAKE_START_S": "60"}, timeout_s=0.2)
    with pytest.raises(AssertionError, match=r"not ready after 0\.2 s"), EngineProcess(line):
        pass


async def test_half_a_reply_is_an_error_of_the_stream(wav: Path) -> None:
    with EngineProcess(fake_line(half_a_reply=1)) as engine:
        async with engine.client() as client:
            run = client.run(transcribe(), audio=wav, share_path=True)
            assert isinstance(await anext(run), Progress)
            seen = [await anext(run), await anext(run)]
            with pytest.raises(EngineStreamError, match="broke off"):
                await anext(run)
        assert engine.wait() == 72
    assert any(isinstance(each, Partial) for each in seen)


async def test_a_kill_while_busy_is_an_error_of_the_stream(wav: Path) -> None:
    with EngineProcess(fake_line(hang=1)) as engine:
        async with engine.client() as client:
            run = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _busy(client))
            engine.process.kill()
            with pytest.raises(EngineStreamError, match="broke off"):
                await run
        assert engine.wait() == -signal.SIGKILL


async def test_a_crash_strikes_once_with_a_counter(wav: Path, tmp_path: Path) -> None:
    line = fake_line(crash_on_run=1, counter=tmp_path / "runs")
    with EngineProcess(line) as engine:
        async with engine.client() as client:
            with pytest.raises(EngineStreamError):
                await run_all(client, wav)
        assert engine.wait() == 71
    with EngineProcess(line) as engine:
        async with engine.client() as client:
            assert finished(await run_all(client, wav)).elapsed_s >= 0


async def test_a_stopped_process_counts_as_dead(wav: Path) -> None:
    with EngineProcess(fake_line(hang=1, heartbeat_s=0.1)) as engine:
        async with engine.client(heartbeat_s=0.3) as client:
            run = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _busy(client))
            engine.process.send_signal(signal.SIGSTOP)
            with pytest.raises(EngineStreamError, match=r"nothing came for 1\.2 s"):
                await run
        engine.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("tcp", [False, True], ids=["socket", "tcp"])
async def test_an_engine_of_another_protocol_is_not_spoken_to(wav: Path, tcp: bool) -> None:
    with EngineProcess(fake_line(protocol=0, tcp=tcp)) as engine:
        async with engine.client() as client:
            for ask in (client.health, client.models, client.unload):
                with pytest.raises(ProtocolMismatchError, match="speaks protocol 0-0") as caught:
                    await ask()
                assert "dalston engines restart" in str(caught.value.hint)
            with pytest.raises(ProtocolMismatchError):
                await run_all(client, wav, share_path=False)


async def test_no_engine_at_the_address(tmp_path: Path, wav: Path) -> None:
    async with EngineClient(socket=tmp_path / "engine.sock") as client:
        with pytest.raises(EngineUnreachableError, match=r"engine\.sock does not answer"):
            await client.health()
        with pytest.raises(EngineUnreachableError, match="does not answer"):
            await run_all(client, wav)


async def test_a_lost_device_is_told_and_refuses_work(wav: Path) -> None:
    with EngineProcess(fake_line(device_lost=1)) as engine:
        async with engine.client() as client:
            health = await settled(client)
            assert (health.status, health.problem) == ("failed", "the fake device is lost")
            with pytest.raises(EngineRequestError, match="the fake device is lost") as caught:
                await run_all(client, wav)
            assert caught.value.code == ErrorCode.DEVICE_LOST
            with pytest.raises(EngineRequestError, match="the fake device is lost"):
                await client.load(transcribe().model)


async def test_a_gpu_that_the_engine_cannot_use() -> None:
    with EngineProcess(StartLine(engine_dir=FOLDER, device="cuda")) as engine:
        async with engine.client() as client:
            health = await settled(client)
    assert health.status == "failed"
    assert health.problem == "engine fake runs on the CPU only, but cuda was asked for"


async def test_a_second_engine_does_not_take_the_socket(tmp_path: Path) -> None:
    with EngineProcess(fake_line()) as engine:
        other = EngineProcess(fake_line())
        other.runtime_dir = engine.runtime_dir
        ready = engine.runtime_dir / "ready.json"
        kept = ready.read_text(encoding="utf-8")
        ready.unlink()
        other.start()
        assert other.wait() == 3
        assert "another engine listens on" in other.log
        other.end()
        ready.write_text(kept, encoding="utf-8")
        async with engine.client() as client:
            assert (await settled(client)).status == "ready"


async def test_a_broken_line_is_an_error_of_the_stream(tmp_path: Path, wav: Path) -> None:
    replies = {
        "half a line": b'{"type":"progress","done_s":1.0,',
        "no result": b'{"type":"heartbeat","elapsed_s":1.0}\n',
        "not json": b"hello\n",
    }
    for name, body in replies.items():
        socket = tmp_path / "engine.sock"
        server = await asyncio.start_unix_server(_Canned(body).answer, socket)
        async with server, EngineClient(socket=socket) as client:
            with pytest.raises(EngineStreamError, match="broke off"):
                await run_all(client, wav)
        socket.unlink(missing_ok=True)
        assert name


async def test_something_else_that_listens_is_no_engine(tmp_path: Path) -> None:
    socket = tmp_path / "engine.sock"
    server = await asyncio.start_unix_server(_Canned(b"hello", header=b"").answer, socket)
    async with server, EngineClient(socket=socket) as client:
        with pytest.raises(ProtocolMismatchError, match="does not answer like an engine"):
            await client.health()


async def _busy(client: EngineClient) -> bool:
    return (await client.health()).running == 1


class _Canned:
    """A server that gives one answer to everybody."""

    def __init__(self, body: bytes, *, header: bytes = b"dalston-protocol: 1-1\r\n") -> None:
        self._answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n" + header + b"\r\n" + body

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
