"""FunASR's emotion2vec, the real library in its own environment: which emotion is heard where."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.sounds import band, silence, write_wav

from dalston_sdk.testing import check_engine
from dalston_sdk.wire import ErrorCode, ModelRef, Progress, Segment

EMOTIONS = {
    *("angry", "disgusted", "fearful", "happy", "neutral"),
    *("other", "sad", "surprised", "unknown"),
}


def segment(number: int, start: float, end: float) -> Segment:
    return Segment(id=number, start=start, end=end, text="words")


@pytest.mark.slow
def test_emotion2vec_conforms(
    under_test: EngineUnderTest,
    models: Mapping[str, ModelRef],
    wav: Path,
    segments: tuple[Segment, ...],
) -> None:
    check_engine(
        under_test.subject(
            models["plain"], wav, other_model=models["other"], segments=segments, language="en"
        )
    )


@pytest.mark.parametrize("name", ["plain", "wrapped", "other"])
def test_each_segment_gets_the_emotion_of_its_sound(
    listener: Any,
    models: Mapping[str, ModelRef],
    wav: Path,
    segments: tuple[Segment, ...],
    name: str,
) -> None:
    result = listener.hear(wav, segments, model=models[name])

    assert [result.emotions[number].label for number in range(3)] == ["sad", "angry", "happy"]
    for emotion in result.emotions.values():
        assert emotion.score == max(emotion.scores.values())
        assert emotion.scores[emotion.label] == emotion.score > 0.7
        assert sum(emotion.scores.values()) == pytest.approx(1, abs=0.001)


def test_labels_are_english_and_all_scores_are_kept(
    listener: Any, wav: Path, segments: tuple[Segment, ...]
) -> None:
    assert set(listener.hear(wav, segments).emotions[0].scores) == EMOTIONS


def test_places_that_mean_nothing_get_no_score(
    listener: Any, models: Mapping[str, ModelRef], wav: Path, segments: tuple[Segment, ...]
) -> None:
    result = listener.hear(wav, segments, model=models["other"])
    assert set(result.emotions[0].scores) == {"sad", "unknown", "happy", "angry"}


def test_weights_as_on_the_hub_are_the_same_weights(
    listener: Any, models: Mapping[str, ModelRef], wav: Path, segments: tuple[Segment, ...]
) -> None:
    plain = listener.hear(wav, segments)
    assert listener.hear(wav, segments, model=models["wrapped"]).emotions == plain.emotions


def test_under_the_threshold_the_label_is_unknown_and_the_scores_stay(
    listener: Any, wav: Path, segments: tuple[Segment, ...]
) -> None:
    usual = listener.hear(wav, segments)
    strict = listener.hear(wav, segments, threshold=1.0)

    assert usual.effective == {"threshold": 0.5, "batch_size": 1}
    assert strict.effective["threshold"] == 1.0
    for number, emotion in strict.emotions.items():
        assert emotion.label == "unknown"
        assert emotion.scores == usual.emotions[number].scores
        assert emotion.score == usual.emotions[number].score


@pytest.mark.parametrize(
    ("option", "value"), [("threshold", -0.1), ("threshold", 1.1), ("batch_size", 0)]
)
def test_values_out_of_range_are_refused(
    listener: Any, wav: Path, segments: tuple[Segment, ...], option: str, value: float
) -> None:
    request = listener.request(segments, **{option: value})
    error = listener.engine.failure(request, wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert option in error.message


def test_segments_that_are_too_short_are_left_out_and_said(listener: Any, wav: Path) -> None:
    """399 samples are too few for the model's convolutions, 400 are enough."""
    spoken = (
        segment(0, 0.0, 3.0),
        segment(1, 1.0, 1.0 + 399 / 16_000),
        segment(2, 1.0, 1.0 + 400 / 16_000),
        segment(3, 20.0, 21.0),  # after the recording's end
    )
    result = listener.hear(wav, spoken)

    assert set(result.emotions) == {0, 2}
    (notice,) = result.warnings
    assert (notice.code, notice.stage) == ("too_short_for_emotion", "emotion")
    assert notice.message.startswith("2 segments are shorter than 25 ms")


def test_a_segment_may_reach_beyond_the_recording(listener: Any, wav: Path) -> None:
    result = listener.hear(wav, (segment(0, 7.0, 9.5),))
    assert result.emotions[0].label == "happy"


def test_no_segments_no_emotions(listener: Any, wav: Path) -> None:
    result = listener.hear(wav, ())
    assert result.emotions == {}
    assert result.warnings == ()


def test_silence_is_no_trouble(listener: Any, tmp_path: Path) -> None:
    quiet = write_wav(tmp_path / "quiet.wav", silence(2))
    emotion = listener.hear(quiet, (segment(0, 0, 2),)).emotions[0]
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=0.001)


def test_a_long_segment_is_the_mean_of_its_windows(listener: Any, tmp_path: Path) -> None:
    """42 s go in as three parts; the first is low, the second high, the third of both halves."""
    part_s = 14
    long = write_wav(
        tmp_path / "long.wav",
        band(part_s, 60, 900, seed=21),
        band(part_s, 4000, 8000, seed=22),
        band(part_s, 60, 900, seed=23),
    )
    parts = tuple(segment(number, number * part_s, (number + 1) * part_s) for number in range(3))
    each = listener.hear(long, parts).emotions
    whole = listener.hear(long, (segment(0, 0, 42),)).emotions[0]

    assert whole.label == "sad"
    for label in EMOTIONS:
        mean = sum(each[number].scores[label] for number in range(3)) / 3
        assert whole.scores[label] == pytest.approx(mean, abs=0.01)
    assert whole.scores["happy"] == pytest.approx(1 / 3, abs=0.05)


def test_batches_change_nothing(listener: Any, tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", *(band(15, 60, 900 * n, seed=n) for n in range(1, 4)))
    spoken = (segment(0, 0, 45), segment(1, 3, 5), segment(2, 5, 7), segment(3, 7, 8))

    one_by_one = listener.hear(long, spoken)
    together = listener.hear(long, spoken, batch_size=4)

    assert together.effective["batch_size"] == 4
    for number, emotion in one_by_one.emotions.items():
        assert together.emotions[number].label == emotion.label
        assert together.emotions[number].scores == pytest.approx(emotion.scores, abs=0.001)


def test_the_answer_is_the_library_s_own(
    under_test: EngineUnderTest, listener: Any, wav: Path, segments: tuple[Segment, ...]
) -> None:
    """The library's ``inference`` on the same samples gives the same shares."""
    program = """
import json, sys, wave
import numpy as np
from loading import load_recogniser
from dalston_sdk.wire import ModelRef
import torch
folder, wav = sys.argv[1:]
recogniser = load_recogniser(ModelRef(runtime_id="own", path=folder), "cpu")
class Tokens:
    token_list = [label or "unuse" for label in recogniser.labels]
with wave.open(wav) as reader:
    samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / np.float32(32768)
pieces = [torch.from_numpy(samples[a * 16000 : b * 16000]) for a, b in ((0, 3), (4, 6), (7, 9))]
with torch.inference_mode():
    found, _ = recogniser.model.inference(
        pieces, key=["a", "b", "c"], tokenizer=Tokens, device="cpu", extract_embedding=False
    )
print(json.dumps([dict(zip(one["labels"], one["scores"])) for one in found]))
"""
    own = json.loads(under_test.run(program, listener.model.path, wav))
    ours = listener.hear(wav, segments).emotions
    for number, scores in enumerate(own):
        assert ours[number].scores == pytest.approx(scores, abs=0.0001)


def test_progress_grows_to_the_end(listener: Any, wav: Path, segments: tuple[Segment, ...]) -> None:
    messages = listener.engine.messages(listener.request(segments), wav)
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(9)


def test_a_request_nobody_waits_for_ends_between_two_windows(
    engine: AskedEngine, listener: Any, tmp_path: Path
) -> None:
    hour = write_wav(tmp_path / "hour.wav", *[band(60, 60, 900)] * 60)
    request = listener.request(tuple(segment(n, n * 10, n * 10 + 10) for n in range(360)))

    async def abandon() -> float:
        done_s = 0.0
        async with engine.process.client() as client:
            async with aclosing(client.run(request, audio=hour, share_path=True)) as stream:
                async for message in stream:
                    if isinstance(message, Progress) and message.phase == "run" and message.done_s:
                        done_s = message.done_s
                        break
            while (await client.health()).running:
                continue
        return done_s

    assert asyncio.run(abandon()) < 60
