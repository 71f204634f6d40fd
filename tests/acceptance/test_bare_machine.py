"""A machine without network, GPU or Docker: the first command a newcomer runs."""

import json
import os
import subprocess
from pathlib import Path

import jiwer
import pytest
from tests.acceptance.home import Home
from tests.support.scoring import normalise

SHARED_AUDIO = Path(__file__).resolve().parents[3] / "shared" / "audio"
WITHOUT_NETWORK = (
    ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--net", "--map-root-user")
)


def can_cut_the_network() -> bool:
    try:
        return (
            subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True, check=False).returncode
            == 0
        )
    except FileNotFoundError:
        return False


def check_times(words: list[dict[str, float]], duration_s: float) -> None:
    assert words
    assert all(0 <= word["start"] < word["end"] <= duration_s + 0.01 for word in words)
    starts = [word["start"] for word in words]
    assert starts == sorted(starts)


@pytest.mark.skipif(not can_cut_the_network(), reason="unshare cannot cut the network off here")
def test_a_lecture_without_network(home: Home, examples: Path, tmp_path: Path) -> None:
    result = home.run(
        "transcribe",
        examples / "lecture.mp4",
        "-o",
        tmp_path,
        "-f",
        "txt,json,srt",
        before=WITHOUT_NETWORK,
    )

    assert result.returncode == 0, result.stderr
    transcript = json.loads((tmp_path / "lecture.json").read_text(encoding="utf-8"))
    reference = (examples / "lecture.txt").read_text(encoding="utf-8")
    assert jiwer.wer(normalise(reference), normalise(transcript["text"])) <= 0.35
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    check_times(words, transcript["recording"]["duration_s"])
    assert normalise((tmp_path / "lecture.txt").read_text()) == normalise(transcript["text"])
    assert (tmp_path / "lecture.srt").read_text(encoding="utf-8").startswith("1\n00:00:0")


@pytest.mark.slow  # minutes of speech
@pytest.mark.skipif(not SHARED_AUDIO.is_dir(), reason="the recordings of real speech are not here")
def test_real_speech_is_understood(lasting_home: Home, tmp_path: Path) -> None:
    references = sorted(SHARED_AUDIO.glob("*.txt"))

    result = lasting_home.run_here(
        "transcribe",
        *(path.with_suffix(".wav") for path in references),
        "-o",
        tmp_path,
        "-f",
        "json",
    )

    assert result.returncode == 0, result.stderr
    hypotheses = []
    for reference in references:
        transcript = json.loads((tmp_path / f"{reference.stem}.json").read_text(encoding="utf-8"))
        hypotheses.append(normalise(transcript["text"]))
        words = [word for segment in transcript["segments"] for word in segment["words"]]
        check_times(words, transcript["recording"]["duration_s"])
    expected = [normalise(path.read_text(encoding="utf-8")) for path in references]
    assert jiwer.wer(expected, hypotheses) <= 0.45
