"""FunASR's emotion2vec, the real library in its own environment: the emotion of each segment."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.memory_limits import memory_limited, reason_of_smaller_batches
from tests.support.peak_memory import growth_mb_per_hour
from tests.support.sounds import band, silence, write_wav

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import ErrorCode, Progress, Segment, Stage

EMOTIONS = {
    *("angry", "disgusted", "fearful", "happy", "neutral"),
    *("other", "sad", "surprised", "unknown"),
}


def segment(number: int, start: float, end: float) -> Segment:
    return Segment(id=number, start=start, end=end, text="words")


@pytest.mark.slow  # a process of its own, and the weights loaded four times
def test_emotion2vec_conforms(
    under_test: EngineUnderTest, models: Models, wav: Path, segments: tuple[Segment, ...]
) -> None:
    check_engine(
        under_test.subject(models["plain"], wav, other_model=models["other"], segments=segments)
    )


@pytest.mark.parametrize("name", ["plain", "other"])
def test_each_segment_gets_the_emotion_of_its_sound(
    engine: RunningEngine,
    models: Models,
    wav: Path,
    segments: tuple[Segment, ...],
    name: str,
) -> None:
    result = engine.detect_emotion(wav, segments, model=models[name])

    assert [result.emotions[number].label for number in range(3)] == ["sad", "angry", "happy"]
    for emotion in result.emotions.values():
        assert emotion.score == max(emotion.scores.values())
        assert emotion.scores[emotion.label] == emotion.score > 0.7
        assert sum(emotion.scores.values()) == pytest.approx(1, abs=0.001)


def test_labels_are_english_and_all_scores_are_there(
    engine: RunningEngine, wav: Path, segments: tuple[Segment, ...]
) -> None:
    assert set(engine.detect_emotion(wav, segments).emotions[0].scores) == EMOTIONS


def test_unused_labels_get_no_score(
    engine: RunningEngine, models: Models, wav: Path, segments: tuple[Segment, ...]
) -> None:
    result = engine.detect_emotion(wav, segments, model=models["other"])
    assert set(result.emotions[0].scores) == {"sad", "unknown", "happy", "angry"}


def test_wrapped_weights_as_on_the_hub_give_the_same(
    engine: RunningEngine, models: Models, wav: Path, segments: tuple[Segment, ...]
) -> None:
    plain = engine.detect_emotion(wav, segments)
    assert engine.detect_emotion(wav, segments, model=models["wrapped"]).emotions == plain.emotions


def test_under_the_threshold_the_label_is_unknown_and_the_scores_stay(
    engine: RunningEngine, wav: Path, segments: tuple[Segment, ...]
) -> None:
    usual = engine.detect_emotion(wav, segments)
    strict = engine.detect_emotion(wav, segments, threshold=1.0)

    assert usual.effective == {"threshold": 0.5, "batch_size": 1}
    assert strict.effective["threshold"] == 1.0
    for number, emotion in strict.emotions.items():
        assert emotion.label == "unknown"
        assert emotion.scores == usual.emotions[number].scores
        assert emotion.score == usual.emotions[number].score


@pytest.mark.parametrize("options", [{"threshold": -0.1}, {"threshold": 1.1}, {"batch_size": 0}])
def test_values_out_of_range_are_refused(
    engine: RunningEngine, wav: Path, segments: tuple[Segment, ...], options: dict[str, Any]
) -> None:
    request = engine.request(Stage.EMOTION, segments, **options)
    error = engine.failure(request, wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert next(iter(options)) in error.message


def test_too_short_segments_get_no_emotion_and_a_notice(engine: RunningEngine, wav: Path) -> None:
    """399 samples are too few for the model's convolutions, 400 are enough."""
    spoken = (
        segment(0, 0.0, 3.0),
        segment(1, 1.0, 1.0 + 399 / 16_000),
        segment(2, 1.0, 1.0 + 400 / 16_000),
        segment(3, 20.0, 21.0),  # after the recording's end
    )
    result = engine.detect_emotion(wav, spoken)

    assert set(result.emotions) == {0, 2}
    (notice,) = result.warnings
    assert (notice.code, notice.stage) == ("too_short_for_emotion", "emotion")
    assert notice.message.startswith("2 segments are shorter than 25 ms")


def test_a_segment_may_reach_beyond_the_recording(engine: RunningEngine, wav: Path) -> None:
    result = engine.detect_emotion(wav, (segment(0, 7.0, 9.5),))
    assert result.emotions[0].label == "happy"


def test_no_segments_no_emotions(engine: RunningEngine, wav: Path) -> None:
    result = engine.detect_emotion(wav, ())
    assert result.emotions == {}
    assert result.warnings == ()


def test_silence_is_no_trouble(engine: RunningEngine, tmp_path: Path) -> None:
    quiet = write_wav(tmp_path / "quiet.wav", silence(2))
    emotion = engine.detect_emotion(quiet, (segment(0, 0, 2),)).emotions[0]
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=0.001)


def test_a_long_segment_is_the_mean_of_its_windows(engine: RunningEngine, tmp_path: Path) -> None:
    """24 s go in as two windows, the first of low noise, the second of high."""
    part_s = 12
    long = write_wav(
        tmp_path / "long.wav",
        band(part_s, 60, 900, seed=21),
        band(part_s, 4000, 8000, seed=22),
    )
    halves = (segment(0, 0, part_s), segment(1, part_s, 2 * part_s))
    low, high = engine.detect_emotion(long, halves).emotions.values()
    whole = engine.detect_emotion(long, (segment(0, 0, 2 * part_s),)).emotions[0]

    assert (low.label, high.label) == ("sad", "happy")
    for label in EMOTIONS:
        mean = (low.scores[label] + high.scores[label]) / 2
        assert whole.scores[label] == pytest.approx(mean, abs=0.01)
    assert whole.scores["happy"] == pytest.approx(1 / 2, abs=0.05)


def test_batches_change_nothing(engine: RunningEngine, tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", *(band(11, 60, 1800 * n, seed=n) for n in (1, 2)))
    spoken = (segment(0, 0, 22), segment(1, 3, 5), segment(2, 5, 7), segment(3, 7, 8))

    one_by_one = engine.detect_emotion(long, spoken)
    together = engine.detect_emotion(long, spoken, batch_size=4)

    assert together.effective["batch_size"] == 4
    for number, emotion in one_by_one.emotions.items():
        assert together.emotions[number].label == emotion.label
        assert together.emotions[number].scores == pytest.approx(emotion.scores, abs=0.001)


def test_a_batch_that_does_not_fit_into_memory_is_halved(
    engine: RunningEngine, tmp_path: Path
) -> None:
    """The process may take so little more that the library's own allocation fails."""
    wav = write_wav(tmp_path / "long.wav", *(band(20, 60, 1800 * n, seed=n) for n in (1, 2)))
    spoken = tuple(segment(number, number, number + 20) for number in range(20))
    whole = engine.detect_emotion(wav, spoken)

    with memory_limited(engine.process.process.pid, more_mb=150):
        halved = engine.detect_emotion(wav, spoken, batch_size=20)

    assert 1 <= halved.effective["batch_size"] < 20
    reason = reason_of_smaller_batches(halved)
    assert "DefaultCPUAllocator" in reason or "could not create a" in reason
    for number, emotion in whole.emotions.items():
        assert halved.emotions[number].scores == pytest.approx(emotion.scores, abs=0.001)
    after = engine.detect_emotion(wav, spoken[:2])  # the engine goes on
    assert after.emotions[0] == whole.emotions[0]


def test_memory_does_not_grow_with_the_length_of_a_recording(
    engine: RunningEngine, tmp_path: Path
) -> None:
    """Read at once, an hour would be 230 MB."""

    def work(minutes: float) -> None:
        wav = write_wav(tmp_path / "long.wav", *([band(30, 60, 900, seed=1)] * int(2 * minutes)))
        spoken = tuple(segment(number, 60.0 * number, 60.0 * number + 2) for number in range(4))
        engine.detect_emotion(wav, spoken)

    pid = engine.process.process.pid
    limit = 40
    assert growth_mb_per_hour(pid, work, minutes=(4, 24), limit=limit) < limit


def test_scores_are_those_of_the_library(
    under_test: EngineUnderTest, engine: RunningEngine, wav: Path, segments: tuple[Segment, ...]
) -> None:
    """``Emotion2vec.inference`` on the same samples gives the same scores."""
    program = """
import json, sys, wave
import numpy as np
from loading import load_model
from dalston_sdk.wire import ModelRef
import torch
folder, wav = sys.argv[1:]
loaded = load_model(ModelRef(runtime_id="own", path=folder), "cpu")
class Tokens:
    token_list = [label or "unuse" for label in loaded.labels]
with wave.open(wav) as reader:
    samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / np.float32(32768)
pieces = [torch.from_numpy(samples[a * 16000 : b * 16000]) for a, b in ((0, 3), (4, 6), (7, 9))]
with torch.inference_mode():
    found, _ = loaded.network.inference(
        pieces, key=["a", "b", "c"], tokenizer=Tokens, device="cpu", extract_embedding=False
    )
print(json.dumps([dict(zip(one["labels"], one["scores"])) for one in found]))
"""
    own = json.loads(under_test.run(program, engine.model.path or "", wav))
    ours = engine.detect_emotion(wav, segments).emotions
    for number, scores in enumerate(own):
        assert ours[number].scores == pytest.approx(scores, abs=0.0001)


def test_progress_grows_to_the_end(
    engine: RunningEngine, wav: Path, segments: tuple[Segment, ...]
) -> None:
    messages = engine.messages(engine.request(Stage.EMOTION, segments), wav)
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(9)


def test_a_cancelled_request_ends_between_two_windows(
    engine: RunningEngine, tmp_path: Path
) -> None:
    minutes = 20
    wav = write_wav(tmp_path / "long.wav", *[band(60, 60, 900)] * minutes)
    spoken = tuple(segment(n, n * 10, n * 10 + 10) for n in range(6 * minutes))
    assert engine.cancel(engine.request(Stage.EMOTION, spoken), wav) < 60
