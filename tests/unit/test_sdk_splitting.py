"""A recording in parts: the result is that of one engine, to the sample."""

import hashlib
import wave
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from dalston_cli.launchers.pool.parts import plan_parts, write_part
from dalston_sdk.chunks import VadSettings
from dalston_sdk.decoding import Capabilities, find_speech, plan_decoding
from dalston_sdk.engine import Engine, LoadedModel, RunContext, Samples
from dalston_sdk.languages import Language
from dalston_sdk.server import sections, splitting
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.transcribing import Found, transcribe_chunks
from dalston_sdk.wire import (
    FindSpeech,
    JoinParts,
    ModelRef,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

RATE, LENGTH_S = 16_000, 300
MODEL = ModelRef(runtime_id="digests")
CAPABILITIES = Capabilities(
    name="digests",
    languages=("de", "en"),
    must_be_told_language=False,
    translates=False,
    times_words=True,
    max_chunk_s=20.0,
)


class Loudness:
    """Speech is what is loud; what is half as loud is found by the second look alone."""

    frame_s = 0.1

    def find(
        self, samples: Samples, settings: VadSettings, check: Callable[[], None]
    ) -> list[SpeechRegion]:
        loud = np.concatenate([[False], self.score(samples) > 0.9, [False]])
        edges = np.flatnonzero(np.diff(loud.astype(int))).reshape(-1, 2) / 10
        return [SpeechRegion(start=round(a, 3), end=round(b, 3)) for a, b in edges.tolist()]

    def score(self, samples: Samples) -> NDArray[np.float32]:
        size = int(self.frame_s * RATE)
        padded = np.pad(np.abs(samples), (0, -len(samples) % size)).reshape(-1, size)
        return np.asarray(np.minimum(1.0, padded.max(axis=1) * 4), np.float32)


class DigestEngine(Engine):
    """Writes for every chunk a digest of its samples, and nothing for every fourth."""

    name = "digests"
    version = "1"
    splits = True
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSCRIBE: frozenset({"language", "languages", "batch_size"})
    }

    def load(self, model: ModelRef) -> LoadedModel:
        return LoadedModel()

    def unload(self) -> None:
        return

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        decoding = plan_decoding(
            request.options,
            CAPABILITIES,
            default_batch_size=1,
            translating_models="",
            timing_model="",
        )
        speech = find_speech(audio, request, decoding, Loudness(), context.check_cancelled)
        told = request.options.language
        language = Language(spoken=told) if told else Language(spoken="de", scores={"de": 0.75})
        found = Found(
            decoding=decoding,
            language=language,
            speech=speech,
            fitter=self.fitter(request, decoding.batch_size),
            min_chunk_s=0.0,
        )
        return transcribe_chunks(request, audio, found, partial(_decode, language), context)


def _decode(
    language: Language, chunks: list[Samples], batch: Sequence[SpeechRegion], first_id: int
) -> list[Segment]:
    texts = [hashlib.sha256(chunk.tobytes()).hexdigest() for chunk in chunks]
    heard = [(text, region) for text, region in zip(texts, batch, strict=True) if text[0] > "3"]
    return [
        Segment(
            id=first_id + number,
            start=region.start,
            end=region.end,
            text=text[:8],
            words=(Word(text=f" {text[:8]}", start=region.start, end=region.end, confidence=0.9),),
            language=language.spoken,
            confidence=0.9,
        )
        for number, (text, region) in enumerate(heard)
    ]


class Context:
    """Takes what is reported."""

    def progress(self, done_s: float, total_s: float) -> None:
        return

    def partial(self, segments: Sequence[Segment]) -> None:
        return

    def check_cancelled(self) -> None:
        return


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes of noise, loud for some seconds every now and then."""
    rng = np.random.default_rng(7)
    samples = rng.uniform(-0.002, 0.002, LENGTH_S * RATE)
    at = 3.2
    while at < LENGTH_S - 10:
        length = float(rng.uniform(0.5, 14.0))
        part = slice(int(at * RATE), int((at + length) * RATE))
        samples[part] += rng.uniform(-0.3, 0.3, part.stop - part.start) * rng.choice([1.0, 0.5])
        at += length + float(rng.uniform(0.2, 6.0))
    path = tmp_path_factory.mktemp("noise") / "noise.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes((samples[: LENGTH_S * RATE].clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def transcribed(request: TranscribeRequest, wav: Path) -> TranscribeResult:
    with closing(WavSamples(wav)) as samples:
        return splitting.transcribe(DigestEngine(), request, samples, Context())


def in_parts(
    options: TranscribeOptions, recording: Path, folder: Path, replicas: int
) -> tuple[TranscribeResult, int]:
    """Have each part decoded by an engine of its own, the last one first; count the parts."""

    def asked(do: object, wav: Path) -> TranscribeResult:
        return transcribed(TranscribeRequest(model=MODEL, options=options, part=do), wav)  # type: ignore[arg-type]  # any of three

    found = asked(FindSpeech(), recording).sections
    parts = plan_parts(found, replicas)
    done: dict[int, TranscribeResult] = {}
    for number, part in reversed([*enumerate(parts)]):
        write_part(recording, part, folder / "part.wav")
        done[number] = asked(part.decode, folder / "part.wav")
    results = tuple(
        tuple(done[number] for number, part in enumerate(parts) if part.section == section)
        for section in range(len(found))
    )
    return asked(JoinParts(sections=found, results=results), recording), len(parts)


@pytest.mark.parametrize("num_sections", [1, 2])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(TranscribeOptions(), id="by-default"),
        pytest.param(TranscribeOptions(batch_size=4, languages=("de", "en")), id="in-batches"),
        pytest.param(TranscribeOptions(language="en"), id="language-given"),
    ],
)
def test_parts_come_to_what_one_engine_writes(
    options: TranscribeOptions,
    num_sections: int,
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sections.section_edges, "__defaults__", (LENGTH_S / num_sections,))
    whole = transcribed(TranscribeRequest(model=MODEL, options=options), recording)
    split, num_parts = in_parts(options, recording, tmp_path, replicas=2)
    assert num_parts > num_sections
    assert split == whole
    assert len(whole.segments) > 10
    codes = [notice.code for notice in whole.warnings]
    assert codes.count("doubtful_speech") == num_sections
    assert whole.language_scores == ({} if options.language else {"de": 0.75})


def test_silence_is_one_part_without_text(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(bytes(2 * RATE * 20))
    whole = transcribed(TranscribeRequest(model=MODEL), tmp_path / "silence.wav")
    split, num_parts = in_parts(TranscribeOptions(), tmp_path / "silence.wav", tmp_path, 2)
    assert num_parts == 1
    assert split == whole
    assert whole.segments == ()


def test_a_part_never_begins_before_the_one_before_it_has_ended(tmp_path: Path) -> None:
    def part(start: float, end: float) -> TranscribeResult:
        words = (Word(text=" a", start=start, end=start + 0.5), Word(text=" b", start=end, end=end))
        segment = Segment(id=0, start=start, end=end, text="a b", words=words)
        return TranscribeResult(language="en", segments=(segment,))

    first, second = splitting._after_each_other([part(0.0, 3.0), part(2.8, 5.0)])
    assert first.segments == part(0.0, 3.0).segments
    [moved] = second.segments
    assert (moved.start, moved.end) == (3.0, 5.0)
    assert [word.start for word in moved.words] == [3.0, 4.99]
