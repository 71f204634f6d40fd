"""An engine without a model: deterministic results, and every kind of misbehaviour on demand.

It exists for tests of the SDK, the launchers and the pipeline; README.md tells its knobs.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.engines.fake.knobs import read_knobs
    from tests.engines.fake.tones import told_apart
else:
    from knobs import read_knobs
    from tones import told_apart

from dalston_sdk import protocol
from dalston_sdk.engine import SAMPLE_RATE, Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.languages import Language
from dalston_sdk.protocol import ProtocolRange
from dalston_sdk.splitting import given_speech, not_split, speech_only, wants_speech_only
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    AudioEvent,
    DiarizeRequest,
    DiarizeResult,
    Emotion,
    EmotionRequest,
    EmotionResult,
    ErrorCode,
    EventsRequest,
    EventsResult,
    ModelRef,
    Notice,
    RefineRequest,
    RefineResult,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    Stage,
    TokenUsage,
    TranscribeRequest,
    TranscribeResult,
    TranslateRequest,
    TranslateResult,
    Word,
)

KNOBS = read_knobs()
STARTED = time.time()

DEFAULT_BATCH = 16
REFINING_USD = 0.4
EMOTIONS = ("neutral", "happy", "sad", "angry")
STEP_S = 0.02

if KNOBS.crash_before_ready:
    os._exit(70)
time.sleep(KNOBS.start_s)
if KNOBS.protocol is not None:
    # An engine with an SDK of another age, as seen from outside.
    protocol.OURS = ProtocolRange(KNOBS.protocol, KNOBS.protocol)


class FakeEngine(Engine):
    """Answers at once, or misbehaves as its knobs say."""

    name = "fake"
    version = "1.0.0"
    options = {  # noqa: RUF012 - declared as ClassVar in the base
        Stage.TRANSCRIBE: frozenset(
            {"language", "batch_size", "beam_size", "initial_prompt", "word_timestamps"}
        ),
        Stage.ALIGN: frozenset({"batch_size"}),
        Stage.DIARIZE: frozenset({"num_speakers", "min_speakers", "max_speakers"}),
        Stage.EMOTION: frozenset({"threshold"}),
        Stage.EVENTS: frozenset({"threshold", "labels"}),
        Stage.REFINE: frozenset({"level", "max_cost_usd", "summary"}),
        Stage.TRANSLATE: frozenset({"languages", "max_cost_usd"}),
    }
    slots = KNOBS.slots
    splits = KNOBS.splits

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self.model: ModelRef | None = None
        self._runs = 0

    def check_device(self) -> str:
        time.sleep(KNOBS.device_s)
        if KNOBS.device_lost or _changed_since_start(KNOBS.device_lost_by):
            raise EngineError(ErrorCode.DEVICE_LOST, "the fake device is lost")
        return self.device if KNOBS.any_device else super().check_device()

    def load(self, model: ModelRef) -> LoadedModel:
        _note("load", model)
        time.sleep(KNOBS.load_s)
        if model.runtime_id == "missing":
            raise EngineError(ErrorCode.MODEL_MISSING, "the fake model is missing")
        if model.runtime_id == "broken":
            raise OSError("the fake model is broken")
        self.model = model
        warnings: tuple[Notice, ...] = ()
        if model.runtime_id == "warns":
            warnings = (Notice(code="fake_warning", message="the fake model warns"),)
        return LoadedModel(compute_type=model.compute_type or "fake32", warnings=warnings)

    def unload(self) -> None:
        if self.model is not None:
            _note("unload", self.model)
        self.model = None

    def is_out_of_memory(self, error: Exception) -> bool:
        return super().is_out_of_memory(error) or "out of fake memory" in str(error)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        self._misbehave(request.options.batch_size, context)
        if self.model is not None and self.model.runtime_id == "wrong":
            return DiarizeResult(turns=())  # type: ignore[return-value]  # the point
        duration_s = len(audio) / SAMPLE_RATE
        with_words = request.options.word_timestamps is not False
        if wants_speech_only(request):
            return _speech(duration_s)
        part = given_speech(request)
        segments = []
        for segment in _segments(duration_s, with_words=with_words):
            if part is not None and not any(each.start == segment.start for each in part.regions):
                continue
            _work(segment.end - segment.start, context)
            segments.append(segment)
            context.progress(segment.end, duration_s)
            context.partial([segment])
            self._break_off()
        self._return_nonsense(segments)
        language = request.options.language or "en"
        return TranscribeResult(
            language=language,
            segments=tuple(segments),
            language_scores={language: 1.0},
            effective={
                "language": language,
                "batch_size": request.options.batch_size or DEFAULT_BATCH,
                "beam_size": request.options.beam_size or 5,
                "initial_prompt": request.options.initial_prompt,
                "word_timestamps": with_words,
            },
        )

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        self._misbehave(request.options.batch_size, context)
        _work(len(audio) / SAMPLE_RATE, context)
        aligned = tuple(_aligned(segment) for segment in request.segments)
        return AlignResult(segments=aligned, effective={"batch_size": DEFAULT_BATCH})

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        self._misbehave(None, context)
        duration_s = len(audio) / SAMPLE_RATE
        _work(duration_s, context)
        if self.model is not None and self.model.runtime_id == "tones":
            return told_apart(audio)
        count = request.options.num_speakers or request.options.min_speakers or 2
        turns = tuple(
            SpeakerTurn(start=start, end=end, speaker=f"SPEAKER_{index % count:02d}")
            for index, (start, end) in enumerate(_seconds(duration_s))
        )
        embeddings: dict[str, tuple[float, ...]] = {
            turn.speaker: (float(turn.speaker[-2:]), 1.0) for turn in turns
        }
        return DiarizeResult(
            turns=turns,
            embeddings=embeddings,
            effective={"num_speakers": count, "min_speakers": None, "max_speakers": None},
        )

    def detect_emotion(
        self, request: EmotionRequest, audio: Samples, context: RunContext
    ) -> EmotionResult:
        self._misbehave(None, context)
        _work(len(audio) / SAMPLE_RATE, context)
        labels = {segment.id: EMOTIONS[segment.id % len(EMOTIONS)] for segment in request.segments}
        return EmotionResult(
            emotions={
                number: Emotion(label=label, score=0.75, scores={label: 0.75})
                for number, label in labels.items()
            },
            effective={"threshold": request.options.threshold or 0.5},
        )

    def detect_events(
        self, request: EventsRequest, audio: Samples, context: RunContext
    ) -> EventsResult:
        self._misbehave(None, context)
        duration_s = len(audio) / SAMPLE_RATE
        _work(duration_s, context)
        labels = request.options.labels or ("Knock",)
        events = tuple(
            AudioEvent(start=start, end=end, label=labels[index % len(labels)], score=0.9)
            for index, (start, end) in enumerate(_seconds(duration_s))
            if index % 2 == 0
        )
        return EventsResult(
            events=events,
            effective={"threshold": request.options.threshold or 0.5, "labels": list(labels)},
        )

    def refine(self, request: RefineRequest, context: RunContext) -> RefineResult:
        self._misbehave(None, context)
        limit_usd = request.options.max_cost_usd
        if limit_usd is not None and limit_usd < REFINING_USD:
            raise EngineError(ErrorCode.INVALID_REQUEST, f"{limit_usd:g} dollars are not enough")
        texts = {segment.id: f"{segment.text.capitalize()}." for segment in request.segments}
        return RefineResult(
            texts=texts if request.options.level != "none" else {},
            summary=f"It begins: {request.segments[0].text}" if request.options.summary else None,
            usage=TokenUsage(requests=1, input_tokens=9, output_tokens=9, cost_usd=REFINING_USD),
            effective={
                "level": request.options.level or "standard",
                "max_cost_usd": limit_usd,
                "summary": bool(request.options.summary),
            },
        )

    def translate(self, request: TranslateRequest, context: RunContext) -> TranslateResult:
        self._misbehave(None, context)
        limit_usd = request.options.max_cost_usd
        if limit_usd is not None and limit_usd < REFINING_USD:
            raise EngineError(ErrorCode.INVALID_REQUEST, f"{limit_usd:g} dollars are not enough")
        languages = request.options.languages or ()
        texts = {
            language: {each.id: f"{language}: {each.text}" for each in request.segments}
            for language in languages
        }
        return TranslateResult(
            texts=texts,
            usage=TokenUsage(requests=1, input_tokens=9, output_tokens=9, cost_usd=REFINING_USD),
            effective={"languages": list(languages), "max_cost_usd": limit_usd},
        )

    def _misbehave(self, batch_size: int | None, context: RunContext) -> None:
        if self.model is not None:
            _note("run", self.model)
        if KNOBS.crash_on_run and self._count_run() == KNOBS.crash_on_run:
            os._exit(71)
        if KNOBS.max_batch and (batch_size or DEFAULT_BATCH) > KNOBS.max_batch:
            raise RuntimeError("out of fake memory")
        if self.model is not None and self.model.runtime_id == "raises":
            raise ZeroDivisionError("the fake model divides by zero")
        # Deaf to cancellation for this long, as a long call into a library is.
        time.sleep(KNOBS.deaf_s)
        while KNOBS.hang:
            time.sleep(STEP_S)
            context.check_cancelled()

    def _return_nonsense(self, segments: list[Segment]) -> None:
        """Replace the result by an invalid one, for the models that ask for that."""
        runtime_id = None if self.model is None else self.model.runtime_id
        if runtime_id == "numpy":
            segments.append(Segment(id=99, start=np.float32(0), end=1.0, text=""))  # type: ignore[arg-type]  # the point
        if runtime_id == "nan":
            segments.append(Segment(id=99, start=float("nan"), end=1.0, text=""))
        if runtime_id == "exits":
            raise SystemExit(3)

    def _count_run(self) -> int:
        """Return the number of this run, across restarts if there is a counter file."""
        self._runs += 1
        if KNOBS.counter is not None:
            with KNOBS.counter.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # several engines may count at once
                known = KNOBS.counter.read_text(encoding="ascii") if KNOBS.counter.exists() else "0"
                self._runs = int(known) + 1
                whole = KNOBS.counter.with_suffix(".new")  # tests kill us at any moment
                whole.write_text(str(self._runs), encoding="ascii")
                whole.replace(KNOBS.counter)
        return self._runs

    def _break_off(self) -> None:
        if KNOBS.half_a_reply:
            # The partial result has to be on its way before the process dies.
            time.sleep(0.3)
            os._exit(72)


def _speech(duration_s: float) -> TranscribeResult:
    """Return a region and a window for every second."""
    if KNOBS.in_order:
        return not_split("the fake engine goes through it in order")
    regions = [SpeechRegion(start=start, end=end) for start, end in _seconds(duration_s)]
    return speech_only(regions, (), range(len(regions)), Language(spoken="en", scores={"en": 1.0}))


def _work(audio_s: float, context: RunContext) -> None:
    """Sleep for the wall time configured for ``audio_s`` seconds of audio."""
    end = time.monotonic() + audio_s * KNOBS.run_s_per_audio_s
    context.check_cancelled()
    while time.monotonic() < end:
        time.sleep(min(STEP_S, max(0.0, end - time.monotonic())))
        context.check_cancelled()


def _seconds(duration_s: float) -> Iterator[tuple[float, float]]:
    """Return each second of the audio; the last one may be shorter."""
    start = 0
    while start < duration_s:
        yield float(start), min(start + 1.0, duration_s)
        start += 1


def _segments(duration_s: float, *, with_words: bool) -> Iterator[Segment]:
    """Return one segment per second, with two words each."""
    for number, (start, end) in enumerate(_seconds(duration_s)):
        words = _words(f"word{2 * number} word{2 * number + 1}", start, end)
        yield Segment(
            id=number,
            start=start,
            end=end,
            text="".join(word.text for word in words).strip(),
            words=words if with_words else (),
            language="en",
        )


def _aligned(segment: Segment) -> Segment:
    return Segment(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        text=segment.text,
        words=_words(segment.text, segment.start, segment.end),
        language=segment.language,
        speaker=segment.speaker,
    )


def _words(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of ``text``, all of the same length."""
    texts = text.split()
    step_s = (end - start) / max(len(texts), 1)
    return tuple(
        Word(
            text=f" {each}",
            start=start + index * step_s,
            end=start + (index + 1) * step_s,
            confidence=0.9,
        )
        for index, each in enumerate(texts)
    )


def _changed_since_start(file: Path | None) -> bool:
    return file is not None and file.exists() and file.stat().st_mtime > STARTED


def _note(event: str, model: ModelRef) -> None:
    """Append a line to the log, for tests that count loads."""
    if KNOBS.load_log is not None:
        with KNOBS.load_log.open("a", encoding="utf-8") as file:
            file.write(f"{event} {model.runtime_id}\n")
