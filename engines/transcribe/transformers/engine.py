"""The engine around Hugging Face's transformers: recognisers of many families."""

import gc
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec

from dalston_sdk.decoding import SUPPORTED_OPTIONS, Decoding, Speech, find_speech
from dalston_sdk.engine import LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.phrases import PHRASE_OPTIONS, Expected
from dalston_sdk.silero_vad import SpeechDetector
from dalston_sdk.splitting import not_split, wants_speech_only
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.transcribing import Found, transcribe_chunks
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    Notice,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

if TYPE_CHECKING:
    from adapter import Adapter, Told


class TransformersEngine(TorchEngine):
    """Recognises speech with models in the hub's own format."""

    name = "transformers"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: SUPPORTED_OPTIONS | PHRASE_OPTIONS | {"initial_prompt"}
    }
    keeps_freed_memory = True

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        # Before anything imports the hub's client.
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        self._adapter: Adapter | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load a folder with ``config.json`` and safetensors."""
        # The library takes seconds to import, and the engine has to answer before that.
        from loading import load_model  # noqa: PLC0415 - see above
        from registry import adapter_of  # noqa: PLC0415 - likewise

        # The library's objects stay in memory; collecting garbage among them takes seconds.
        if not gc.get_freeze_count():
            gc.freeze()
        loaded = load_model(model, self.device)
        self._adapter = adapter_of(loaded)
        return LoadedModel(compute_type=loaded.compute_type)

    def unload(self) -> None:
        """Drop the weights and free their memory."""
        if self._adapter is None:
            return
        self._adapter = None
        release_memory(self.device)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Find the speech and its language, then decode chunk by chunk."""
        from languages import (  # noqa: PLC0415 - imports the library
            check_language,
            detect_language,
            with_language_of_segments,
        )
        from options import expect, plan, prompt_of  # noqa: PLC0415 - likewise

        if self._adapter is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        adapter = self._adapter
        if adapter.traits.takes_whole and wants_speech_only(request):
            return not_split("the model reads it as a whole")
        decoding = plan(request.options, adapter.traits, device=self.device)
        options, shortened = adapter.fit_prompts(request.options)
        expected = expect(options, adapter)
        language = check_language(options, adapter.traits)
        speech = find_speech(audio, request, decoding, SpeechDetector(), context.check_cancelled)
        if language is None:
            language = detect_language(adapter, options, audio, speech.regions)
        warnings = (
            *(*decoding.warnings, *shortened),
            *(*expected.warnings, *_apart(adapter, speech)),
        )
        decoding = replace(decoding, warnings=warnings)
        told = _told(decoding, language.spoken, prompt_of(options), expected)
        found = Found(
            decoding=decoding,
            language=language,
            speech=_joined(speech, adapter, decoding),
            fitter=self.fitter(request, decoding.batch_size),
            min_chunk_s=adapter.traits.min_chunk_s,
        )

        def decode(
            chunks: list[Samples], batch: Sequence[SpeechRegion], first_id: int
        ) -> list[Segment]:
            return adapter.segments(list(zip(chunks, batch, strict=True)), told, first_id)

        result = transcribe_chunks(request, audio, found, decode, context)
        return with_language_of_segments(_reported(result, speech, options, expected))


def _apart(adapter: "Adapter", speech: Speech) -> tuple[Notice, ...]:
    """Return a notice if speakers are told apart in each of several chunks alone."""
    if not adapter.traits.takes_whole or len(speech.regions) < 2:  # noqa: PLR2004 - several
        return ()
    message = (
        f"The recording was decoded in {len(speech.regions)} chunks, and speakers have other "
        "labels in each of them."
    )
    return (Notice(code="speakers_by_chunk", message=message, stage=Stage.TRANSCRIBE.value),)


def _joined(speech: Speech, adapter: "Adapter", decoding: Decoding) -> Speech:
    """Join regions for a model that takes as long for a short chunk as for a long one."""
    from languages import joined  # noqa: PLC0415 - imports the library

    up_to_s = min(adapter.traits.joins_up_to_s, decoding.vad.max_speech_s)
    if not up_to_s or not decoding.with_words:
        return speech
    return replace(speech, regions=joined(speech.regions, up_to_s))


def _reported(
    result: TranscribeResult, speech: Speech, options: TranscribeOptions, expected: Expected
) -> TranscribeResult:
    """Report the regions as they were found, and every option that was in force."""
    alone = [region for region in result.speech_regions if region in speech.alone]
    regions = sorted([*speech.regions, *alone], key=lambda region: region.start)
    return msgspec.structs.replace(
        result,
        speech_regions=tuple(regions) if result.speech_regions else (),
        effective={
            **result.effective,
            **expected.effective,
            "initial_prompt": options.initial_prompt,
        },
    )


def _told(decoding: Decoding, spoken: str | None, prompt: str | None, expected: Expected) -> "Told":
    from adapter import Told  # noqa: PLC0415 - imports the library

    return Told(
        language=spoken,
        into="en" if decoding.into_english else spoken,
        with_words=decoding.with_words,
        prompt=prompt,
        phrases=expected.phrases,
    )
