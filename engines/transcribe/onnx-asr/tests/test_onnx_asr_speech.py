"""onnx-asr, the real library in its own environment: right words at the right times."""

import asyncio
import math
import re
import struct
import wave
from collections.abc import Callable, Mapping
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import jiwer
import pytest
from tests.support.speech import needs_flite
from tests.support.tiny_whisper import SENTENCES as WHISPER_SENTENCES
from tests.support.tiny_whisper import say_sentences

from dalston_cli.catalog.schema import EngineEntry
from dalston_sdk.testing import StartLine, Subject, check_engine
from dalston_sdk.wire import (
    Finished,
    ModelRef,
    Partial,
    Progress,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

pytestmark = needs_flite

WITH_TIMES = ("ctc", "rnnt", "tdt", "vosk", "gigaam")


def normalise(text: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


def text_of(result: TranscribeResult) -> str:
    return normalise(" ".join(segment.text for segment in result.segments))


def words_of(result: TranscribeResult) -> list[Word]:
    return [word for segment in result.segments for word in segment.words]


@pytest.mark.slow
def test_onnx_asr_conforms(
    entry: EngineEntry,
    start_line: Callable[[str], StartLine],
    models: Mapping[str, ModelRef],
    speech: Any,
) -> None:
    stages = {stage: frozenset(support.options) for stage, support in entry.stages.items()}
    check_engine(
        Subject(
            start=start_line("cpu"),
            model=models["tdt"],
            other_model=models["whisper"],
            audio=speech.wav,
            stages=stages,
        )
    )


@pytest.mark.parametrize("batch_size", [1, 5], ids=["one-by-one", "batched"])
@pytest.mark.parametrize("family", WITH_TIMES)
def test_words_and_times_are_right(
    engine: Any, models: Mapping[str, ModelRef], speech: Any, family: str, batch_size: int
) -> None:
    result = engine.finish(
        speech.wav, model=models[family], batch_size=batch_size, min_silence_ms=300
    )

    assert jiwer.wer(speech.text, text_of(result)) <= 0.05
    words = words_of(result)
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 < (word.confidence or 0) <= 1 for word in words)
    for sentence in speech.sentences:
        inside = [
            word for word in words if sentence.start < (word.start + word.end) / 2 < sentence.end
        ]
        assert len(inside) == pytest.approx(len(sentence.text.split()), abs=1)
        assert abs(inside[0].start - sentence.start) < 0.1
        assert abs(inside[-1].end - sentence.end) < 0.3


def test_canary_gives_segments_where_speech_is(
    engine: Any, models: Mapping[str, ModelRef], speech: Any
) -> None:
    result = engine.finish(speech.wav, model=models["canary"], language="en")

    assert jiwer.wer(speech.text, text_of(result)) <= 0.05
    check_times_of_regions(result)


def test_whisper_gives_segments_where_speech_is(
    engine: Any, models: Mapping[str, ModelRef], tmp_path: Path
) -> None:
    wav = say_sentences(tmp_path)
    result = engine.finish(wav, model=models["whisper"], max_speech_s=10)

    assert jiwer.wer(normalise(" ".join(WHISPER_SENTENCES)), text_of(result)) <= 0.15
    assert result.language == "en"
    assert result.language_scores["en"] > 0.5
    check_times_of_regions(result)


def check_times_of_regions(result: TranscribeResult) -> None:
    assert words_of(result) == []
    assert result.effective["word_timestamps"] is False
    for segment, region in zip(result.segments, result.speech_regions, strict=True):
        assert (segment.start, segment.end) == (region.start, region.end)


def test_words_end_where_a_pause_begins(engine: Any, speech: Any) -> None:
    """Sentences in one stretch: the last word of each does not swallow the silence after it."""
    result = engine.finish(speech.wav, min_silence_ms=2000, max_speech_s=20)

    words = words_of(result)
    gaps = []
    for sentence in speech.sentences[:-1]:
        before = [word for word in words if word.start < sentence.end]
        after = [word for word in words if word.start >= sentence.end]
        gaps.append(after[0].start - before[-1].end)
    assert len(result.segments) < len(speech.sentences)
    assert median(gaps) > 0.8


def test_a_long_recording_without_pauses_is_cut_and_keeps_its_time(
    engine: Any, monologue: Any
) -> None:
    result = engine.finish(monologue.wav, max_speech_s=15, min_silence_ms=2000, speech_pad_ms=400)

    assert all(region.end - region.start <= 15.001 for region in result.speech_regions)
    assert all(before.end <= after.start for before, after in pairwise(result.speech_regions))
    assert len(result.segments) >= 6
    words = words_of(result)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert jiwer.wer(monologue.text, text_of(result)) <= 0.1
    late = [
        min(abs(word.start - sentence.start) for word in words) for sentence in monologue.sentences
    ]
    assert max(late) < 0.2


def test_without_vad_all_of_the_recording_is_decoded(engine: Any, speech: Any) -> None:
    result = engine.finish(speech.wav, vad=False, max_speech_s=12)

    assert result.speech_regions == ()
    assert jiwer.wer(speech.text, text_of(result)) <= 0.1


def test_without_words_segments_still_have_the_words_times(engine: Any, speech: Any) -> None:
    with_words = engine.finish(speech.wav)
    result = engine.finish(speech.wav, word_timestamps=False)

    assert words_of(result) == []
    assert [(each.start, each.end, each.text) for each in result.segments] == [
        (each.start, each.end, each.text) for each in with_words.segments
    ]


@pytest.mark.parametrize("family", ["tdt", "canary", "whisper", "ctc"])
def test_silence_gives_nothing(
    engine: Any, models: Mapping[str, ModelRef], tmp_path: Path, family: str
) -> None:
    wav = tone(tmp_path / "silence.wav", amplitude=0.0)
    result = engine.finish(wav, model=models[family], languages=("en",))
    assert result.segments == ()
    assert result.speech_regions == ()


@pytest.mark.parametrize("family", [*WITH_TIMES, "canary", "whisper"])
def test_a_hundredth_of_a_second_is_no_trouble(
    engine: Any, models: Mapping[str, ModelRef], tmp_path: Path, family: str
) -> None:
    wav = tone(tmp_path / "short.wav", amplitude=0.1, seconds=0.01)
    result = engine.finish(wav, model=models[family], vad=False, languages=("en",))
    assert all(segment.end <= 0.01 for segment in result.segments)


def test_segments_come_as_they_are_found(engine: Any, speech: Any) -> None:
    messages = engine.messages(speech.wav, batch_size=2)

    partial = [each for each in messages if isinstance(each, Partial)]
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    last = messages[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, TranscribeResult)
    assert len(partial) >= 3
    assert tuple(each for part in partial for each in part.segments) == last.result.segments
    assert done == sorted(done)
    with wave.open(str(speech.wav), "rb") as reader:
        assert done[-1] == pytest.approx(reader.getnframes() / reader.getframerate())


def test_a_request_nobody_waits_for_ends_between_two_stretches(
    engine: Any, monologue: Any, tmp_path: Path
) -> None:
    """An hour takes long; after the first segment of it the engine is free within a moment."""
    hour = tmp_path / "hour.wav"
    with wave.open(str(monologue.wav), "rb") as reader, wave.open(str(hour), "wb") as writer:
        writer.setparams(reader.getparams())
        samples = reader.readframes(reader.getnframes())
        for _ in range(3600 * 32_000 // len(samples)):
            writer.writeframes(samples)

    async def abandon() -> float:
        done_s = 0.0
        request = TranscribeRequest(
            model=engine.model, options=TranscribeOptions(vad=False, max_speech_s=10)
        )
        async with engine.process.client() as client:
            stream = client.run(request, audio=hour, share_path=True)
            async with aclosing(stream):
                async for message in stream:
                    if isinstance(message, Progress) and message.phase == "run" and message.done_s:
                        done_s = message.done_s
                        break
            while (await client.health()).running:
                continue
        return done_s

    assert asyncio.run(abandon()) < 60
    assert engine.finish(monologue.wav).segments


def tone(wav: Path, *, amplitude: float, seconds: float = 10) -> Path:
    """A sine wave of 440 Hz."""
    rate = 16_000
    frames = b"".join(
        struct.pack("<h", round(32_767 * amplitude * math.sin(2 * math.pi * 440 * index / rate)))
        for index in range(int(rate * seconds))
    )
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(frames)
    return wav
