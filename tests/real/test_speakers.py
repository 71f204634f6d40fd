"""Who speaks, with real weights that need no token, on a real telephone call."""

import json
from pathlib import Path

import pytest
from tests.acceptance.home import Home
from tests.support.engine_under_test import EngineUnderTest
from tests.support.real_speech import SPEECH, needs_real_speech, pull_real, transcribe

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights, and the environment of PyTorch
    needs_real_speech,
]

CALL = SPEECH / "two-speakers.wav"
MODEL = "pyannote-segmentation-3.0-campplus"
Turns = list[tuple[float, float, str]]


@pytest.fixture(scope="module")
def diarizer(real_user: Home) -> str:
    """The id of segmentation-3.0 with CAM++, which is pulled."""
    return pull_real(real_user, MODEL)


def read_turns(file: Path) -> Turns:
    """Read start, end and speaker from the lines of an RTTM file."""
    rows = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows if row]


def test_two_people_on_the_telephone_are_told_apart(
    real_user: Home, diarizer: str, out: Path
) -> None:
    """By pyannote.metrics, without a collar and with overlapping speech."""
    options = ("--model", "pocketsphinx-en-us", "--diarize", "--diarize-model", diarizer)
    transcript = transcribe(real_user, CALL, out, *options, "-f", "rttm")
    assert {word["speaker"] for segment in transcript["segments"] for word in segment["words"]} == {
        "SPEAKER_00",
        "SPEAKER_01",
    }
    found = read_turns(out / "two-speakers.rttm")
    case = {"reference": read_turns(CALL.with_suffix(".rttm")), "hypothesis": found}
    engine = EngineUnderTest("diarize/pyannote")
    script = engine.folder / "tests" / "error_rates.py"
    rates = json.loads(engine.run(script, text=json.dumps({"call": case})))
    assert rates["call"] <= 0.12
