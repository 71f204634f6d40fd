"""nemo's speakers: those of the library, linked over chunks, and no more than it can tell apart."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, Stage

pytestmark = [pytest.mark.slow, needs_flite]  # NeMo alone takes 10 s to import

SORTFORMERS = ("sortformer-v1", "sortformer-v2")


@pytest.fixture(scope="module")
def oracle(under_test: EngineUnderTest, models: Models, speech: Speech) -> dict[str, Any]:
    folder = Path(models["ctc"].path or "").parent
    printed = under_test.run(Path(__file__).with_name("oracle.py"), folder, speech.wav)
    line = next(line for line in printed.splitlines() if line.startswith("ORACLE "))
    found: dict[str, Any] = json.loads(line.removeprefix("ORACLE "))
    return found


def activity(turns: list[tuple[float, float, str]], duration_s: float) -> dict[str, Any]:
    """Per speaker, the hundredths of a second in which they speak."""
    found: dict[str, Any] = {}
    for start, end, speaker in turns:
        spoken = found.setdefault(speaker, np.zeros(int(duration_s * 100) + 1, bool))
        spoken[round(start * 100) : round(end * 100)] = True
    return found


@pytest.mark.parametrize("name", SORTFORMERS)
def test_speakers_are_those_of_the_library(
    engine: RunningEngine,
    models: Models,
    speech: Speech,
    oracle: dict[str, Any],
    name: str,
) -> None:
    """Compared with the shortest turns and pauses, which the engine drops."""
    result = engine.diarize(speech.wav, model=models[name])

    theirs, ours = (
        activity([(float(start), float(end), who) for start, end, who in turns], speech.duration_s)
        for turns in oracle[name]
    )
    assert 2 <= len(ours) <= 4
    for spoken in ours.values():
        closest = max(theirs.values(), key=lambda other: (other & spoken).sum())
        assert (closest ^ spoken).mean() < 0.01
    assert result.turns[0].speaker == "SPEAKER_00"
    assert all(before.start <= after.start for before, after in pairwise(result.turns))
    assert all(
        type(turn.start) is float and 0 < (turn.confidence or 0) <= 1 for turn in result.turns
    )


def test_features_made_in_blocks_are_those_of_the_whole(oracle: dict[str, Any]) -> None:
    whole, parts, difference = oracle["features"]
    assert whole == parts
    assert difference < 1e-3


def test_a_recording_of_hours_is_read_minute_by_minute(under_test: EngineUnderTest) -> None:
    program = """
import json, torch
from long_features import LongFeatures
asked = []
def make(first, last):
    asked.append((last - first) / 16000)
    return torch.arange(first // 160, last // 160)[None, None].expand(1, 2, -1)
num_frames = 3 * 360_000 + 77
features = LongFeatures(num_frames * 160, rate=16_000, hop=160, make=make)
found = [features[:, :, max(0, first - 8) : first + 3000] for first in range(0, num_frames, 2720)]
same = all(bool((chunk[0, 1].diff() == 1).all()) for chunk in found)
print(json.dumps([features.shape, same, int(found[-1][0, 0, -1]), len(asked), max(asked)]))
"""
    shape, same, last, num_blocks, longest = json.loads(under_test.run(program))
    assert shape == [1, 2, 3 * 360_000 + 77]
    assert same
    assert last == 3 * 360_000 + 76
    assert num_blocks == 181  # the last one comes first, because it tells how many frames there are
    assert longest <= 92


def test_nothing_asks_the_network(oracle: dict[str, Any]) -> None:
    assert oracle["reached"] == []


def test_canary_writes_what_the_library_has_it_write(oracle: dict[str, Any]) -> None:
    assert [text.split()[0] for text in oracle["canary"]] == ["please", "red"]


def test_speakers_are_linked_over_chunks(under_test: EngineUnderTest) -> None:
    """Each chunk has the speakers in an order of its own."""
    program = """
import json, numpy as np
from activity_turns import link_chunks, turns_of
rng = np.random.default_rng(0)
truth = np.repeat(rng.integers(0, 4, 60), 20)
whole = np.eye(4, dtype=np.float32)[truth]
windows, step = [], 300
for start in range(0, 900, step):
    windows.append(whole[start : start + 600][:, rng.permutation(4)])
found = link_chunks(windows, num_shared=300)
same = max(
    float((found[:, list(order)] == whole).all())
    for order in __import__("itertools").permutations(range(4))
)
turns = turns_of(found, 0.08, 96.0)
print(json.dumps([found.shape, same, len(turns), len({turn.speaker for turn in turns})]))
"""
    shape, same, turns, speakers = json.loads(under_test.run(program))
    assert shape == [1200, 4]
    assert same == 1.0
    assert speakers == 4
    assert turns > 30


def test_a_long_recording_is_diarized_chunk_by_chunk(
    engine: RunningEngine, models: Models, speech: Speech, tmp_path: Path
) -> None:
    long = write_wav(tmp_path / "long.wav", np.tile(read_wav(speech.wav), 12))
    one = engine.diarize(long, model=models["sortformer-v1"])
    four = engine.diarize(long, model=models["sortformer-v1"], batch_size=4)

    assert one.turns[-1].end > 200
    alone, together = (
        activity([(turn.start, turn.end, turn.speaker) for turn in result.turns], 300)
        for result in (one, four)
    )
    assert alone.keys() == together.keys()
    assert all((alone[who] ^ together[who]).mean() < 0.01 for who in alone)
    assert (one.effective["batch_size"], four.effective["batch_size"]) == (1, 4)


@pytest.mark.parametrize("name", SORTFORMERS)
def test_no_more_speakers_than_were_asked_for(
    engine: RunningEngine, models: Models, speech: Speech, name: str
) -> None:
    free = engine.diarize(speech.wav, model=models[name])
    options: dict[str, Any]
    for options in ({"num_speakers": 1}, {"max_speakers": 1}):
        result = engine.diarize(speech.wav, model=models[name], **options)
        assert {turn.speaker for turn in result.turns} == {"SPEAKER_00"}
        assert result.effective["max_speakers"] == 1
        spoken = sum(turn.end - turn.start for turn in result.turns)
        assert spoken >= max(
            sum(turn.end - turn.start for turn in free.turns if turn.speaker == who)
            for who in {turn.speaker for turn in free.turns}
        )


def test_more_than_four_speakers_are_refused_or_reported(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    request = engine.request(Stage.DIARIZE, model=models["sortformer-v2"], num_speakers=5)
    error = engine.failure(request, speech.wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "4 speakers" in str(error)
    assert "dalston models list --stage diarize" in (error.hint or "")
    result = engine.diarize(speech.wav, model=models["sortformer-v2"], max_speakers=6, batch_size=2)
    codes = [notice.code for notice in result.warnings]
    assert codes == ["speaker_limit", "option_without_effect"]


def test_turns_end_with_the_recording(
    engine: RunningEngine, models: Models, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "short.wav", np.full(RATE // 100, 99, np.int16))
    for name in SORTFORMERS:
        result = engine.diarize(wav, model=models[name])
        assert all(turn.end <= 0.01 for turn in result.turns)
