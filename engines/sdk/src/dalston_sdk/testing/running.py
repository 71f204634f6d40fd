"""A running engine as tests use it: one typed call per stage, and the errors of failing calls."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from dalston_sdk.client import EngineClient, EngineRequestError
from dalston_sdk.testing.process import EngineProcess, StartLine, settled
from dalston_sdk.testing.requests import build_request
from dalston_sdk.testing.rules import require
from dalston_sdk.wire import (
    AlignResult,
    DiarizeResult,
    EmotionResult,
    EventsResult,
    Finished,
    Health,
    LoadReply,
    ModelRef,
    Progress,
    RefineResult,
    Request,
    Segment,
    Stage,
    StreamMessage,
    TranscribeResult,
    TranslateResult,
)

OptionValue: TypeAlias = Any
"""A value of some option; the request's type is checked when it is built."""

AnyResult = TypeVar("AnyResult")
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class RunningEngine:
    """An engine process, called from tests that are not asynchronous.

    ``options`` of every method are those of its stage, by name.

    Attributes:
        process: The engine.
        model: Weights for requests that name none.
    """

    process: EngineProcess
    model: ModelRef

    def transcribe(
        self, audio: Path, *, model: ModelRef | None = None, **options: OptionValue
    ) -> TranscribeResult:
        """Transcribe a recording."""
        request = self.request(Stage.TRANSCRIBE, model=model, **options)
        return self.result(request, audio, TranscribeResult)

    def align(
        self,
        audio: Path,
        segments: Sequence[Segment],
        *,
        model: ModelRef | None = None,
        language: str = "en",
        **options: OptionValue,
    ) -> AlignResult:
        """Find when the words of the segments are said."""
        request = self.request(Stage.ALIGN, segments, model=model, language=language, **options)
        return self.result(request, audio, AlignResult)

    def diarize(
        self, audio: Path, *, model: ModelRef | None = None, **options: OptionValue
    ) -> DiarizeResult:
        """Find who speaks when in a recording."""
        request = self.request(Stage.DIARIZE, model=model, **options)
        return self.result(request, audio, DiarizeResult)

    def detect_emotion(
        self,
        audio: Path,
        segments: Sequence[Segment],
        *,
        model: ModelRef | None = None,
        **options: OptionValue,
    ) -> EmotionResult:
        """Label segments of a recording with emotions."""
        request = self.request(Stage.EMOTION, segments, model=model, **options)
        return self.result(request, audio, EmotionResult)

    def detect_events(
        self, audio: Path, *, model: ModelRef | None = None, **options: OptionValue
    ) -> EventsResult:
        """Find audio events in a recording."""
        request = self.request(Stage.EVENTS, model=model, **options)
        return self.result(request, audio, EventsResult)

    def refine(
        self,
        segments: Sequence[Segment],
        *,
        model: ModelRef | None = None,
        language: str | None = "en",
        **options: OptionValue,
    ) -> RefineResult:
        """Clean up the text of segments."""
        request = self.request(Stage.REFINE, segments, model=model, language=language, **options)
        return self.result(request, None, RefineResult)

    def translate(
        self,
        segments: Sequence[Segment],
        *,
        model: ModelRef | None = None,
        language: str | None = "en",
        **options: OptionValue,
    ) -> TranslateResult:
        """Translate the text of segments."""
        request = self.request(Stage.TRANSLATE, segments, model=model, language=language, **options)
        return self.result(request, None, TranslateResult)

    def request(
        self,
        stage: Stage,
        segments: Sequence[Segment] = (),
        *,
        model: ModelRef | None = None,
        language: str | None = None,
        **options: OptionValue,
    ) -> Request:
        """Build a request without sending it."""
        return build_request(
            stage, model or self.model, options, segments=segments, language=language
        )

    def messages(self, request: Request, audio: Path | None) -> list[StreamMessage]:
        """Run a request to its end and return all that the engine sends.

        Raises:
            EngineRequestError: The engine refused the request, or failed at it.
        """

        async def run(client: EngineClient) -> list[StreamMessage]:
            async with aclosing(client.run(request, audio=audio, share_path=True)) as messages:
                return [message async for message in messages]

        return self._call(run)

    def result(self, request: Request, audio: Path | None, kind: type[AnyResult]) -> AnyResult:
        """Run a request to its end and return its result.

        Raises:
            EngineRequestError: The engine refused the request, or failed at it.
        """
        last = self.messages(request, audio)[-1]
        if isinstance(last, Finished) and isinstance(last.result, kind):
            return last.result
        raise AssertionError(f"the stream ended with {last}, not with a {kind.__name__}")

    def failure(self, request: Request, audio: Path | None) -> EngineRequestError:
        """Return the error of a request that has to fail, before it starts or on the way."""
        try:
            self.messages(request, audio)
        except EngineRequestError as error:
            return error
        raise AssertionError("the request was carried out")

    def load(self, model: ModelRef) -> LoadReply:
        """Load weights.

        Raises:
            EngineRequestError: They cannot be loaded.
        """
        return self._call(lambda client: client.load(model))

    def load_failure(self, model: ModelRef) -> EngineRequestError:
        """Return the error of weights that must not load."""
        try:
            self.load(model)
        except EngineRequestError as error:
            return error
        raise AssertionError(f"{model} was loaded")

    def health(self) -> Health:
        """Return the engine's health as it is now."""
        return self._call(lambda client: client.health())

    def health_when_idle(self) -> Health:
        """Return its health once the device was checked and nothing runs."""
        return self._call(settled)

    def cancel(self, request: Request, audio: Path) -> float:
        """Drop the connection at the first progress of a run, and wait until the engine is idle.

        Returns:
            The seconds of audio that were done when the connection was dropped.
        """

        async def run(client: EngineClient) -> float:
            done_s = 0.0
            async with aclosing(client.run(request, audio=audio, share_path=True)) as messages:
                async for message in messages:
                    if isinstance(message, Progress) and message.phase == "run":
                        done_s = message.done_s
                        if done_s > 0:
                            break
            await settled(client)
            return done_s

        return self._call(run)

    def _call(self, call: Callable[[EngineClient], Coroutine[None, None, Reply]]) -> Reply:
        async def run() -> Reply:
            async with self.process.client() as client:
                return await call(client)

        return asyncio.run(run())


@contextmanager
def running_engine(line: StartLine, model: ModelRef) -> Iterator[RunningEngine]:
    """Run an engine for as long as the context lasts.

    Args:
        line: How to start it.
        model: Weights for requests that name none.
    """
    with EngineProcess(line) as process:
        yield RunningEngine(process, model)


def check_missing_gpu(line: StartLine, device: str = "cuda:63") -> None:
    """Check that an engine without the GPU it was started for fails, and does not take the CPU.

    Args:
        line: How to start the engine, on any device.
        device: A GPU that this machine does not have.

    Raises:
        AssertionError: It says that it is ready, or does not name the GPU.
    """
    with running_engine(replace(line, device=device), ModelRef(runtime_id="none")) as engine:
        health = engine.health_when_idle()
    require(health.status == "failed", f"status is {health.status} on {health.device}")
    require(device in (health.problem or ""), f"the problem is {health.problem!r}")
