"""A run as its client sees it: messages, results, refusals, cancellation."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest
from tests.support.fake_engine import (
    MODEL,
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
from dalston_sdk.wire import (
    DiarizeOptions,
    DiarizeRequest,
    ErrorCode,
    Heartbeat,
    ModelRef,
    Partial,
    Progress,
    RefineRequest,
    RefineResult,
    Request,
    Segment,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess(fake_line(max_batch=16)) as process:
        yield process


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "audio.wav")


async def test_a_run_streams_loading_progress_segments_and_result(wav: Path) -> None:
    with EngineProcess(fake_line()) as engine:
        async with engine.client() as client:
            messages = await run_all(client, wav)
    assert messages[0] == Progress(done_s=0.0, total_s=2.5, phase="load")
    progress = [each.done_s for each in messages if isinstance(each, Progress)]
    assert progress == sorted(progress)
    assert progress[-1] == 2.5
    partial = [each.segments[0] for each in messages if isinstance(each, Partial)]
    result = finished(messages).result
    assert isinstance(result, TranscribeResult)
    assert tuple(partial) == result.segments
    assert result.compute_type == "fake32"


async def test_bytes_and_path_give_the_same_result(engine: EngineProcess, wav: Path) -> None:
    async with engine.client() as client:
        by_path = finished(await run_all(client, wav, share_path=True))
        by_bytes = finished(await run_all(client, wav, share_path=False))
    assert by_path.result == by_bytes.result
    left = sorted(path.name for path in engine.runtime_dir.iterdir())
    assert left == ["engine.sock", "ready.json"]


async def test_a_path_with_strange_bytes_is_understood(
    engine: EngineProcess, tmp_path: Path
) -> None:
    folder = tmp_path / "a b\n\udcff'\""
    folder.mkdir()
    async with engine.client() as client:
        messages = await run_all(client, write_wav(folder / "é.wav"), share_path=True)
    assert finished(messages).elapsed_s >= 0


async def test_text_with_every_kind_of_line_break_comes_back(
    engine: EngineProcess, wav: Path
) -> None:
    prompt = "a\n\r\u2028\u2029\x85\x0b\x1cz \U0001f600"
    options = TranscribeOptions(initial_prompt=prompt)
    async with engine.client() as client:
        messages = await run_all(client, wav, TranscribeRequest(model=MODEL, options=options))
    assert finished(messages).result.effective["initial_prompt"] == prompt


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("numpy", "cannot be sent: Encoding objects of type numpy.float32 is unsupported"),
        ("nan", "cannot be sent: Expected `float`, got `null` - at `$.segments"),
        ("wrong", "engine fake returned DiarizeResult for transcribe"),
        ("exits", "SystemExit: 3"),
    ],
)
async def test_a_result_that_no_client_could_read_is_the_engines_error(
    engine: EngineProcess, wav: Path, name: str, message: str
) -> None:
    async with engine.client() as client:
        with pytest.raises(EngineRequestError) as caught:
            await run_all(client, wav, transcribe(ModelRef(runtime_id=name)))
    assert caught.value.code == ErrorCode.INTERNAL
    assert message in caught.value.message


async def test_a_model_whose_request_was_cancelled_while_loading_stays(
    wav: Path, tmp_path: Path
) -> None:
    log = tmp_path / "loads"
    with EngineProcess(fake_line(load_s=0.3, load_log=log)) as engine:
        async with engine.client() as client:
            async with aclosing(client.run(transcribe(), audio=wav, share_path=True)) as run:
                await anext(run)
            assert (await settled(client)).loaded == MODEL
            assert finished(await run_all(client, wav)).load_s == 0
    assert log.read_text(encoding="utf-8").splitlines() == ["load one", "run one"]


async def test_refine_needs_no_audio(engine: EngineProcess) -> None:
    segment = Segment(id=3, start=0.0, end=1.0, text="hello")
    request = RefineRequest(model=MODEL, language="en", segments=(segment,))
    async with engine.client() as client:
        messages = [each async for each in client.run(request, audio=None, share_path=True)]
    result = finished(messages).result
    assert isinstance(result, RefineResult)
    assert result.texts == {3: "Hello."}


async def test_what_loading_warns_of_is_in_every_result(engine: EngineProcess, wav: Path) -> None:
    request = transcribe(ModelRef(runtime_id="warns", compute_type="int8"))
    async with engine.client() as client:
        for _ in range(2):
            result = finished(await run_all(client, wav, request)).result
            assert [each.code for each in result.warnings] == ["fake_warning"]
            assert result.compute_type == "int8"


@pytest.mark.parametrize(
    ("request_", "code", "message", "hint"),
    [
        (
            TranscribeRequest(model=MODEL, options=TranscribeOptions(patience=1.0)),
            ErrorCode.UNSUPPORTED_OPTION,
            "engine fake does not support patience for transcribe",
            "it supports batch_size, beam_size,",
        ),
        (
            DiarizeRequest(model=MODEL, options=DiarizeOptions(batch_size=1)),
            ErrorCode.UNSUPPORTED_OPTION,
            "does not support batch_size for diarize",
            "it supports max_speakers",
        ),
        (
            transcribe(ModelRef(runtime_id="missing")),
            ErrorCode.MODEL_MISSING,
            "the fake model is missing",
            None,
        ),
        (
            transcribe(ModelRef(runtime_id="one", path="/nonexistent/one")),
            ErrorCode.MODEL_MISSING,
            "the weights of one are not at /nonexistent/one",
            None,
        ),
        (
            transcribe(ModelRef(runtime_id="broken")),
            ErrorCode.MODEL_LOAD_FAILED,
            "OSError: the fake model is broken",
            "the engine's log has the traceback",
        ),
        (
            transcribe(ModelRef(runtime_id="raises")),
            ErrorCode.INTERNAL,
            "ZeroDivisionError: the fake model divides by zero",
            "the engine's log has the traceback",
        ),
        (
            transcribe(batch_size=17),
            ErrorCode.OUT_OF_MEMORY,
            "memory ran out",
            "use a smaller batch size",
        ),
    ],
    ids=["option", "near-miss", "missing", "no-folder", "broken", "raises", "memory"],
)
async def test_refusals_have_code_message_and_hint(
    engine: EngineProcess,
    wav: Path,
    request_: Request,
    code: ErrorCode,
    message: str,
    hint: str | None,
) -> None:
    async with engine.client() as client:
        with pytest.raises(EngineRequestError, match=message) as caught:
            await run_all(client, wav, request_)
        assert caught.value.code == code
        assert (caught.value.hint or "").startswith(hint or "")
        assert finished(await run_all(client, wav)).elapsed_s >= 0


async def test_an_unexpected_error_leaves_its_traceback_in_the_log(
    engine: EngineProcess, wav: Path
) -> None:
    async with engine.client() as client:
        with pytest.raises(EngineRequestError, match="divides by zero"):
            await run_all(client, wav, transcribe(ModelRef(runtime_id="raises")))
    assert "Traceback" in engine.log
    assert "engine.py" in engine.log


async def test_a_smaller_batch_fits(engine: EngineProcess, wav: Path) -> None:
    async with engine.client() as client:
        with pytest.raises(EngineRequestError) as caught:
            await run_all(client, wav, transcribe(batch_size=32))
        assert caught.value.retryable
        assert finished(await run_all(client, wav, transcribe(batch_size=16))).elapsed_s >= 0


async def test_silence_is_filled_with_heartbeats(wav: Path) -> None:
    with EngineProcess(fake_line(heartbeat_s=0.05, load_s=0.5)) as engine:
        async with engine.client() as client:
            messages = await run_all(client, wav)
    beats = [each.elapsed_s for each in messages if isinstance(each, Heartbeat)]
    assert len(beats) >= 3
    assert beats == sorted(beats)
    assert finished(messages).load_s >= 0.5


async def test_a_device_that_takes_its_time_is_waited_for(wav: Path) -> None:
    with EngineProcess(fake_line(heartbeat_s=0.05, device_s=1.5)) as engine:
        async with engine.client() as client:
            assert (await client.health()).status == "starting"
            messages = await run_all(client, wav)
    assert isinstance(messages[0], Heartbeat)
    assert finished(messages).elapsed_s < 1.5


async def test_closing_the_stream_cancels_the_work(wav: Path) -> None:
    with EngineProcess(fake_line(hang=1)) as engine:
        async with engine.client() as client:
            async with aclosing(client.run(transcribe(), audio=wav, share_path=False)) as run:
                assert isinstance(await anext(run), Progress)
                await eventually(lambda: _running(client, 1))
            health = await settled(client)
            assert health.status == "ready"
            assert list(engine.runtime_dir.glob("audio-*")) == []
    assert "transcribe cancelled" in engine.log


async def test_a_cancelled_run_keeps_its_slot_until_the_engine_notices(wav: Path) -> None:
    with EngineProcess(fake_line(deaf_s=1.5)) as engine:
        async with engine.client() as client:
            async with aclosing(client.run(transcribe(), audio=wav, share_path=True)) as run:
                await anext(run)
                await eventually(lambda: _running(client, 1))
            assert (await client.health()).running == 1
            assert (await settled(client)).running == 0


async def test_a_request_that_waits_can_be_cancelled(wav: Path) -> None:
    with EngineProcess(fake_line(run_s=0.8)) as engine:
        async with engine.client() as client:
            first = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _running(client, 1))
            second = asyncio.create_task(run_all(client, wav, transcribe(ModelRef(runtime_id="x"))))
            await eventually(lambda: _waiting(client, 1))
            third = asyncio.create_task(run_all(client, wav))
            await eventually(lambda: _waiting(client, 2))
            second.cancel()
            assert finished(await first).elapsed_s >= 0
            assert finished(await third).elapsed_s >= 0
            assert second.cancelled()
            assert (await client.health()).loaded == MODEL


async def _running(client: EngineClient, count: int) -> bool:
    health = await client.health()
    return health.running == count and health.loaded is not None


async def _waiting(client: EngineClient, count: int) -> bool:
    return (await client.health()).waiting == count


async def test_health_tells_the_state(wav: Path) -> None:
    with EngineProcess(fake_line(hang=1)) as engine:
        async with engine.client() as client:
            before = await settled(client)
            async with aclosing(client.run(transcribe(), audio=wav, share_path=True)) as run:
                await anext(run)
                await eventually(lambda: _running(client, 1))
                during = await client.health()
    assert (before.status, before.loaded, before.engine) == ("ready", None, "fake")
    assert (during.status, during.loaded, during.expires_in_s) == ("busy", MODEL, None)
    assert before.expires_in_s is not None
    assert 290 < before.expires_in_s <= 300
    assert msgspec.json.decode(msgspec.json.encode(during)) is not None
