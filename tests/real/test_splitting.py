"""A long recording of what people said, real weights: two replicas write what one writes."""

import json
import wave
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import needs_real_speech, spoken_clips

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]

LENGTH_S, PAUSE_S, RATE = 250, 0.7, 16_000


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips one after the other, again and again, with pauses between them."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    clips = spoken_clips()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        while file.tell() < LENGTH_S * RATE:
            for clip in clips:
                with wave.open(str(clip)) as source:
                    file.writeframes(source.readframes(60 * RATE))
                file.writeframes(bytes(2 * int(PAUSE_S * RATE)))
    return path


def transcript(user: Home, recording: Path, out: Path, *options: str) -> tuple[dict[str, Any], str]:
    done = user.run(
        *("transcribe", recording, "-o", out, "-f", "json", "--overwrite", "--temperature", "0"),
        *options,
        timeout_s=900,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((out / f"{recording.stem}.json").read_bytes()), done.stderr


def test_two_replicas_write_what_one_writes(
    tiny: str, long: Path, real_user: Home, out: Path
) -> None:
    batches = ("--model", tiny, "--batch-size", "4")
    one, _ = transcript(real_user, long, out, *batches)
    two, said = transcript(real_user, long, out, *batches, "--replicas", "2")
    assert "not split" not in said
    assert len(one["segments"]) > LENGTH_S / 30
    assert two["segments"] == one["segments"]
    assert two["warnings"] == one["warnings"]
    whole, said = transcript(real_user, long, out, "--model", tiny, "--replicas", "2")
    assert "not split over replicas" in said
    assert whole["segments"]
