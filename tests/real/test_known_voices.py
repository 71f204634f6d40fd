"""People on a roster, with real weights that need no token: named right, and no stranger is."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.voices import people_in, synthetic
from tests.acceptance.home import Home
from tests.support.flite import RATE, Pcm, utter, write_pcm
from tests.support.real_speech import SPEECH, needs_real_speech, pull_real, transcribe

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights, and the environment of PyTorch
    needs_real_speech,
]

MODEL = "pyannote-segmentation-3.0-campplus"
MONOLOGUE = Path(__file__).resolve().parents[2] / "examples" / "monologue.wav"
ENROLLED = round(10.6 * RATE)
"""Samples of a voice whose other half is to be known again."""

Spoken = Sequence[tuple[str, Pcm]]


@pytest.fixture(scope="module")
def spoken() -> dict[str, Pcm]:
    """Return what real people and flite's voices say, by name."""
    return people_in(SPEECH) | synthetic()


@pytest.fixture(scope="module")
def roster(
    real_user: Home, spoken: dict[str, Pcm], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Somebody of a meeting, and two of flite's voices, one of them from an example."""
    pull_real(real_user, MODEL)
    folder = tmp_path_factory.mktemp("samples")
    file = folder / "roster.json"
    samples = {
        "Margaret": write_pcm(folder / "meeting.wav", spoken["MEE009"][:ENROLLED]),
        "Selma": write_pcm(folder / "selma.wav", spoken["slt"]),
        "Roland": MONOLOGUE,
    }
    for name, sample in samples.items():
        added = real_user.run(
            *("speakers", "add", name, sample, "--roster", str(file)),
            *("--consent", "public recordings, for a test"),
            timeout_s=600,
        )
        assert added.returncode == 0, added.stderr
    return file


def named(transcript: dict[str, Any], spoken: Spoken) -> dict[str, str]:
    """Return the speaker who has most time of each voice's part."""
    found, at = {}, 0.0
    for voice, samples in spoken:
        end = at + len(samples) / RATE
        seconds: Counter[str] = Counter()
        for turn in transcript["turns"]:
            seconds[turn["speaker"]] += max(0.0, min(end, turn["end"]) - max(at, turn["start"]))
        found[voice] = max(seconds, key=lambda speaker: seconds[speaker])
        at = end
    return found


def test_known_voices_are_named_and_strangers_are_not(
    real_user: Home, roster: Path, spoken: dict[str, Pcm], tmp_path: Path
) -> None:
    """Each known voice says what it did not say in its sample.

    Of the meeting's voice too little is left to be named, but enough to be compared.
    """
    parts = [
        ("austen", spoken["austen"]),
        ("MEE009", spoken["MEE009"][ENROLLED:]),
        ("rms", spoken["rms"]),
        ("slt", utter(MONOLOGUE.with_suffix(".txt").read_text(encoding="utf-8"), "slt").samples),
        ("jfk", spoken["jfk"]),
    ]
    wav = write_pcm(tmp_path / "all.wav", np.concatenate([samples for _, samples in parts]))
    options = ("--model", "pocketsphinx-en-us", "--diarize", "--speakers-from", str(roster))
    transcript = transcribe(real_user, wav, tmp_path / "out", *options)
    found = named(transcript, parts)
    known = {voice: name for voice, name in found.items() if not name.startswith("SPEAKER_")}
    assert known == {"rms": "Roland", "slt": "Selma"}
    matches = {match["speaker"]: match for match in transcript["speaker_matches"]}
    of_meeting = matches[found["MEE009"]]
    assert (of_meeting["nearest"], of_meeting["unknown"]) == ("Margaret", "little_speech")
    assert of_meeting["score"] > of_meeting["threshold"]


def test_somebody_is_found_in_a_meeting_and_the_others_are_not(
    real_user: Home, roster: Path, tmp_path: Path
) -> None:
    """What she says later was not in her sample; the other speaks from 13 to 17 s."""
    meeting = SPEECH / "ami-dev00.wav"
    options = ("--model", "pocketsphinx-en-us", "--diarize", "--speakers-from", str(roster))
    transcript = transcribe(real_user, meeting, tmp_path, *options)
    assert list(transcript["speaker_names"].values()) == ["Margaret"]
    at = {
        second: [
            one["speaker"] for one in transcript["turns"] if one["start"] < second < one["end"]
        ]
        for second in (5, 15)
    }
    assert at == {5: ["Margaret"], 15: ["SPEAKER_01"]}


def test_a_call_of_two_strangers_stays_without_names(
    real_user: Home, roster: Path, tmp_path: Path
) -> None:
    options = ("--model", "pocketsphinx-en-us", "--diarize", "--diarize-model", MODEL)
    call = SPEECH / "two-speakers.wav"
    transcribe(real_user, call, tmp_path, *options)
    words = ("speakers", "match", tmp_path, "--roster", str(roster), "--json")
    done = real_user.run(*words, timeout_s=600)
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["data"]
    assert {match["speaker"] for match in found["matches"]} == {"SPEAKER_00", "SPEAKER_01"}
    assert all("name" not in match and match["unknown"] for match in found["matches"])


def test_a_sample_with_two_voices_is_refused(real_user: Home, roster: Path, tmp_path: Path) -> None:
    before = roster.read_bytes()
    done = real_user.run(
        *("speakers", "add", "Both", SPEECH / "two-speakers.wav", "--roster", str(roster)),
        *("--consent", "nobody's"),
        timeout_s=600,
    )
    assert (done.returncode, "has a second voice" in done.stderr) == (3, True), done.stderr
    assert roster.read_bytes() == before
