"""An engine under test, and the requests it is tested with."""

import wave
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dalston_sdk.client import EngineClient
from dalston_sdk.testing.process import StartLine
from dalston_sdk.testing.requests import build_request
from dalston_sdk.wire import (
    OPTIONS,
    Finished,
    ModelRef,
    RefineRequest,
    Request,
    Segment,
    Stage,
    TranslateRequest,
)

_SAMPLE_VALUES: tuple[object, ...] = (
    *(1, 0.5, True, "transcribe", "nearest", "light", ["x"], [1]),
    {"input_usd": 1.0, "output_usd": 1.0},
)
"""For an option of any type, one of these is a value of that type."""

_NEEDED: Mapping[Stage, Mapping[str, object]] = {Stage.TRANSLATE: {"languages": ["de"]}}
"""Options without which a stage has nothing to do."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An engine under test.

    Attributes:
        start: How to start it.
        model: Weights that it can load.
        stages: Per stage the options that ``engine.yaml`` says it supports.
        audio: 16 kHz mono PCM16 WAV with speech; needed unless it only works on text.
        stage_models: Weights for stages that ``model`` does not serve.
        other_model: Other weights for the swap; without them ``model`` is loaded again.
        segments: Text for the stages that need one, with times inside ``audio``.
        language: The text's language.
        share_path: Whether the engine can read ``audio`` by its path.
    """

    start: StartLine
    model: ModelRef
    stages: Mapping[Stage, frozenset[str]]
    audio: Path | None = None
    stage_models: Mapping[Stage, ModelRef] = field(default_factory=dict)
    other_model: ModelRef | None = None
    segments: tuple[Segment, ...] = ()
    language: str = "en"
    share_path: bool = True

    @property
    def duration_s(self) -> float:
        """Length of the audio; 0 without."""
        if self.audio is None:
            return 0.0
        with wave.open(str(self.audio), "rb") as reader:
            return reader.getnframes() / reader.getframerate()

    @property
    def first_stage(self) -> Stage:
        """The stage for the rules that hold of any stage."""
        return next(iter(self.stages))

    def request(
        self,
        stage: Stage,
        *,
        model: ModelRef | None = None,
        option: tuple[str, object] | None = None,
    ) -> Request:
        """Build a request, with what its stage needs, and one option where it is given."""
        return build_request(
            stage,
            model or self.stage_models.get(stage, self.model),
            {**_NEEDED.get(stage, {}), **dict([option] if option else [])},
            segments=self.segments,
            language=None if stage is Stage.TRANSCRIBE else self.language,
        )

    def unsupported_option(self, stage: Stage) -> tuple[str, object] | None:
        """Return an option of the stage that the engine does not support, with a value."""
        kind = OPTIONS[stage]
        missing = sorted(set(kind.__struct_fields__) - self.stages[stage])
        return (missing[0], _sample_value(kind, missing[0])) if missing else None

    def audio_for(self, request: Request) -> Path | None:
        """Return the audio that goes with a request."""
        return None if isinstance(request, RefineRequest | TranslateRequest) else self.audio

    async def run(self, client: EngineClient, request: Request) -> Finished:
        """Run a request to its end."""
        audio = self.audio_for(request)
        async with aclosing(
            client.run(request, audio=audio, share_path=self.share_path)
        ) as messages:
            async for message in messages:
                if isinstance(message, Finished):
                    return message
        raise AssertionError("the stream ended without a result")


def _sample_value(kind: type[msgspec.Struct], name: str) -> object:
    for value in _SAMPLE_VALUES:
        try:
            msgspec.convert({name: value}, kind)
        except msgspec.ValidationError:
            continue
        return value
    raise AssertionError(f"no sample value for the option {name}")
