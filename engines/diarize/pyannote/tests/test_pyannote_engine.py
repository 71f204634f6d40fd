"""pyannote.audio, the real library in its own environment: speaker turns and embeddings."""

import json
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.dialogues import Dialogue, MakeDialogue
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.sounds import silence, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import DiarizeResult, ErrorCode, Progress, SpeakerTurn, Stage

ERROR_RATES = Path(__file__).parent / "error_rates.py"

pytestmark = needs_flite


def speakers(result: DiarizeResult) -> set[str]:
    return {turn.speaker for turn in result.turns}


def plain(turns: tuple[SpeakerTurn, ...]) -> list[tuple[float, float, str]]:
    return [(turn.start, turn.end, turn.speaker) for turn in turns]


@pytest.mark.slow  # a process of its own, and two pipelines in turns
def test_pyannote_conforms(under_test: EngineUnderTest, models: Models, two: Dialogue) -> None:
    check_engine(under_test.subject(models["community"], two.wav, other_model=models["legacy"]))


def test_the_right_speakers_at_the_right_time(
    under_test: EngineUnderTest,
    engine: RunningEngine,
    models: Models,
    two: Dialogue,
    long: Dialogue,
    make_dialogue: MakeDialogue,
) -> None:
    """Voices that the models know, in sentences that they do not; by pyannote.metrics."""
    crowd = make_dialogue("slt", "rms", "kal16", "slt", "rms", "kal16")
    legacy = {"model": models["legacy"]}
    requests: dict[str, tuple[Dialogue, dict[str, Any], int]] = {
        "two": (two, {}, 2),
        "two, told": (two, {"num_speakers": 2}, 2),
        "three, told": (crowd, {"num_speakers": 3}, 3),
        "three, bounded": (crowd, {"min_speakers": 2, "max_speakers": 3}, 3),
        "in chunks": (long, {"chunk_s": 30.0}, 3),
        "in chunks, told": (long, {"chunk_s": 30.0, "num_speakers": 3}, 3),
        "3.1": (two, legacy, 2),
        "3.1, told": (crowd, {**legacy, "num_speakers": 3}, 3),
    }
    cases = {}
    for name, (dialogue, options, count) in requests.items():
        result = engine.diarize(dialogue.wav, **options)
        assert len(speakers(result)) == count, name
        assert result.warnings == (), name
        cases[name] = {"reference": dialogue.turns, "hypothesis": plain(result.turns)}
        exclusive = plain(result.exclusive_turns)
        cases[f"{name}, exclusive"] = {"reference": dialogue.turns, "hypothesis": exclusive}
    rates = json.loads(under_test.run(ERROR_RATES, text=json.dumps(cases)))
    assert max(rates.values()) < 0.15, rates


def test_speakers_are_named_as_they_come(engine: RunningEngine, long: Dialogue) -> None:
    """In whichever chunk they come: the third speaker first speaks in the second one."""
    turns = engine.diarize(long.wav, chunk_s=30.0).turns
    assert list(dict.fromkeys(turn.speaker for turn in turns)) == [
        "SPEAKER_00",
        "SPEAKER_01",
        "SPEAKER_02",
    ]


def test_turns_overlap_and_exclusive_turns_do_not(
    engine: RunningEngine, make_dialogue: MakeDialogue
) -> None:
    result = engine.diarize(make_dialogue(*["slt", "rms"] * 4, pause_s=-0.9).wav, num_speakers=2)
    assert any(before.end > after.start + 0.3 for before, after in pairwise(result.turns))
    assert all(before.end <= after.start for before, after in pairwise(result.exclusive_turns))
    assert {turn.speaker for turn in result.exclusive_turns} == speakers(result)


def test_every_speaker_has_an_embedding(engine: RunningEngine, long: Dialogue) -> None:
    """With and without chunks, embeddings of one speaker are similar, of two they are not."""
    whole = engine.diarize(long.wav).embeddings
    chunks = engine.diarize(long.wav, chunk_s=30.0).embeddings
    assert set(whole) == set(chunks) == {"SPEAKER_00", "SPEAKER_01", "SPEAKER_02"}
    assert {len(vector) for vector in whole.values()} == {32}

    def cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
        product = float(np.dot(one, other))
        return product / float(np.linalg.norm(one) * np.linalg.norm(other))

    assert max(cosine(whole[a], whole[b]) for a, b in combinations(whole, 2)) < 0.5
    assert min(cosine(whole[name], chunks[name]) for name in whole) > 0.9


def test_batches_change_nothing(engine: RunningEngine, two: Dialogue) -> None:
    one_by_one = engine.diarize(two.wav, batch_size=1)
    together = engine.diarize(two.wav, batch_size=32)
    assert one_by_one.turns == together.turns
    assert (one_by_one.effective["batch_size"], together.effective["batch_size"]) == (1, 32)


def test_effective_options_are_returned(engine: RunningEngine, two: Dialogue) -> None:
    assert engine.diarize(two.wav).effective == {
        "num_speakers": None,
        "min_speakers": None,
        "max_speakers": None,
        "batch_size": 8,
        "chunk_s": 1800.0,
    }
    assert engine.diarize(two.wav, num_speakers=2).effective["num_speakers"] == 2


def test_more_speakers_than_embeddings_is_a_warning(
    engine: RunningEngine, make_dialogue: MakeDialogue
) -> None:
    """The library's clustering would fail: it has fewer embeddings than clusters."""
    result = engine.diarize(make_dialogue("slt").wav, num_speakers=9)
    assert [notice.code for notice in result.warnings] == ["speaker_count"]
    assert result.warnings[0].message.endswith("speakers were found, though there are 9.")


@pytest.mark.parametrize("name", ["community", "legacy"])
@pytest.mark.parametrize("seconds", [0.05, 3.0])
def test_silence_has_no_speakers(
    engine: RunningEngine,
    models: Models,
    tmp_path: Path,
    name: str,
    seconds: float,
) -> None:
    wav = write_wav(tmp_path / "quiet.wav", silence(seconds))
    result = engine.diarize(wav, model=models[name])
    assert (result.turns, result.exclusive_turns, result.embeddings) == ((), (), {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_speakers": 0}, "num_speakers must be at least 1"),
        ({"num_speakers": 2, "max_speakers": 3}, "num_speakers excludes"),
        ({"min_speakers": 3, "max_speakers": 2}, "min_speakers is 3, above max_speakers, 2"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"chunk_s": 5.0}, "chunk_s must be at least 30 seconds"),
    ],
)
def test_values_out_of_range_are_refused(
    engine: RunningEngine, two: Dialogue, options: dict[str, Any], message: str
) -> None:
    error = engine.failure(engine.request(Stage.DIARIZE, **options), two.wav)
    assert error.code is ErrorCode.INVALID_REQUEST
    assert message in str(error)


def test_progress_grows_to_the_end(engine: RunningEngine, long: Dialogue) -> None:
    messages = engine.messages(engine.request(Stage.DIARIZE, chunk_s=30.0), long.wav)
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert len(done) > 10
    assert done == sorted(done)
    assert done[-1] == pytest.approx(long.duration_s)


def test_a_cancelled_request_ends_between_two_batches(
    engine: RunningEngine, tmp_path: Path
) -> None:
    minutes = write_wav(tmp_path / "minutes.wav", silence(60 * 30))
    assert engine.cancel(engine.request(Stage.DIARIZE), minutes) < 600
