"""A bundle as a user meets it: pulled as one model, and one engine that does three stages.

Whisper and the aligner are tiny ones that know flite's voices; the hub is the tests' own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.acceptance.home import Home, events_of
from tests.support.engine_under_test import ROOT, EngineUnderTest
from tests.support.hub import HubRepo, HubServer, running_hub
from tests.support.scoring import normalise
from tests.support.speech import needs_flite
from tests.support.tiny_whisper import SENTENCES, WEIGHTS, say_sentences

pytestmark = [needs_flite, pytest.mark.network]

UNDER_TEST = EngineUnderTest("multi/whisperx-full")
ALIGNER = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"
MODEL = "tiny-whisperx"
ENTRY: dict[str, Any] = {
    "id": MODEL,
    "engine": "whisperx-full",
    "runtime_model_id": MODEL,
    "stages": ["transcribe", "align", "diarize"],
    "name": "A tiny bundle that knows flite's voices",
    "languages": ["en", "de"],
    "stage_languages": {"align": ["en"], "diarize": []},
    "licence": "Apache-2.0",
    "source": {
        "kind": "hf",
        "repo": "test/tiny-whisper-flite",
        "revision": "main",
        "files": ["*.json", "model.bin"],
        "parts": [
            {"repo": "test/tiny-aligner", "revision": "main", "folder": "align/en"},
            {"repo": "test/tiny-speakers", "revision": "main", "folder": "diarization"},
        ],
    },
    "size_mb": 25,
    "rank": 5,
    "capabilities": {"punctuation": True, "language_detection": True},
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    made = tmp_path_factory.mktemp("made") / "bundle"
    UNDER_TEST.run(UNDER_TEST.folder / "tests" / "tiny.py", made, WEIGHTS, ALIGNER)
    repos = {
        "test/tiny-whisper-flite": HubRepo.from_folder(WEIGHTS),
        "test/tiny-aligner": HubRepo.from_folder(made / "align" / "en"),
        "test/tiny-speakers": HubRepo.from_folder(made / "diarization"),
    }
    with running_hub(repos) as server:
        yield server


@pytest.fixture(scope="module")
def user(lasting_home: Home, hub: HubServer) -> Home:
    """Has pulled the bundle."""
    lasting_home.use_catalog(ENTRY, hub.environment)
    lasting_home.pull(MODEL)
    return lasting_home


def test_diarization_is_added_later_and_alone_on_the_same_warm_engine(
    user: Home, tmp_path: Path
) -> None:
    speech = say_sentences(tmp_path)
    command = ("transcribe", speech, "-m", MODEL, "-o", tmp_path / "out", "-f", "json", "--json")

    first = user.run_here(*command)
    [process] = user.engines()
    second = user.run_here(*command, "--diarize", "--num-speakers", "1")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert _ran(first) == {"transcribe": False, "align": False}
    assert _ran(second) == {"transcribe": True, "align": True, "diarize": False}
    assert [one.pid for one in user.engines()] == [process.pid]

    transcript = json.loads((tmp_path / "out" / "speech.json").read_text(encoding="utf-8"))
    wer = jiwer.wer(normalise(" ".join(SENTENCES)), normalise(transcript["text"]))
    assert wer <= 0.1, transcript["text"]
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    assert {word["speaker"] for word in words} == {"SPEAKER_00"}
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)
    stages = {each["stage"]: each for each in transcript["stages"]}
    assert {name for name, stage in stages.items() if stage["model"] == MODEL} == set(_ran(second))
    assert "covers it" in stages["diarize"]["reason"]

    status = json.loads(user.run_here("engines", "status", "--json").stdout)["data"]
    assert ("whisperx-full", MODEL, "ready") in {
        (each["engine"], each["model"], each["state"]) for each in status
    }


def test_the_plan_tells_who_does_what_and_why(user: Home, tmp_path: Path) -> None:
    speech = say_sentences(tmp_path)

    plan = user.run_here("plan", speech, "-m", MODEL, "--diarize").stdout
    without = user.run_here("plan", speech, "-m", MODEL, "--align", "never").stdout

    for stage in ("transcribe", "align", "diarize"):
        assert f"{stage}: {MODEL} on engine whisperx-full" in plan
    assert plan.count(f"{MODEL}, which transcribes, covers it") == 2
    assert "align: " not in without


def _ran(done: Any) -> dict[str, bool]:
    """The stages that an engine did, and whether their results were there already."""
    return {
        event["stage"]: event.get("reused", False)
        for event in events_of(done)
        if event.get("event") == "stage_finished"
        and event["stage"] != "prepare"
        and event["status"] == "done"
    }
