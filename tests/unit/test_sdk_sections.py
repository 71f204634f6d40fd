"""Long recordings that are transcribed section by section, through an engine's own method."""

import math
import wave
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from dalston_sdk.engine import Engine, LoadedModel, RunContext, Samples
from dalston_sdk.server import sections
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.server.sections import section_edges, transcribe_in_sections
from dalston_sdk.wire import (
    ModelRef,
    Notice,
    Segment,
    SpeechRegion,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

RATE = 16_000
MODEL = ModelRef(runtime_id="counts")


def recording(path: Path, seconds: float, beeps: Sequence[float]) -> Path:
    """A hum with a beep of a second at each of these times, and silence after each of them."""
    samples = np.sin(np.arange(int(seconds * RATE)) * 0.05) * 3000
    for at in beeps:
        samples[int(at * RATE) : int((at + 1) * RATE)] *= 8
        samples[int((at + 1) * RATE) : int((at + 2) * RATE)] = 0
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    return path


class BeepEngine(Engine):
    """Writes a word for every beep, and notes what it was asked for."""

    name = "beeps"
    version = "1"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {Stage.TRANSCRIBE: frozenset({"language"})}

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[float, str | None]] = []

    def load(self, model: ModelRef) -> LoadedModel:
        return LoadedModel()

    def unload(self) -> None:
        return

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        duration_s = len(audio) / RATE
        self.asked.append((duration_s, request.options.language))
        levels = np.abs(audio[: len(audio) // 1600 * 1600]).reshape(-1, 1600).max(axis=1)
        loud = np.flatnonzero(np.diff((levels > 0.3).astype(int), prepend=0) == 1) / 10
        segments = tuple(
            Segment(
                id=number,
                start=float(at),
                end=float(at) + 1,
                text="beep",
                words=(Word(text=" beep", start=float(at), end=float(at) + 1),),
            )
            for number, at in enumerate(loud)
        )
        context.partial(segments)
        context.progress(duration_s, duration_s)
        spoken = request.options.language or ("en" if segments else None)
        return TranscribeResult(
            language=spoken,
            segments=segments,
            speech_regions=tuple(SpeechRegion(start=s.start, end=s.end) for s in segments),
            effective={"language": spoken, "batch_size": 8 - len(self.asked)},
            warnings=(
                Notice(code="always", message="Always."),
                Notice(code="here", message="Here.", start=0.5, end=duration_s),
            ),
        )


class Context:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.done: list[tuple[float, float]] = []

    def progress(self, done_s: float, total_s: float) -> None:
        self.done.append((done_s, total_s))

    def partial(self, segments: Sequence[Segment]) -> None:
        self.segments += segments

    def check_cancelled(self) -> None:
        return


BEEPS = (30.0, 47.0, 52.0, 70.0, 96.5, 140.0, 144.0)


@pytest.fixture
def transcribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[TranscribeResult, BeepEngine, Context]:
    """150 s in three sections of 60 s at most; the first beep is in the first section."""
    monkeypatch.setattr(sections.section_edges, "__defaults__", (60.0,))
    engine, context = BeepEngine(), Context()
    request = TranscribeRequest(model=MODEL, options=TranscribeOptions())
    with closing(WavSamples(recording(tmp_path / "long.wav", 150, BEEPS))) as samples:
        result = transcribe_in_sections(engine, request, samples, context)
    return result, engine, context


def test_times_and_numbers_are_those_of_the_recording(
    transcribed: tuple[TranscribeResult, BeepEngine, Context],
) -> None:
    result, engine, context = transcribed
    assert len(engine.asked) == 3
    assert [each.start for each in result.segments] == pytest.approx(BEEPS, abs=0.11)
    assert [each.id for each in result.segments] == list(range(len(BEEPS)))
    assert [each.words[0].start for each in result.segments] == [s.start for s in result.segments]
    assert [each.start for each in result.speech_regions] == [s.start for s in result.segments]
    assert [each.start for each in context.segments] == [s.start for s in result.segments]
    assert [each.id for each in context.segments] == list(range(len(BEEPS)))
    assert all(total == 150 for _, total in context.done)
    assert [done for done, _ in context.done] == sorted(done for done, _ in context.done)
    assert context.done[-1] == (150, 150)


def test_the_language_is_that_of_the_first_section_with_speech(
    transcribed: tuple[TranscribeResult, BeepEngine, Context],
) -> None:
    result, engine, _ = transcribed
    assert [language for _, language in engine.asked] == [None, "en", "en"]
    assert (result.language, result.effective["language"]) == ("en", "en")


def test_notices_come_once_or_with_the_recording_s_times(
    transcribed: tuple[TranscribeResult, BeepEngine, Context],
) -> None:
    result, engine, _ = transcribed
    assert [each.code for each in result.warnings] == ["always", "here", "here", "here"]
    starts = [0.0, engine.asked[0][0], engine.asked[0][0] + engine.asked[1][0]]
    assert [n.start for n in result.warnings[1:]] == pytest.approx([at + 0.5 for at in starts])
    assert result.effective["batch_size"] == 5  # the smallest


def test_sections_are_cut_where_it_is_quiet(tmp_path: Path) -> None:
    with closing(WavSamples(recording(tmp_path / "long.wav", 150, BEEPS))) as samples:
        edges = section_edges(samples, 60.0)
        assert len(edges) == 4
        for edge in edges[1:-1]:
            assert edge % 16 == 0
            assert np.abs(samples[edge - 3200 : edge + 3200]).max() == 0
        assert all(last - first <= 76 * RATE for first, last in pairwise(edges))


@pytest.mark.parametrize(("seconds", "count"), [(1, 1), (59, 1), (61, 2), (179, 3), (181, 4)])
def test_a_recording_has_as_few_sections_as_it_takes(
    tmp_path: Path, seconds: int, count: int
) -> None:
    with closing(WavSamples(recording(tmp_path / "r.wav", seconds, ()))) as samples:
        edges = section_edges(samples, 60.0)
    assert (edges[0], edges[-1], len(edges)) == (0, seconds * RATE, count + 1)


def test_a_part_of_a_file_is_what_the_whole_has_there(tmp_path: Path) -> None:
    with closing(WavSamples(recording(tmp_path / "r.wav", 3, (1.0,)))) as samples:
        whole = samples[:]
        assert (whole.dtype.name, len(whole), len(samples)) == ("float32", 3 * RATE, 3 * RATE)
        for first, last in ((0, 7), (RATE, 2 * RATE), (-5, None), (9, 4), (2 * RATE, 9 * RATE)):
            np.testing.assert_array_equal(samples[first:last], whole[first:last])
        with pytest.raises(ValueError, match="one after the other"):
            samples[::2]


def test_an_hour_and_a_half_is_one_section() -> None:
    assert math.isclose(sections.SECTION_S, 5400)
