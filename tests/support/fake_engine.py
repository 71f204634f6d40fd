"""The fake engine as a real process, and audio for it."""

import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.support.waiting import eventually

from dalston_sdk.client import EngineClient
from dalston_sdk.testing import StartLine
from dalston_sdk.wire import (
    Finished,
    Health,
    ModelRef,
    Request,
    StreamMessage,
    TranscribeOptions,
    TranscribeRequest,
)

FOLDER = Path(__file__).parents[1] / "engines" / "fake"
TOKEN = "a-token-for-tests"
MODEL = ModelRef(runtime_id="one")
OTHER_MODEL = ModelRef(runtime_id="two")


def fake_line(
    *,
    keep_alive_s: float = 300.0,
    heartbeat_s: float = 5.0,
    tcp: bool = False,
    knobs: Mapping[str, object] = MappingProxyType({}),
    **more_knobs: str | float | Path,
) -> StartLine:
    """Return the start line of the fake engine, with knobs named as in its README in lower case."""
    return StartLine(
        engine_dir=FOLDER,
        keep_alive_s=keep_alive_s,
        heartbeat_s=heartbeat_s,
        token=TOKEN if tcp else None,
        environment={
            f"DALSTON_FAKE_{name.upper()}": str(value)
            for name, value in {**knobs, **more_knobs}.items()
        },
    )


def write_wav(path: Path, *, seconds: float = 2.5, rate: int = 16_000) -> Path:
    """Write a high tone as mono PCM16; text over silence would be marked as doubtful."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(
            (b"\xe8\x03\x18\xfc" * round(seconds * rate))[: round(seconds * rate) * 2]
        )
    return path


def transcribe(model: ModelRef = MODEL, *, batch_size: int | None = None) -> TranscribeRequest:
    return TranscribeRequest(model=model, options=TranscribeOptions(batch_size=batch_size))


async def run_all(
    client: EngineClient,
    audio: Path,
    request: Request | None = None,
    *,
    share_path: bool = True,
) -> list[StreamMessage]:
    """Return all messages of one run; the last is its result."""
    messages = client.run(request or transcribe(), audio=audio, share_path=share_path)
    return [message async for message in messages]


def finished(messages: Iterable[StreamMessage]) -> Finished:
    last = list(messages)[-1]
    assert isinstance(last, Finished)
    return last


async def settled(client: EngineClient) -> Health:
    """Return the health once nothing runs and the device was checked."""

    async def idle() -> Health | None:
        health = await client.health()
        return None if health.running or health.status == "starting" else health

    return await eventually(idle)
