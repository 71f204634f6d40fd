"""Text that cannot have been said: what is marked, with which reason, and what is not."""

import numpy as np
import numpy.typing as npt
import pytest

from dalston_sdk.doubtful import marked
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import Segment, Word

SENTENCE = "Ask not what your country can do for you."


def recording(duration_s: float, *sounds: tuple[float, float], noise: float = 0.0) -> Samples:
    """Noise, with a louder noise where sound is."""
    random = np.random.default_rng(3)
    size = round(duration_s * SAMPLE_RATE)
    times = np.arange(size) / SAMPLE_RATE
    samples: npt.NDArray[np.float64] = noise * random.standard_normal(size)
    for start, end in sounds:
        samples += 0.1 * random.standard_normal(size) * ((times >= start) & (times < end))
    return samples.astype(np.float32)


def said(text: str, start: float, end: float, number: int = 0) -> Segment:
    """A segment whose words share its time."""
    texts = text.split()
    step_s = (end - start) / len(texts)
    words = tuple(
        Word(text=f" {each}", start=start + index * step_s, end=start + (index + 1) * step_s)
        for index, each in enumerate(texts)
    )
    return Segment(id=number, start=start, end=end, text=text, words=words)


@pytest.mark.parametrize(
    ("text", "duration_s", "reason"),
    [
        ("Thank you.", 0.06, "0.06 s of sound are too short for speech"),
        ("A", 0.06, "0.06 s of sound are too short for speech"),
        ("you", 0.15, "20 characters per second are more than a person can say (0.15 s of sound)"),
        (
            "Thank you.",
            0.3,
            "27 characters per second are more than a person can say (0.30 s of sound)",
        ),
        (
            "ご視聴ありがとうございました",
            1.0,
            "35 characters per second are more than a person can say (1.00 s of sound)",
        ),
        (
            SENTENCE,
            1.0,
            "32 characters per second are more than a person can say (1.00 s of sound)",
        ),
        ("Yes.", 0.3, None),
        ("Thank you.", 0.5, None),
        ("こんにちは", 0.6, None),
        (SENTENCE, 2.0, None),
        ("…", 0.05, None),
    ],
)
def test_text_over_sound_that_is_too_short_is_marked(
    text: str, duration_s: float, reason: str | None
) -> None:
    segment = said(text, 0.0, duration_s)
    [found] = marked([segment], recording(duration_s, (0.0, duration_s)))
    assert found.doubtful == reason
    assert (found.text, found.words) == (segment.text, segment.words)


@pytest.mark.parametrize("noise", [0.0, 0.0001, 0.003])
def test_text_over_silence_or_a_click_after_speech_is_marked(noise: float) -> None:
    samples = recording(30.0, (0.0, 3.0), (20.0, 20.05), noise=noise)
    segments = [
        said(SENTENCE, 0.2, 3.0, 0),
        said("You", 12.0, 14.0, 1),
        said("Thank you.", 19.8, 20.6, 2),
    ]
    found = marked(segments, samples)
    assert [each.doubtful is None for each in found] == [True, False, False]
    assert found[1].doubtful == "there is no sound"


def test_only_the_words_over_silence_are_taken_out_of_a_segment() -> None:
    whole, invented = said(SENTENCE, 0.2, 3.0), said("Thank you.", 20.0, 21.0)
    one = Segment(
        id=0,
        start=0.2,
        end=21.0,
        text=f"{SENTENCE} Thank you.",
        words=(*whole.words, *invented.words),
        confidence=0.7,
    )
    more = said("And so my fellow Americans.", 25.0, 27.0, 1)
    found = marked([one, more], recording(30.0, (0.0, 3.0), (25.0, 27.0)))
    assert [(each.id, each.text, each.doubtful) for each in found] == [
        (0, SENTENCE, None),
        (1, "Thank you.", "there is no sound"),
        (2, more.text, None),
    ]
    assert [(each.start, each.end) for each in found][:2] == [(0.2, 3.0), (20.0, 21.0)]


@pytest.mark.parametrize("end", [5.3, 9.0], ids=["at-the-end", "amid-others"])
def test_a_loop_does_not_cost_the_sentence_beside_it(end: float) -> None:
    segments = [
        said(SENTENCE, 0.2, 5.0, 0),
        said("1.5." * 120, 5.0, 5.3, 1),
        said(SENTENCE, 5.3, 8.8, 2),
    ]
    if end < segments[2].end:
        del segments[2]
    found = marked(segments, recording(end, (0.0, end)))
    assert [each.text for each in found] == [each.text for each in segments]
    assert [each.doubtful is None for each in found] == [True, False, True][: len(segments)]


def test_text_that_is_too_long_in_every_part_is_marked_as_a_whole() -> None:
    segments = [said(SENTENCE, 0.3 * index, 0.3 * index + 0.3, index) for index in range(6)]
    found = marked(segments, recording(1.8, (0.0, 1.8)))
    [reason] = {each.doubtful for each in found}
    assert reason is not None
    assert reason.startswith("107 characters per second")


@pytest.mark.parametrize(
    ("segments", "samples"),
    [
        pytest.param([], recording(1.0), id="no-text"),
        pytest.param(
            [said(SENTENCE, 0.0, 2.5), said(SENTENCE, 5.0, 5.2, 1)],
            recording(10.0, (0.0, 2.5), (4.6, 7.0)),
            id="times-that-are-too-narrow",
        ),
        pytest.param(
            [said(SENTENCE, 0.0, 3.0), said("So.", 3.1, 3.15, 1), said(SENTENCE, 3.2, 6.0, 2)],
            recording(6.0, (0.0, 6.0)),
            id="a-short-segment-amid-others",
        ),
        pytest.param(
            [said(SENTENCE, 1.0, 4.0)], recording(9.0, noise=0.001), id="all-equally-loud"
        ),
        pytest.param(
            [said("He said", 0.0, 1.0), said("nothing more.", 8.0, 9.0, 1)],
            recording(10.0, (0.0, 1.0), (7.8, 9.0), noise=0.03),
            id="speech-in-noise",
        ),
    ],
)
def test_what_can_have_been_said_stays_as_it_is(segments: list[Segment], samples: Samples) -> None:
    assert marked(segments, samples) == tuple(segments)
