"""pocketsphinx through its real process: words, times, alignment, and what it refuses."""

import asyncio
import re
import struct
import wave
from collections.abc import Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import pytest
import yaml
from tests.support.speech import SENTENCES, needs_flite, say

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import EngineProcess, StartLine, Subject, check_engine
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    ErrorCode,
    Finished,
    ModelRef,
    Partial,
    Request,
    Segment,
    Stage,
    StreamMessage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

pytestmark = needs_flite

FOLDER = Path(__file__).resolve().parent.parent
MODEL = ModelRef(runtime_id="en-us")
RATE = 16_000
LINE = StartLine(engine_dir=FOLDER)


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess(LINE) as process:
        yield process


@pytest.fixture(scope="module")
def monologue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All test sentences, by two voices, with pauses between them."""
    folder = tmp_path_factory.mktemp("monologue")
    samples = bytes(RATE)
    for index, sentence in enumerate(SENTENCES):
        wav = say(sentence, folder / f"{index}.wav", voice=("slt", "rms")[index % 2])
        with wave.open(str(wav), "rb") as reader:
            samples += reader.readframes(reader.getnframes()) + bytes(2 * RATE)
    return write(folder / "monologue.wav", samples)


@pytest.fixture(scope="module")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = "please send the twenty one letters to doctor zbornak today"
    return say(text, tmp_path_factory.mktemp("sentence") / "sentence.wav")


def write(wav: Path, samples: bytes) -> Path:
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples)
    return wav


def messages(engine: EngineProcess, wav: Path, request: Request) -> list[StreamMessage]:
    async def run() -> list[StreamMessage]:
        async with (
            engine.client() as client,
            aclosing(client.run(request, audio=wav, share_path=True)) as stream,
        ):
            return [message async for message in stream]

    return asyncio.run(run())


def transcribe(engine: EngineProcess, wav: Path, **options: Any) -> TranscribeResult:
    request = TranscribeRequest(model=MODEL, options=TranscribeOptions(**options))
    last = messages(engine, wav, request)[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, TranscribeResult)
    return last.result


def align(engine: EngineProcess, wav: Path, *segments: Segment) -> AlignResult:
    request = AlignRequest(model=MODEL, language="en", segments=segments)
    last = messages(engine, wav, request)[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, AlignResult)
    return last.result


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


@pytest.mark.slow
def test_pocketsphinx_conforms(monologue: Path) -> None:
    entry = yaml.safe_load((FOLDER / "engine.yaml").read_text(encoding="utf-8"))
    check_engine(
        Subject(
            start=LINE,
            model=MODEL,
            audio=monologue,
            stages={
                Stage(name): frozenset(support.get("options", ()))
                for name, support in entry["stages"].items()
            },
            segments=(Segment(id=0, start=1.0, end=4.0, text=SENTENCES[0]),),
        )
    )


def test_most_words_of_clear_speech_are_right(engine: EngineProcess, monologue: Path) -> None:
    result = transcribe(engine, monologue)
    assert jiwer.wer(" ".join(SENTENCES), text_of(result)) <= 0.25
    assert len(result.segments) == len(SENTENCES)
    assert len(result.speech_regions) == len(SENTENCES)
    words = [word for segment in result.segments for word in segment.words]
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in words)
    assert not any(re.search(r"[<>\[\]()]", word.text) for word in words)


def test_segments_come_while_it_works(engine: EngineProcess, monologue: Path) -> None:
    stream = messages(engine, monologue, TranscribeRequest(model=MODEL))
    early = [
        part for message in stream if isinstance(message, Partial) for part in message.segments
    ]
    last = stream[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, TranscribeResult)
    assert tuple(early) == last.result.segments


def test_a_result_does_not_depend_on_what_was_heard_before(
    engine: EngineProcess, monologue: Path, sentence: Path
) -> None:
    first = transcribe(engine, monologue)
    transcribe(engine, sentence)
    assert transcribe(engine, monologue) == first


def test_it_answers_while_it_works(engine: EngineProcess, monologue: Path) -> None:
    async def count() -> int:
        answers = 0
        async with engine.client() as client, engine.client() as other:
            request = TranscribeRequest(model=MODEL)

            async def run() -> None:
                async with aclosing(
                    client.run(request, audio=monologue, share_path=True)
                ) as stream:
                    async for _ in stream:
                        continue

            work = asyncio.ensure_future(run())
            while not work.done():
                answers += (await other.health()).status == "busy"
            await work
        return answers

    assert asyncio.run(count()) >= 20


@pytest.mark.parametrize(
    ("options", "num_regions"),
    [
        pytest.param({"min_silence_ms": 3000}, 1, id="long-silences-only"),
        pytest.param({"min_speech_ms": 60_000}, 0, id="long-speech-only"),
        pytest.param({"vad": False, "word_timestamps": False}, 0, id="without-vad-and-words"),
    ],
)
def test_options_are_in_force(
    engine: EngineProcess, monologue: Path, options: dict[str, Any], num_regions: int
) -> None:
    result = transcribe(engine, monologue, max_speech_s=120.0, **options)
    assert len(result.speech_regions) == num_regions
    assert options.items() <= result.effective.items()
    assert any(segment.words for segment in result.segments) == (
        options.get("word_timestamps", True) and num_regions > 0
    )


def test_no_region_is_longer_than_allowed(engine: EngineProcess, monologue: Path) -> None:
    result = transcribe(engine, monologue, min_silence_ms=3000, max_speech_s=5.0)
    assert max(region.end - region.start for region in result.speech_regions) <= 5.0


@pytest.mark.parametrize("seconds", [0.01, 3.0], ids=["a-moment", "a-while"])
def test_silence_gives_nothing(engine: EngineProcess, tmp_path: Path, seconds: float) -> None:
    wav = write(tmp_path / "silence.wav", bytes(2 * int(RATE * seconds)))
    assert transcribe(engine, wav).segments == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "de"}, "English only"),
        ({"languages": ("fr", "de")}, "English only"),
        ({"task": "translate"}, "does not translate"),
        ({"beam_size": 5}, "beam_size"),
        ({"hotwords": ("Dalston",)}, "hotwords"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_it_cannot_do_is_refused(
    engine: EngineProcess, sentence: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineRequestError, match=message) as caught:
        transcribe(engine, sentence, **options)
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_english_of_any_country_will_do(engine: EngineProcess, sentence: Path) -> None:
    assert transcribe(engine, sentence, language="en-gb").language == "en"


def test_alignment_finds_every_word(engine: EngineProcess, sentence: Path) -> None:
    spoken = transcribe(engine, sentence)
    start, end = spoken.segments[0].start, spoken.segments[-1].end
    text = "Please send the 21 letters to Doctor Zbornak — today!"
    (segment,) = align(engine, sentence, Segment(id=0, start=start, end=end, text=text)).segments
    assert "".join(word.text for word in segment.words).strip() == text
    assert all(start <= word.start < word.end <= end for word in segment.words)
    assert all(before.end <= after.start for before, after in pairwise(segment.words))
    assert [word.text.strip() for word in segment.words if word.interpolated] == ["—"]
    heard = {word.text: word.start for part in spoken.segments for word in part.words}
    aligned = {word.text.lower(): word.start for word in segment.words}
    for word in (" please", " letters"):
        assert aligned[word] == pytest.approx(heard[word], abs=0.15)


def test_a_text_that_was_not_said_gets_spread_times_and_a_warning(
    engine: EngineProcess, sentence: Path
) -> None:
    segment = Segment(id=0, start=0.5, end=0.8, text=" ".join(SENTENCES))
    result = align(engine, sentence, segment)
    assert [warning.code for warning in result.warnings] == ["alignment_failed"]
    assert all(word.interpolated for word in result.segments[0].words)


def test_alignment_is_english_too(engine: EngineProcess, sentence: Path) -> None:
    segment = Segment(id=0, start=0.5, end=0.8, text="hallo")
    request = AlignRequest(model=MODEL, language="de", segments=(segment,))
    with pytest.raises(EngineRequestError, match="English only"):
        messages(engine, sentence, request)


@pytest.mark.slow
def test_memory_is_flat_over_the_length_of_a_recording(tmp_path: Path) -> None:
    """Half an hour of noise and pauses costs little more than its samples."""
    noise = tmp_path / "noise.wav"
    burst = struct.pack("<800h", *((index * 7919) % 2000 - 1000 for index in range(800)))
    write(noise, (burst + bytes(31_000)) * 1800)
    with EngineProcess(LINE) as process:
        transcribe(process, noise, min_speech_ms=2000)
        health = asyncio.run(_health(process))
    assert health < 120 + 30 * 60 * RATE * 4 * 2 / 1_048_576


async def _health(process: EngineProcess) -> float:
    async with process.client() as client:
        return (await client.health()).rss_mb


def test_lock_and_requirements_name_the_same_library() -> None:
    lock = (FOLDER / "requirements.lock").read_text(encoding="utf-8")
    wanted = (FOLDER / "requirements.in").read_text(encoding="utf-8")
    names = re.findall(r"^([a-z-]+)", wanted, re.MULTILINE)
    assert all(
        re.search(rf"^{name}==.*\\\n\s+--hash=sha256:", lock, re.MULTILINE) for name in names
    )
