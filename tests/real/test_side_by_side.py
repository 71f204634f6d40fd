"""Many short recordings at once, real weights: each transcript is that of one alone."""

import json
import wave
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import SPEECH, needs_real_speech

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]

PIECES_S = (2.5, 4.0, 6.5, 9.0)
NUM_PIECES = 8


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pieces of 2.5 to 9 s of what people said, some of it cut in a word."""
    folder = tmp_path_factory.mktemp("pieces")
    count = 0
    for recording in ("jfk", "austen-0870", "austen-0880", "austen-0890"):
        with wave.open(str(SPEECH / f"{recording}.wav")) as source:
            for at_s in range(0, source.getnframes() // 16_000 - 2, 2):
                source.setpos(at_s * 16_000)
                length_s = PIECES_S[count % len(PIECES_S)]
                _write(folder / f"{count:02}.wav", source.readframes(int(length_s * 16_000)))
                count += 1
    assert count >= NUM_PIECES
    return folder


def _write(path: Path, frames: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(frames)


@pytest.mark.parametrize("model", ["tiny", "base"])
def test_transcripts_of_many_at_once_are_those_of_one_after_the_other(
    model: str, pieces: Path, real_user: Home, out: Path, request: pytest.FixtureRequest
) -> None:
    model_id = request.getfixturevalue(model)
    transcripts: list[dict[str, Any]] = []
    for jobs in ("1", "10"):
        # What is drawn at random where decoding fails differs from run to run.
        done = real_user.run(
            *("transcribe", pieces, "-o", out, "-f", "json", "--model", model_id, "--overwrite"),
            *("--jobs", jobs, "--temperature", "0"),
            timeout_s=600,
        )
        assert done.returncode == 0, done.stderr
        transcripts.append(
            {path.name: json.loads(path.read_bytes())["segments"] for path in out.glob("*.json")}
        )
    alone, together = transcripts
    assert len(alone) == len(list(pieces.glob("*.wav")))
    assert sum(map(bool, alone.values())) >= len(alone) - 1
    assert together == alone
