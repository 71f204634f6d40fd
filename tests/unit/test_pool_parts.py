"""The parts of a recording that replicas decode: where they begin, and the audio that they get."""

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.launchers.pool.parts import Part, length_s, plan_parts, write_part
from dalston_sdk.wire import FoundSection, FoundSpeech, SpeechRegion

RATE = 16_000


def regions(*starts: float, length: float = 8.0) -> tuple[SpeechRegion, ...]:
    return tuple(SpeechRegion(start=start, end=start + length) for start in starts)


def section(
    length_s: float,
    *starts: float,
    windows: tuple[int, ...] | None = None,
    alone: tuple[SpeechRegion, ...] = (),
    first_s: float = 0.0,
) -> FoundSection:
    """Regions of 8 s, each a window by default."""
    speech = FoundSpeech(
        regions=regions(*starts),
        alone=alone,
        windows=tuple(range(len(starts))) if windows is None else windows,
        language="en",
        language_scores={"en": 1.0},
    )
    first = int(first_s * RATE)
    return FoundSection(first=first, last=first + int(length_s * RATE), speech=speech)


EVERY_10_S = tuple(10.0 * number for number in range(60))


@pytest.mark.parametrize(
    ("found", "replicas", "begins"),
    [
        pytest.param(section(600, *EVERY_10_S), 2, [0, 100, 200, 300, 400, 500], id="two"),
        pytest.param(section(600, *EVERY_10_S), 1, [0, 200, 400], id="one-has-three-parts"),
        pytest.param(section(600, *EVERY_10_S), 9, list(range(0, 600, 60)), id="not-too-short"),
        pytest.param(section(6000, *EVERY_10_S), 2, [0, 300], id="not-too-long"),
        pytest.param(
            section(600, *EVERY_10_S, windows=(0, 7, 31)), 2, [0, 310], id="only-at-windows"
        ),
        pytest.param(section(600, *EVERY_10_S, windows=(0,)), 2, [0], id="no-place"),
        pytest.param(section(600, 200.0, 400.0), 2, [0, 400], id="silence-first"),
        pytest.param(section(600), 2, [0], id="no-speech"),
    ],
)
def test_parts_begin_where_windows_do(
    found: FoundSection, replicas: int, begins: list[float]
) -> None:
    assert [part.start_s for part in plan_parts([found], replicas)] == begins


def test_a_part_has_its_regions_and_what_stands_alone_between_them() -> None:
    alone = regions(25.0, 205.0, 595.0, length=1.0)
    found = section(600, 30.0, 230.0, 430.0, alone=alone)
    parts = plan_parts([found], 1)
    assert [[each.start for each in part.decode.speech.regions] for part in parts] == [
        [30.0], [230.0], [430.0],
    ]  # fmt: skip
    assert [[each.start for each in part.decode.speech.alone] for part in parts] == [
        [25.0, 205.0], [], [595.0],
    ]  # fmt: skip
    assert {part.decode.speech.language for part in parts} == {"en"}
    assert [part.duration_s for part in parts] == [230.0, 200.0, 170.0]


def test_a_part_gets_its_audio_with_a_margin_and_its_place() -> None:
    [first, second] = plan_parts([section(600, 30.0, 430.0, first_s=100.0)], 1)
    assert (first.decode.first, first.first, first.last) == (
        28 * RATE, 128 * RATE, 140 * RATE,
    )  # fmt: skip
    assert (second.decode.first, second.first, second.last) == (
        428 * RATE, 528 * RATE, 540 * RATE,
    )  # fmt: skip
    assert {part.decode.num_samples for part in (first, second)} == {600 * RATE}


def test_sections_are_split_each_by_itself() -> None:
    parts = plan_parts([section(300, 0.0, 250.0), section(300, 5.0, 260.0, first_s=300.0)], 1)
    assert [(part.section, part.start_s, part.first) for part in parts] == [
        (0, 0.0, 0), (0, 250.0, 248 * RATE), (1, 0.0, 303 * RATE), (1, 260.0, 558 * RATE),
    ]  # fmt: skip


@given(
    gaps=st.lists(st.floats(0.1, 90.0), min_size=0, max_size=60),
    replicas=st.integers(1, 9),
    every=st.integers(1, 9),
)
def test_nothing_is_lost_and_nothing_is_twice(gaps: list[float], replicas: int, every: int) -> None:
    at, starts = 0.0, []
    for gap in gaps:
        starts.append(round(at + gap, 3))
        at = starts[-1] + 8.0
    found = section(at + 5.0, *starts, windows=tuple(range(0, len(starts), every)))
    parts = plan_parts([found], replicas)
    assert tuple(each for part in parts for each in part.decode.speech.regions) == (
        found.speech.regions
    )
    assert sum(part.duration_s for part in parts) == pytest.approx(at + 5.0, abs=1e-3)
    for part in parts:
        for region in part.decode.speech.regions:
            assert part.first <= region.start * RATE
            assert region.end * RATE <= part.last


def test_the_audio_of_a_part_is_that_of_the_recording(tmp_path: Path) -> None:
    samples = np.arange(RATE * 3, dtype="<i2")
    with wave.open(str(tmp_path / "all.wav"), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(samples.tobytes())
    [part] = plan_parts([section(3, 0.0)], 1)
    part = Part(section=0, decode=part.decode, first=1000, last=40_000, start_s=0.0, duration_s=3.0)
    write_part(tmp_path / "all.wav", part, tmp_path / "part.wav")
    with wave.open(str(tmp_path / "part.wav")) as reader:
        assert reader.getparams()[:3] == (1, 2, RATE)
        assert reader.readframes(RATE * 3) == samples[1000:40_000].tobytes()


def test_the_length_of_what_is_no_wav_file_is_not_long(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_text("no", encoding="ascii")
    assert length_s(tmp_path / "no.wav") == length_s(tmp_path / "missing.wav") == 0.0
