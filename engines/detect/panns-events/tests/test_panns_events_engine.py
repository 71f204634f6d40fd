"""PANNs, the real library in its own environment: events and their times."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.memory_limits import memory_limited
from tests.support.peak_memory import growth_mb_per_hour
from tests.support.sounds import band, silence, write_wav

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import ErrorCode, EventsResult, Progress, Stage

LOW, HIGH = (100, 1500), (3000, 7000)

SLACK_S = 0.7
"""The network has one row of scores per 0.32 s, and uses the rows beside it."""


def times(result: EventsResult, label: str) -> list[tuple[float, float]]:
    return [(event.start, event.end) for event in result.events if event.label == label]


def check_times(found: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert len(found) == len(expected), found
    for (start, end), (wanted_start, wanted_end) in zip(found, expected, strict=True):
        assert start == pytest.approx(wanted_start, abs=SLACK_S)
        assert end == pytest.approx(wanted_end, abs=SLACK_S)


@pytest.mark.slow  # a process of its own, and 327 MB of weights loaded four times
def test_panns_events_conforms(under_test: EngineUnderTest, models: Models, wav: Path) -> None:
    check_engine(under_test.subject(models["plain"], wav, other_model=models["swapped"]))


@pytest.mark.parametrize("name", ["plain", "old"])
def test_sounds_are_found_where_they_are(
    engine: RunningEngine, models: Models, wav: Path, name: str
) -> None:
    result = engine.detect_events(wav, model=models[name])

    check_times(times(result, "Dog"), [(4, 7), (16, 18)])
    check_times(times(result, "Siren"), [(11, 13), (16, 18)])
    assert {event.label for event in result.events} == {"Dog", "Siren"}
    assert all(0.5 < event.score <= 1 for event in result.events)
    starts = [event.start for event in result.events]
    assert starts == sorted(starts)


def test_other_weights_give_other_events(engine: RunningEngine, models: Models, wav: Path) -> None:
    result = engine.detect_events(wav, model=models["swapped"])
    check_times(times(result, "Siren"), [(4, 7), (16, 18)])


def test_speech_is_found_only_where_it_is_asked_for(engine: RunningEngine, wav: Path) -> None:
    usual = engine.detect_events(wav)
    asked = engine.detect_events(wav, labels=("speech",))

    assert times(usual, "Speech") == []
    assert usual.effective["labels"] is None
    check_times(times(asked, "Speech"), [(4, 7), (11, 13), (16, 18)])
    assert {event.label for event in asked.events} == {"Speech"}


def test_only_selected_sounds_are_found(engine: RunningEngine, wav: Path) -> None:
    result = engine.detect_events(wav, labels=("SIREN", "car horn", "honking"))
    assert {event.label for event in result.events} == {"Siren"}
    assert result.effective["labels"] == ["Vehicle horn, car horn, honking", "Siren"]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("Laughte", "did you mean Laughter?"),
        ("gun shot", "did you mean Gunshot, gunfire?"),
        ("qqqq", "class_labels_indices.csv"),
    ],
)
def test_an_unknown_sound_is_refused_with_a_suggestion(
    engine: RunningEngine, wav: Path, asked: str, hint: str
) -> None:
    error = engine.failure(engine.request(Stage.EVENTS, labels=("Dog", asked)), wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert asked in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": 0.3, "off_threshold": 0.4}, "off_threshold"),
        ({"off_threshold": 0.0}, "off_threshold"),
        ({"min_duration_ms": -1}, "min_duration_ms"),
        ({"max_gap_ms": -1}, "max_gap_ms"),
        ({"batch_size": 0}, "batch_size"),
        ({"labels": ()}, "labels"),
    ],
)
def test_values_out_of_range_are_refused(
    engine: RunningEngine, wav: Path, options: dict[str, Any], named: str
) -> None:
    error = engine.failure(engine.request(Stage.EVENTS, **options), wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert named in error.message


def test_effective_options_are_returned(engine: RunningEngine, wav: Path) -> None:
    effective = engine.detect_events(wav, threshold=0.6, labels=("Dog",)).effective
    assert effective == {
        "threshold": 0.6,
        "off_threshold": 0.3,
        "min_duration_ms": 300,
        "max_gap_ms": 650,
        "labels": ["Dog"],
        "batch_size": 1,
    }


def test_a_fading_sound_lasts_until_the_lower_threshold(
    engine: RunningEngine, tmp_path: Path
) -> None:
    """Loud for 2 s, then for 4 s so quiet that it would not begin an event, then loud again."""
    loud = band(2, *LOW, peak=0.5, seed=5)
    wav = write_wav(
        tmp_path / "fading.wav",
        *(silence(2), loud, band(4, *LOW, peak=0.012, seed=6), loud, silence(2)),
    )
    scores = engine.detect_events(wav, labels=("Dog",), threshold=0.99, off_threshold=0.01)
    check_times(times(scores, "Dog"), [(2, 10)])
    apart = engine.detect_events(wav, labels=("Dog",), threshold=0.99, off_threshold=0.99)
    check_times(times(apart, "Dog"), [(2, 4), (8, 10)])


def test_short_events_are_dropped_and_short_gaps_closed(
    engine: RunningEngine, tmp_path: Path
) -> None:
    one = band(1, *LOW, seed=7)
    wav = write_wav(
        tmp_path / "knocks.wav",
        *(silence(2), one, silence(2), one, silence(6), band(4, *LOW, seed=8), silence(2)),
    )
    check_times(times(engine.detect_events(wav), "Dog"), [(2, 3), (5, 6), (12, 16)])
    joined = engine.detect_events(wav, max_gap_ms=2500)
    check_times(times(joined, "Dog"), [(2, 6), (12, 16)])
    long_ones = engine.detect_events(wav, min_duration_ms=3000)
    check_times(times(long_ones, "Dog"), [(12, 16)])


def test_a_sound_longer_than_a_chunk_is_one_event(engine: RunningEngine, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "long.wav", silence(5), band(40, *LOW, seed=9), silence(3))
    one_by_one, together = engine.detect_events(wav), engine.detect_events(wav, batch_size=3)
    check_times(times(one_by_one, "Dog"), [(5, 45)])
    assert [(each.label, each.start, each.end) for each in together.events] == [
        (each.label, each.start, each.end) for each in one_by_one.events
    ]


def test_a_sound_until_the_end_ends_with_the_recording(
    engine: RunningEngine, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "end.wav", silence(3), band(2.777, *LOW, seed=10))
    assert engine.detect_events(wav).events[-1].end == pytest.approx(5.777)


@pytest.mark.parametrize("seconds", [0.001, 0.1, 0.4, 1.0])
def test_a_short_recording_is_no_trouble(
    engine: RunningEngine, tmp_path: Path, seconds: float
) -> None:
    wav = write_wav(tmp_path / "short.wav", band(seconds, *LOW))
    for event in engine.detect_events(wav).events:
        assert event.start < event.end <= seconds + 0.001


def test_silence_has_no_events(engine: RunningEngine, tmp_path: Path) -> None:
    assert engine.detect_events(write_wav(tmp_path / "quiet.wav", silence(30))).events == ()


def test_progress_grows_to_the_end(engine: RunningEngine, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "minute.wav", band(61, *LOW))
    messages = engine.messages(engine.request(Stage.EVENTS), wav)
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert len(done) >= 3
    assert all(before <= after for before, after in pairwise(done))
    assert done[-1] == pytest.approx(61)


def test_a_cancelled_request_ends_between_two_chunks(engine: RunningEngine, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "long.wav", *[band(60, *LOW)] * 20)
    assert engine.cancel(engine.request(Stage.EVENTS), wav) < 90


def test_a_chunk_that_does_not_fit_alone_is_an_error_and_the_engine_goes_on(
    engine: RunningEngine, wav: Path
) -> None:
    """The process may take so little more that the library's own allocation fails."""
    before = engine.detect_events(wav)
    with memory_limited(engine.process.process.pid, more_mb=50):
        failure = engine.failure(engine.request(Stage.EVENTS, batch_size=4), wav)

    assert (failure.code, failure.retryable) == (ErrorCode.OUT_OF_MEMORY, False)
    assert "one chunk alone does not fit into the memory of cpu" in failure.message
    assert "smaller model" in (failure.hint or "")
    assert engine.detect_events(wav).events == before.events


def test_memory_does_not_grow_with_the_length_of_a_recording(
    engine: RunningEngine, tmp_path: Path
) -> None:
    """Read at once, an hour would be 230 MB, and as much again while it is converted."""

    def work(minutes: float) -> None:
        sound = [band(30, *LOW, seed=1)] * int(2 * minutes)
        engine.detect_events(write_wav(tmp_path / "long.wav", *sound))

    pid = engine.process.process.pid
    limit = 150
    assert growth_mb_per_hour(pid, work, minutes=(1, 7), limit=limit) < limit
