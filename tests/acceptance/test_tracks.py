"""A conversation of two people, each with a microphone that hears the other, of real speech."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import needs_real_speech
from tests.support.track_sessions import make_session

pytestmark = [
    pytest.mark.slow,  # the bundled model recognizes 40 s of speech, in real time
    needs_real_speech,
]
OPTIONS = ("--launcher", "local", "-m", "pocketsphinx-en-us", "-f", "json")
INFO = "Recording x\r\n\r\nStart time:\t2024-05-17T09:30:00.5Z\r\n\r\nTracks:\r\n\tada (1)\r\n"


def transcribed(user: Home, given: Path, out: Path, *options: str) -> dict[str, Any]:
    done = user.run("transcribe", "--tracks", given, "-o", out, *OPTIONS, *options, timeout_s=600)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads((out / f"{given.stem}.json").read_text(encoding="utf-8"))
    return document


def said_by(document: dict[str, Any], speaker: str) -> str:
    segments = (one for one in document["segments"] if one["speaker"] == speaker)
    return " ".join(re.findall(r"[a-z']+", " ".join(one["text"] for one in segments).lower()))


def test_one_transcript_with_the_right_speakers(home: Home, tmp_path: Path) -> None:
    make_session(tmp_path / "session")

    found = transcribed(home, tmp_path / "session", tmp_path / "out")

    ada, grace = said_by(found, "Ada"), said_by(found, "Grace")
    assert {one["speaker"] for one in found["segments"]} == {"Ada", "Grace"}
    assert "leisure to consider how much there might be" in grace
    assert "leisure" not in ada
    assert "you" in ada.split()
    # Grace talks over Ada, who goes on: both are kept.
    assert "cold hearted" in grace
    assert "rather selfish" in grace
    over = [one for one in found["segments"] if one["start"] < 12 and one["end"] > 8]
    assert {one["speaker"] for one in over} == {"Ada", "Grace"}
    # Each microphone picked up the other speaker, and that is left out and told.
    [copied] = [one for one in found["suppressed"] if one["channel"] == 0]
    assert "leisure to consider" in copied["text"]
    assert (copied["spoken_in"], copied["reason"]) == (1, "copy")
    assert any(one["channel"] == 1 for one in found["suppressed"])
    tracks = found["recording"]["tracks"]
    assert [one["start_source"] for one in tracks] == ["sound", "sound"]
    assert tracks[1]["start"] == pytest.approx(2.5, abs=0.02)
    leisure = [
        word["start"]
        for one in found["segments"]
        for word in one["words"]
        if word["word"].strip() == "leisure"
    ]
    assert leisure == [pytest.approx(15.7, abs=1.0)]


def test_an_archive_of_craigs(home: Home, tmp_path: Path) -> None:
    paths = make_session(tmp_path / "call", ("1-ada.wav", "2-grace_1234.wav"), same_length=True)
    with zipfile.ZipFile(tmp_path / "craig.zip", "w") as archive:
        archive.writestr("info.txt", INFO)
        for path in paths:
            archive.write(path, path.name)

    found = transcribed(
        home, tmp_path / "craig.zip", tmp_path / "out", "--speaker-names", "SPEAKER_01=Grace"
    )

    assert "leisure to consider" in said_by(found, "Grace")
    assert "leisure" not in said_by(found, "ada")
    assert found["recording"]["recorded"]["at"] == "2024-05-17T09:30:00Z"
    assert [one["start_source"] for one in found["recording"]["tracks"]] == ["info", "info"]
    assert found["speaker_names"] == {"SPEAKER_00": "ada", "SPEAKER_01": "Grace"}

    again = home.run(
        "transcribe", "--tracks", tmp_path / "craig.zip", "-o", tmp_path / "out", *OPTIONS,
        "--speaker-names", "SPEAKER_01=Grace",
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "unchanged" in again.stderr
