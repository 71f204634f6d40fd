"""The command that scores models, with the bundled one, on the example and on a user's folder."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.acceptance.home import Home
from tests.support.recordings import ffmpeg

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_bundled_model_is_scored(lasting_home: Home, examples: Path, tmp_path: Path) -> None:
    shutil.copy(examples / "lecture.txt", tmp_path / "talk.txt")
    ffmpeg("-i", examples / "dialogue.wav", "-t", "8", tmp_path / "talk.wav")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "quality", tmp_path),
            *("--weights", "own", "--models", "pocketsphinx-en-us"),
        ],
        cwd=REPOSITORY,
        env=lasting_home.environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines()]
    scored = {(row[0], row[1], row[2]): row[3:] for row in rows if row and row[0].endswith(".wav")}
    model = "pocketsphinx-en-us"
    assert set(scored) == {
        ("dialogue.wav", "transcribe", model),
        ("dialogue.wav", "align", model),
        ("talk.wav", "transcribe", model),
    }
    wer, starts, ends, *speakers = scored["dialogue.wav", "transcribe", model]
    assert 0 < float(wer) <= 0.35
    assert all(int(cell.partition(",")[0]) < 40 for cell in (starts, ends))
    assert speakers == ["", "", ""]
    # The lecture's text was not what is spoken there, and the score has to say so.
    assert float(scored["talk.wav", "transcribe", model][0]) > 0.8
    assert "failed" not in done.stdout
