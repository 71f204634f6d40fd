"""The checks that every engine must pass as a server; each is one rule with its reason."""

import asyncio
import tempfile
import wave
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path

from dalston_sdk.client import EngineClient, EngineClientError, EngineRequestError
from dalston_sdk.testing.parts import check_parts
from dalston_sdk.testing.process import EngineProcess, settled
from dalston_sdk.testing.rules import check_result, require
from dalston_sdk.testing.subject import Subject
from dalston_sdk.wire import ErrorCode, RefineRequest, Request, TranslateRequest

Check = Callable[[Subject, EngineClient], Coroutine[None, None, None]]


async def check_health_before_load(subject: Subject, client: EngineClient) -> None:
    """Check that a fresh engine is ready on the requested device, with nothing loaded."""
    health = await settled(client)
    require(health.status == "ready", f"status is {health.status}: {health.problem}")
    require(health.loaded is None, f"{health.loaded} is loaded before a request for it")
    wanted = subject.start.device
    require(health.device.startswith(wanted), f"runs on {health.device}, not on {wanted}")
    require(health.fingerprint == "test", "health does not return the fingerprint it was given")
    require(health.rss_mb > 1, f"resident memory of {health.rss_mb} MB is not plausible")


async def check_models_reply(subject: Subject, client: EngineClient) -> None:
    """Check that stages and options are those of ``engine.yaml``."""
    reply = await client.models()
    offered = {stage: frozenset(options) for stage, options in reply.stages.items()}
    expected = {stage.value: options for stage, options in subject.stages.items()}
    require(offered == expected, f"engine.py offers {offered}, engine.yaml says {expected}")


async def check_load(subject: Subject, client: EngineClient) -> None:
    """Check that the model can be loaded, twice in a row, and that health reports it."""
    first = await client.load(subject.model)
    require(first.loaded == subject.model, f"loaded {first.loaded}, not {subject.model}")
    again = await client.load(subject.model)
    require(again.elapsed_s == 0, "loading what is loaded takes time")
    health = await client.health()
    require(health.loaded == subject.model, f"health says that {health.loaded} is loaded")


async def check_results(subject: Subject, client: EngineClient) -> None:
    """Check that the result of every stage obeys the rules of its kind."""
    for stage in subject.stages:
        request = subject.request(stage)
        finished = await subject.run(client, request)
        check_result(request, finished.result, subject.duration_s)
        unknown = set(finished.result.effective) - set(request.options.__struct_fields__)
        require(not unknown, f"{stage.value}: effective options {unknown} are none of the stage's")
        silent = subject.stages[stage] - set(finished.result.effective)
        require(not silent, f"{stage.value}: effective options lack {sorted(silent)}")


async def check_unsupported_option(subject: Subject, client: EngineClient) -> None:
    """Check that an unsupported option is refused by name, not ignored."""
    for stage in subject.stages:
        option = subject.unsupported_option(stage)
        if option is None:
            continue
        request = subject.request(stage, option=option)
        error = await _refusal(subject, client, subject.audio_for(request), request)
        require(
            error.code == ErrorCode.UNSUPPORTED_OPTION and option[0] in error.message,
            f"{stage.value}: {option[0]} was answered with {error.code.value}: {error.message}",
        )


async def check_invalid_audio(subject: Subject, client: EngineClient) -> None:
    """Check that audio that is not 16 kHz mono PCM16 with samples is refused."""
    request = subject.request(subject.first_stage)
    if isinstance(request, RefineRequest | TranslateRequest):
        return
    with tempfile.TemporaryDirectory() as name:
        for audio in _invalid_audio(Path(name)):
            error = await _refusal(subject, client, audio, request)
            require(
                error.code == ErrorCode.AUDIO_INVALID,
                f"{audio.name} was answered with {error.code.value}: {error.message}",
            )


async def check_missing_model(subject: Subject, client: EngineClient) -> None:
    """Check that missing weights are ``model_missing``, and that the engine goes on."""
    missing = type(subject.model)(runtime_id="none", path="/nonexistent/weights")
    try:
        await client.load(missing)
    except EngineRequestError as error:
        require(
            error.code == ErrorCode.MODEL_MISSING,
            f"missing weights were answered with {error.code.value}: {error.message}",
        )
    else:
        raise AssertionError("weights that do not exist were loaded")
    health = await client.health()
    require(health.loaded is None, f"{health.loaded} counts as loaded after a failure")


async def check_swap(subject: Subject, client: EngineClient) -> None:
    """Check that a model can be dropped and replaced, and works after that as before."""
    await client.load(subject.model)
    dropped = await client.unload()
    require(dropped.loaded is None, f"{dropped.loaded} is loaded after unload")
    await client.unload()
    if subject.other_model is not None:
        await subject.run(client, subject.request(subject.first_stage, model=subject.other_model))
        health = await client.health()
        require(health.loaded == subject.other_model, f"{health.loaded} is loaded after the swap")
    request = subject.request(subject.first_stage)
    finished = await subject.run(client, request)
    check_result(request, finished.result, subject.duration_s)


async def check_cancellation(subject: Subject, client: EngineClient) -> None:
    """Check that a cancelled request frees its slot, and that the next one works."""
    request = subject.request(subject.first_stage)
    audio = subject.audio_for(request)
    async with aclosing(client.run(request, audio=audio, share_path=subject.share_path)) as run:
        await anext(run)
    health = await settled(client)
    require(health.status == "ready", f"status is {health.status} after a cancelled request")
    await subject.run(client, request)


CHECKS: tuple[Check, ...] = (
    check_health_before_load,
    check_models_reply,
    check_unsupported_option,
    check_invalid_audio,
    check_load,
    check_results,
    check_parts,
    check_missing_model,
    check_swap,
    check_cancellation,
)
"""The order in which they run, on one process."""


def check_engine(subject: Subject) -> None:
    """Start the engine, apply every check, and check that it ends cleanly.

    Raises:
        AssertionError: A check failed; the message names it and ends with the engine's log.
    """
    with EngineProcess(subject.start) as engine:
        try:
            asyncio.run(_check_all(subject, engine))
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- log of the engine:\n{engine.log}") from error


async def _check_all(subject: Subject, engine: EngineProcess) -> None:
    async with engine.client() as client:
        for check in CHECKS:
            await _apply(check, subject, client)
        await client.shutdown()
    code = engine.wait()
    require(code == 0, f"the exit code after a shutdown is {code}")
    left = engine.runtime_dir
    require(not left.exists(), "the runtime folder is still there after a shutdown")


async def _apply(check: Check, subject: Subject, client: EngineClient) -> None:
    try:
        await check(subject, client)
    except AssertionError as error:
        raise AssertionError(f"{check.__name__}: {error}") from error
    except EngineClientError as error:
        kind = type(error).__name__
        raise AssertionError(f"{check.__name__}: {kind}: {error.message}") from error


async def _refusal(
    subject: Subject, client: EngineClient, audio: Path | None, request: Request
) -> EngineRequestError:
    try:
        async with aclosing(
            client.run(request, audio=audio, share_path=subject.share_path)
        ) as messages:
            async for _ in messages:
                continue
    except EngineRequestError as error:
        return error
    raise AssertionError("the request was carried out")


def _invalid_audio(folder: Path) -> tuple[Path, ...]:
    """Write files that are not 16 kHz mono PCM16 with samples."""
    text = folder / "text.wav"
    text.write_text("this is not audio", encoding="ascii")
    return (
        text,
        _wav(folder / "8-khz.wav", rate=8000),
        _wav(folder / "stereo.wav", num_channels=2),
        _wav(folder / "8-bit.wav", width=1),
        _wav(folder / "no-samples.wav", num_samples=0),
    )


def _wav(
    path: Path, *, num_channels: int = 1, width: int = 2, rate: int = 16_000, num_samples: int = 800
) -> Path:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(num_channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(bytes(num_samples * num_channels * width))
    return path
