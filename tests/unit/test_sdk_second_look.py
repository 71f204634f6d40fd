"""The second look for speech: what it finds, what it extends, and what counts."""

import re
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.levels import frame_levels
from dalston_sdk.second_look import SecondLook, extended, left_out
from dalston_sdk.textless_speech import settle, summed_up, without_text
from dalston_sdk.wire import Segment, SpeechRegion, Word

FRAME_S = 0.032
NOISE = 0.003
Posteriors = npt.NDArray[np.float32]


def region(start: float, end: float) -> SpeechRegion:
    return SpeechRegion(start=start, end=end)


def recording(*speech: tuple[float, float], duration_s: float = 60.0) -> Samples:
    """Noise with a tone where speech is."""
    random = np.random.default_rng(1)
    samples = NOISE * random.standard_normal(int(duration_s * SAMPLE_RATE))
    times = np.arange(len(samples)) / SAMPLE_RATE
    for start, end in speech:
        samples += 0.3 * np.sin(2 * np.pi * 500 * times) * ((times >= start) & (times < end))
    return samples.astype(np.float32)


def looking(
    *, loud: float = 0.45, quiet: float = 0.02, threshold: float = 0.5, chosen: bool = False
) -> SecondLook:
    """A look by a detector that goes by the level alone."""

    def score(samples: Samples) -> Posteriors:
        size = int(FRAME_S * SAMPLE_RATE)
        frames = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size)
        return np.where(np.abs(frames).max(axis=1) > 0.1, loud, quiet).astype(np.float32)

    return SecondLook(
        score=score,
        frame_s=FRAME_S,
        threshold=threshold,
        chosen=chosen,
        min_speech_ms=0,
        pad_s=0.2,
        check=lambda: None,
    )


@pytest.mark.parametrize(
    ("speech", "first"),
    [
        pytest.param([(30.0, 33.0)], [], id="nothing-found-before"),
        pytest.param([(0.0, 2.0)], [region(20.0, 30.0)], id="at-the-start"),
        pytest.param([(57.0, 60.0)], [region(20.0, 30.0)], id="at-the-end"),
        pytest.param([(7.0, 9.0), (40.0, 41.0)], [region(20.0, 30.0)], id="before-and-after"),
        pytest.param([(6.5, 26.0)], [], id="over-several-windows"),
    ],
)
def test_what_was_left_out_and_sounds_is_found(
    speech: list[tuple[float, float]], first: list[SpeechRegion]
) -> None:
    found = looking().find(recording(*speech), first)
    assert len(found) == len(speech)
    for each, (start, end) in zip(found, speech, strict=True):
        assert each.start == pytest.approx(max(0.0, start - 0.2), abs=0.04)
        assert each.end == pytest.approx(min(60.0, end + 0.2), abs=0.04)


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(looking(loud=0.02), id="no-speech-by-the-network"),
        pytest.param(looking(loud=0.3), id="below-the-lowest-threshold"),
        pytest.param(looking(quiet=0.1), id="near-what-the-network-says-of-the-noise"),
        pytest.param(looking(chosen=True), id="below-the-threshold-of-the-user"),
    ],
)
def test_what_does_not_look_like_speech_is_left_out(look: SecondLook) -> None:
    assert look.find(recording((30.0, 33.0)), []) == []


@pytest.mark.parametrize("level", [0.0, 1e-5, NOISE, 0.05, 0.3])
def test_what_is_no_louder_than_its_surroundings_is_no_speech(level: float) -> None:
    noise = level * np.random.default_rng(2).standard_normal(60 * SAMPLE_RATE)
    eager = looking(loud=0.9, quiet=0.4)
    assert eager.find(noise.astype(np.float32), []) == []


def test_levels_of_a_long_recording_are_those_of_its_parts() -> None:
    samples = recording((100.0, 101.0), duration_s=140.01)
    levels = frame_levels(samples, FRAME_S)
    size = int(FRAME_S * SAMPLE_RATE)
    assert len(levels) == -(-len(samples) // size)
    for frame in (0, 4095, 4096, 4097, len(levels) - 2):
        inside = np.diff(samples[frame * size : (frame + 1) * size])
        assert levels[frame] == pytest.approx(10 * np.log10(np.mean(inside**2)), abs=0.2)


def test_gaps_that_are_too_short_for_a_word_are_not_searched() -> None:
    regions = [region(0.0, 4.0), region(4.2, 6.0), region(8.0, 9.9)]
    assert list(left_out(regions, 10.0)) == [region(6.0, 8.0)]


@pytest.mark.parametrize(
    ("first", "second", "together", "alone"),
    [
        pytest.param([(5, 9)], [(4, 5)], [(4, 9)], [], id="touching"),
        pytest.param([(5, 9)], [(2, 4)], [(2, 9)], [], id="within-a-pause"),
        pytest.param([(5, 9)], [(1, 3)], [(5, 9)], [(1, 3)], id="alone"),
        pytest.param([(1, 3), (4, 6)], [], [(1, 3), (4, 6)], [], id="the-first-look-stays"),
        pytest.param([(1, 3), (7, 8)], [(4, 6)], [(1, 8)], [], id="between-two"),
        pytest.param([(1, 9)], [(9, 13)], [(1, 9), (9, 13)], [], id="not-too-long"),
    ],
)
def test_regions_are_extended_by_what_is_near(
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    together: list[tuple[int, int]],
    alone: list[tuple[int, int]],
) -> None:
    found = extended(
        [region(*each) for each in first],
        [region(*each) for each in second],
        join_s=1.0,
        max_speech_s=10.0,
    )
    assert found == ([region(*each) for each in together], [region(*each) for each in alone])


def test_only_text_of_which_the_recogniser_is_sure_counts_and_doubtful_times_are_told() -> None:
    heard = {
        1.0: Segment(id=0, start=1.0, end=2.0, text="Yes.", confidence=0.9),
        20.0: Segment(id=0, start=20.0, end=21.0, text="Thank you.", confidence=0.2),
        30.0: Segment(id=0, start=30.0, end=31.0, text="You", confidence=0.9, no_speech_prob=0.9),
        40.0: Segment(id=0, start=40.0, end=41.0, text="You", confidence=0.9, avg_logprob=-1.2),
        50.0: Segment(id=0, start=50.0, end=51.0, text="No one knows how sure"),
    }
    first = Segment(id=0, start=10.0, end=12.0, text="Hello.")
    alone = [region(start, start + 1.0) for start in (*heard, 70.0)] + [region(80.0, 83.5)]
    settled = settle(
        [first],
        [region(10.0, 12.0)],
        alone,
        lambda tried: [[heard[each.start]] if each.start in heard else [] for each in tried],
        join_s=2.0,
    )
    assert [(each.id, each.text) for each in settled.segments] == [(0, "Yes."), (1, "Hello.")]
    assert settled.regions == [region(1.0, 2.0), region(10.0, 12.0)]
    [notice] = summed_up(settled.notices)
    assert (notice.code, notice.start, notice.end) == ("doubtful_speech", 20.0, 83.5)
    assert re.findall(r"\d+:\d\d\.\d-\d+:\d\d\.\d", notice.message) == [
        "0:20.0-0:21.0",
        "0:30.0-0:31.0",
        "0:40.0-0:41.0",
        "0:50.0-0:51.0",
        "1:20.0-1:23.5",
    ]


def test_speech_of_the_first_look_without_text_is_told() -> None:
    regions = [region(0.0, 3.0), region(10.0, 11.0), region(20.0, 24.0)]
    text = Segment(id=0, start=0.5, end=2.5, text="Hello.")
    settled = settle([text], regions, [], _never, join_s=2.0)
    assert settled.regions == regions
    [notice] = summed_up(settled.notices)
    assert notice.message == "what may be speech has no text: 0:20.0-0:24.0."


def test_nothing_in_doubt_is_not_mentioned() -> None:
    assert settle([], [], [region(1.0, 2.0)], lambda _: [[]], join_s=2.0).notices == ()


def said(*words: tuple[float, float]) -> Segment:
    """Make a segment of words with these times."""
    return Segment(
        id=0,
        start=words[0][0],
        end=words[-1][1],
        text=" ".join("a" for _ in words),
        words=tuple(Word(text=" a", start=start, end=end) for start, end in words),
    )


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        pytest.param([], [], id="a region without any text is no gap in one"),
        pytest.param([said((10.2, 11), (14.1, 15), (17, 29))], [(11, 14.1)], id="between words"),
        pytest.param([said((10.2, 11), (13.9, 15), (17, 29))], [], id="short"),
        pytest.param([said((14, 29))], [(10, 14)], id="at the start"),
        pytest.param([said((10, 26.5))], [(26.5, 30)], id="at the end"),
        pytest.param([said((8, 12)), said((27, 33))], [(12, 27)], id="across the edges"),
        pytest.param([said((10, 25)), said((11, 12)), said((25, 29))], [], id="overlapping"),
    ],
)
def test_speech_within_a_region_that_has_no_text(
    segments: list[Segment], expected: list[tuple[float, float]]
) -> None:
    regions = [region(0.0, 4.0), region(10.0, 30.0), region(40.0, 41.0)]
    found = without_text(regions, segments, longer_than_s=3.0)
    assert [(each.start, each.end) for each in found] == expected


def test_speech_that_the_recogniser_passed_over_is_decoded_by_itself() -> None:
    regions = [region(0.0, 60.0)]
    segments = [said((0.1, 10.0)), said((25.0, 40.0))]
    heard = {
        10.0: Segment(id=0, start=11.0, end=24.0, text="A quiet answer.", confidence=0.8),
        40.0: Segment(id=0, start=40.0, end=60.0, text="Thank you.", confidence=0.2),
    }
    asked: list[tuple[float, float]] = []

    def decode(parts: Sequence[SpeechRegion]) -> list[list[Segment]]:
        asked.extend((part.start, part.end) for part in parts)
        return [[heard[part.start]] for part in parts]

    settled = settle(segments, regions, [], decode, join_s=2.0)

    assert asked == [(10.0, 25.0), (40.0, 60.0)]
    assert [each.text for each in settled.segments][1] == "A quiet answer."
    assert [each.id for each in settled.segments] == [0, 1, 2]
    assert settled.regions == regions
    [notice] = summed_up(settled.notices)
    assert notice.message == "what may be speech has no text: 0:40.0-1:00.0."


def _never(parts: Sequence[SpeechRegion]) -> list[list[Segment]]:
    if parts:
        pytest.fail(f"{parts} were decoded")
    return []


@pytest.mark.parametrize("join_s", [None, 20.0])
def test_silence_that_a_region_may_hold_is_not_decoded(join_s: float | None) -> None:
    segments = [said((0.1, 10.0)), said((25.0, 59.0))]
    settled = settle(segments, [region(0.0, 60.0)], [], _never, join_s=join_s)
    assert settled.segments == [segments[0], msgspec.structs.replace(segments[1], id=1)]
    assert settled.notices == ()
