"""pocketsphinx through its real process: words, times, alignment, and what it refuses."""

import asyncio
import re
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, Speech, write_pcm
from tests.support.speech import SENTENCES, needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import (
    ErrorCode,
    Finished,
    ModelRef,
    Partial,
    Segment,
    Stage,
    TranscribeResult,
)

pytestmark = needs_flite


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


@pytest.mark.slow  # a process of its own that transcribes five times
def test_pocketsphinx_conforms(
    under_test: EngineUnderTest, model: ModelRef, short_speech: Speech
) -> None:
    first = short_speech.sentences[0]
    segment = Segment(id=0, start=first.start, end=first.end, text=first.text)
    check_engine(under_test.subject(model, short_speech.wav, segments=(segment,)))


def test_most_words_of_clear_speech_are_right(engine: RunningEngine, monologue: Speech) -> None:
    result = engine.transcribe(monologue.wav)
    assert jiwer.wer(" ".join(SENTENCES), text_of(result)) <= 0.25
    assert len(result.segments) == len(SENTENCES)
    assert len(result.speech_regions) == len(SENTENCES)
    words = [word for segment in result.segments for word in segment.words]
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in words)
    assert not any(re.search(r"[<>\[\]()]", word.text) for word in words)


def test_segments_come_while_it_works(engine: RunningEngine, short_speech: Speech) -> None:
    stream = engine.messages(engine.request(Stage.TRANSCRIBE), short_speech.wav)
    early = [
        part for message in stream if isinstance(message, Partial) for part in message.segments
    ]
    last = stream[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, TranscribeResult)
    assert tuple(early) == last.result.segments


def test_a_result_does_not_depend_on_the_request_before(
    engine: RunningEngine, short_speech: Speech, sentence: Speech
) -> None:
    first = engine.transcribe(short_speech.wav)
    engine.transcribe(sentence.wav)
    assert engine.transcribe(short_speech.wav) == first


def test_it_answers_while_it_works(engine: RunningEngine, short_speech: Speech) -> None:
    async def count() -> int:
        answers = 0
        process = engine.process
        async with process.client() as client, process.client() as other:
            request = engine.request(Stage.TRANSCRIBE)

            async def run() -> None:
                async with aclosing(
                    client.run(request, audio=short_speech.wav, share_path=True)
                ) as stream:
                    async for _ in stream:
                        continue

            work = asyncio.ensure_future(run())
            while not work.done():
                answers += (await other.health()).status == "busy"
            await work
        return answers

    assert asyncio.run(count()) >= 10


@pytest.mark.parametrize(
    ("options", "num_regions"),
    [
        pytest.param({"min_silence_ms": 3000}, 1, id="long-silences-only"),
        pytest.param({"min_speech_ms": 60_000}, 0, id="long-speech-only"),
        pytest.param({"vad": False, "word_timestamps": False}, 0, id="without-vad-and-words"),
    ],
)
def test_options_are_in_force(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any], num_regions: int
) -> None:
    result = engine.transcribe(short_speech.wav, max_speech_s=120.0, **options)
    assert len(result.speech_regions) == num_regions
    assert options.items() <= result.effective.items()
    assert any(segment.words for segment in result.segments) == (
        options.get("word_timestamps", True) and num_regions > 0
    )


def test_no_region_is_longer_than_allowed(engine: RunningEngine, short_speech: Speech) -> None:
    result = engine.transcribe(short_speech.wav, min_silence_ms=3000, max_speech_s=5.0)
    assert max(region.end - region.start for region in result.speech_regions) <= 5.0


@pytest.mark.parametrize("seconds", [0.01, 3.0], ids=["a-moment", "a-while"])
def test_silence_gives_nothing(engine: RunningEngine, tmp_path: Path, seconds: float) -> None:
    wav = write_pcm(tmp_path / "silence.wav", np.zeros(int(RATE * seconds), np.int16))
    assert engine.transcribe(wav).segments == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "de"}, "English only"),
        ({"languages": ("fr", "de")}, "English only"),
        ({"task": "translate"}, "does not translate"),
        ({"beam_size": 5}, "beam_size"),
        ({"initial_prompt": "Dalston"}, "initial_prompt"),
        ({"hotwords": ("Dalston",), "hotword_weights": (2.0,)}, "hotword_weights"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unsupported_options_are_refused(
    engine: RunningEngine, sentence: Speech, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineRequestError, match=message) as caught:
        engine.transcribe(sentence.wav, **options)
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_english_of_any_country_is_accepted(engine: RunningEngine, sentence: Speech) -> None:
    assert engine.transcribe(sentence.wav, language="en-gb").language == "en"


def test_alignment_finds_every_word(engine: RunningEngine, sentence: Speech) -> None:
    spoken = engine.transcribe(sentence.wav)
    start, end = spoken.segments[0].start, spoken.segments[-1].end
    text = "Please send the 21 letters to Doctor Zbornak — today!"
    wanted = Segment(id=0, start=start, end=end, text=text)
    (segment,) = engine.align(sentence.wav, [wanted]).segments
    assert "".join(word.text for word in segment.words).strip() == text
    assert all(start <= word.start < word.end <= end for word in segment.words)
    assert all(before.end <= after.start for before, after in pairwise(segment.words))
    assert [word.text.strip() for word in segment.words if word.interpolated] == ["—"]
    transcribed = {word.text: word.start for part in spoken.segments for word in part.words}
    aligned = {word.text.lower(): word.start for word in segment.words}
    for word in (" please", " letters"):
        assert aligned[word] == pytest.approx(transcribed[word], abs=0.15)


def test_a_text_that_does_not_fit_gets_even_times_and_a_warning(
    engine: RunningEngine, sentence: Speech
) -> None:
    segment = Segment(id=0, start=0.5, end=0.8, text=" ".join(SENTENCES))
    result = engine.align(sentence.wav, [segment])
    assert [warning.code for warning in result.warnings] == ["alignment_failed"]
    assert all(word.interpolated for word in result.segments[0].words)


def test_alignment_is_english_too(engine: RunningEngine, sentence: Speech) -> None:
    segment = Segment(id=0, start=0.5, end=0.8, text="hallo")
    with pytest.raises(EngineRequestError, match="English only"):
        engine.align(sentence.wav, [segment], language="de")


def test_memory_is_flat_over_the_length_of_a_recording(
    under_test: EngineUnderTest, model: ModelRef, tmp_path: Path
) -> None:
    """Half an hour of noise and pauses costs little more than its samples."""
    burst = np.array([(index * 7919) % 2000 - 1000 for index in range(800)], np.int16)
    second = np.concatenate([burst, np.zeros(15_500, np.int16)])
    wav = write_pcm(tmp_path / "noise.wav", np.tile(second, 1800))
    with under_test.running(model) as engine:
        engine.transcribe(wav, min_speech_ms=2000)
        rss_mb = engine.health().rss_mb
    assert rss_mb < 120 + 30 * 60 * RATE * 4 * 2 / 1_048_576


def test_lock_and_requirements_name_the_same_library(under_test: EngineUnderTest) -> None:
    lock = (under_test.folder / "requirements.lock").read_text(encoding="utf-8")
    wanted = (under_test.folder / "requirements.in").read_text(encoding="utf-8")
    names = re.findall(r"^([a-z-]+)", wanted, re.MULTILINE)
    assert all(
        re.search(rf"^{name}==.*\\\n\s+--hash=sha256:", lock, re.MULTILINE) for name in names
    )
