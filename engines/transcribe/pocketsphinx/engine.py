"""The engine around pocketsphinx: English, on any machine, with the model of its own package."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pocketsphinx
from endpointing import EndpointSettings, speech_regions, split
from expected_words import expect_words
from forced_alignment import Aligner
from recognition import Recogniser, join_regions, segments_of

from dalston_sdk.engine import SAMPLE_RATE, Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
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

_MODEL = "en-us"
_BETTER_MODEL = "use a model that can: dalston models pull faster-whisper-large-v3-turbo"


class PocketsphinxEngine(Engine):
    """Recognises and aligns English speech."""

    name = "pocketsphinx"
    version = "0.1.0"
    reads_parts = frozenset({Stage.ALIGN})
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: frozenset(
            {
                "language",
                "languages",
                "task",
                "hotwords",
                "word_timestamps",
                "vad",
                "min_speech_ms",
                "min_silence_ms",
                "speech_pad_ms",
                "max_speech_s",
            }
        ),
        Stage.ALIGN: frozenset(),
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._recogniser: Recogniser | None = None
        self._with_words: Recogniser | None = None
        self._aligner: Aligner | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load the acoustic model, the dictionary and the language model of the package."""
        if model.runtime_id != _MODEL:
            raise EngineError(
                ErrorCode.MODEL_MISSING,
                f"pocketsphinx has one model, {_MODEL}, and not {model.runtime_id}",
                hint="use --model pocketsphinx-en-us",
            )
        if not Path(pocketsphinx.get_model_path(_MODEL)).is_dir():
            raise EngineError(
                ErrorCode.MODEL_MISSING,
                "pocketsphinx is installed without its model",
                hint="install it again: pip install --force-reinstall pocketsphinx",
            )
        try:
            self._recogniser = Recogniser()
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                ErrorCode.MODEL_LOAD_FAILED, f"pocketsphinx cannot load {_MODEL}: {error}"
            ) from error
        return LoadedModel()

    def unload(self) -> None:
        """Drop the decoders."""
        self._recogniser = self._with_words = None
        self._aligner = None

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Decode chunk by chunk, reporting segments as they come."""
        options = request.options
        _check_supported(options)
        recogniser = self._loaded()
        expected = expect_words(options, recogniser.lookup, model_name=f"pocketsphinx {_MODEL}")
        if expected.phones:
            recogniser = self._expecting(expected.phones)
        settings = _read_settings(options)
        duration_s = len(audio) / SAMPLE_RATE
        with_vad = options.vad is not False
        if with_vad:
            regions = speech_regions(audio, settings)
        else:
            whole = SpeechRegion(start=0.0, end=duration_s)
            regions = split(audio, whole, settings.max_speech_s)
        segments: list[Segment] = []
        for chunk in join_regions(regions, settings.max_speech_s):
            context.check_cancelled()
            words = recogniser.recognise(audio, chunk)
            found = segments_of(
                words, first_id=len(segments), pause_s=settings.min_silence_ms / 1000
            )
            if options.word_timestamps is False:
                found = [_without_words(segment) for segment in found]
            segments += found
            if found:
                context.partial(found)
            context.progress(chunk.end, duration_s)
        return TranscribeResult(
            language="en",
            segments=tuple(segments),
            speech_regions=tuple(regions) if with_vad else (),
            effective=_effective(options, settings) | {"hotwords": expected.hotwords},
            warnings=expected.warnings,
        )

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        """Align every segment with its audio."""
        _check_language(request.language)
        self._aligner = self._aligner or Aligner()
        duration_s = len(audio) / SAMPLE_RATE
        segments: list[Segment] = []
        warnings: list[Notice] = []
        for segment in request.segments:
            context.check_cancelled()
            aligned, fits = self._aligner.align(segment, audio)
            segments.append(aligned)
            if not fits:
                warnings.append(_alignment_failed(segment))
            context.progress(min(segment.end, duration_s), duration_s)
        return AlignResult(segments=tuple(segments), warnings=tuple(warnings))

    def _expecting(self, phones: Mapping[str, str]) -> Recogniser:
        """Return a recogniser with more words; the last one is kept."""
        if self._with_words is None or self._with_words.phones != phones:
            self._with_words = Recogniser(phones)
        return self._with_words

    def _loaded(self) -> Recogniser:
        if self._recogniser is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return self._recogniser


def _check_supported(options: TranscribeOptions) -> None:
    if options.language is not None:
        _check_language(options.language)
    elif options.languages and not any(_is_english(language) for language in options.languages):
        _check_language(options.languages[0])
    if options.task == "translate":
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION, "pocketsphinx does not translate", hint=_BETTER_MODEL
        )
    if options.max_speech_s is not None and options.max_speech_s <= 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "max_speech_s must be more than 1 second")


def _check_language(language: str) -> None:
    if not _is_english(language):
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"pocketsphinx understands English only, and not {language}",
            hint=_BETTER_MODEL,
        )


def _is_english(language: str) -> bool:
    return language.lower().split("-")[0] == "en"


def _read_settings(options: TranscribeOptions) -> EndpointSettings:
    return EndpointSettings(
        **{
            name: value if (value := getattr(options, name)) is not None else default
            for name, default in vars(EndpointSettings()).items()
        }
    )


def _effective(options: TranscribeOptions, settings: EndpointSettings) -> dict[str, object]:
    return {
        "language": "en",
        "languages": options.languages,
        "task": "transcribe",
        "vad": options.vad is not False,
        "word_timestamps": options.word_timestamps is not False,
        **vars(settings),
    }


def _without_words(segment: Segment) -> Segment:
    return Segment(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        text=segment.text,
        language=segment.language,
        confidence=segment.confidence,
    )


def _alignment_failed(segment: Segment) -> Notice:
    return Notice(
        code="alignment_failed",
        message="The text could not be found in the audio; word times are spread evenly.",
        stage=Stage.ALIGN.value,
        start=segment.start,
        end=segment.end,
    )
