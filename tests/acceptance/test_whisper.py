"""A Whisper model as a user meets it: pulled, verified, chosen, run in an environment of its own.

The model is the tiny one that the engine's own tests use; the hub is the tests' own.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home, counts_of, events_of
from tests.support.hub import HubRepo, HubServer, running_hub
from tests.support.speech import needs_flite, say
from tests.support.tiny_whisper import (
    ENTRY,
    MODEL,
    SENTENCES,
    WEIGHTS,
    check_words,
    say_sentences,
    transcribing,
    transcript_of,
)

ENGLISH = ("--language", "en")
REPOSITORY = "someone/whisper-flite"

pytestmark = [needs_flite, pytest.mark.network]


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    repo = HubRepo.from_folder(WEIGHTS)
    with running_hub({"test/tiny-whisper-flite": repo, REPOSITORY: repo}) as server:
        yield server


@pytest.fixture(scope="module")
def user(lasting_home: Home, hub: HubServer) -> Home:
    """Has a catalog of one model, and none of its weights."""
    lasting_home.use_catalog(ENTRY, hub.environment)
    return lasting_home


@pytest.fixture(scope="module")
def owner(user: Home) -> Home:
    """The same user, who has pulled the model."""
    user.pull(MODEL)
    return user


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say_sentences(tmp_path_factory.mktemp("speech"))


def test_a_model_that_is_missing_is_named_with_the_command_that_gets_it(
    user: Home, speech: Path, tmp_path: Path
) -> None:
    for refusal in (("--pull", "never"), ("--offline",)):
        done = user.run_here(
            *("transcribe", speech, "-m", MODEL, "-o", tmp_path, *refusal),
            DALSTON_MODELS_DIR=str(tmp_path / "no-models"),
        )
        assert done.returncode == 5, done.stderr
        assert f"dalston models pull {MODEL}" in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_pulled_model_is_whole_until_a_byte_changes(user: Home, tmp_path: Path) -> None:
    here = str(tmp_path / "models")
    pulled = user.run_here("models", "pull", MODEL, DALSTON_MODELS_DIR=here)
    assert pulled.returncode == 0, pulled.stderr
    whole = user.run_here("models", "verify", MODEL, DALSTON_MODELS_DIR=here)
    assert whole.returncode == 0, whole.stderr

    [weights] = (tmp_path / "models").rglob("model.bin")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.chmod(0o600)
    weights.write_bytes(content)

    flipped = user.run_here("models", "verify", MODEL, DALSTON_MODELS_DIR=here)
    assert flipped.returncode != 0
    assert "model.bin" in flipped.stdout + flipped.stderr
    [repair] = re.findall(r"`dalston (models pull .*)`", flipped.stderr)
    assert user.run_here(*repair.split(), DALSTON_MODELS_DIR=here).returncode == 0
    assert user.run_here("models", "verify", MODEL, DALSTON_MODELS_DIR=here).returncode == 0


@pytest.mark.parametrize(
    ("options", "recorded"),
    [
        pytest.param((), {"batch_size": 1, "task": "transcribe"}, id="plain"),
        pytest.param(("--batch-size", "4"), {"batch_size": 4}, id="batched"),
        pytest.param(
            ("--initial-prompt", "Alice and Bob.", "--beam-size", "2", "--temperature", "0,0.2"),
            {"initial_prompt": "Alice and Bob.", "beam_size": 2, "temperature": [0.0, 0.2]},
            id="prompt-and-beam",
        ),
        pytest.param(
            ("--hotwords", "Alice,October", "--vad_filter", "True", "--min-silence-ms", "500"),
            {"hotwords": ["Alice", "October"], "vad": True, "min_silence_ms": 500},
            id="hotwords-and-vad",
        ),
    ],
)
def test_words_are_right_and_options_are_recorded(
    owner: Home, speech: Path, tmp_path: Path, options: tuple[str, ...], recorded: dict[str, Any]
) -> None:
    transcript = transcript_of(owner, speech, tmp_path, "--language", "en", *options)

    check_words(transcript)
    stage = transcribing(transcript)
    assert (stage["engine"], stage["model"], stage["status"]) == ("faster-whisper", MODEL, "done")
    assert {name: stage["options"][name] for name in recorded} == recorded


def test_the_language_is_detected(owner: Home, speech: Path, tmp_path: Path) -> None:
    transcript = transcript_of(owner, speech, tmp_path)

    check_words(transcript)
    assert transcript["language"] == "en"
    assert transcript["language_scores"]["en"] > 0.5


def test_a_translation_is_english_and_says_so(owner: Home, speech: Path, tmp_path: Path) -> None:
    transcript = transcript_of(owner, speech, tmp_path, "--task", "translate", "--language", "de")

    stage = transcribing(transcript)
    assert (stage["options"]["task"], stage["options"]["language"]) == ("translate", "de")
    assert transcript["language"] == "en"


@pytest.mark.parametrize(
    ("model", "options", "named"),
    [
        pytest.param(
            "pocketsphinx-en-us", ("--initial-prompt", "Hi"), "initial_prompt", id="option"
        ),
        pytest.param("pocketsphinx-en-us", ("--task", "translate"), "translate", id="translate"),
        pytest.param(MODEL, ("--language", "fr"), "fr", id="language"),
    ],
)
def test_what_a_model_cannot_do_is_refused_before_anything_runs(
    user: Home, speech: Path, tmp_path: Path, model: str, options: tuple[str, ...], named: str
) -> None:
    done = user.run_here("transcribe", speech, "-m", model, "-o", tmp_path, "--json", *options)

    assert done.returncode == 2, done.stderr
    [only] = events_of(done)
    [error] = only["errors"]
    assert named in error["message"]
    assert "--model " in error["hint"]
    assert list(tmp_path.iterdir()) == []


def test_what_batches_would_ignore_fails_the_recording_by_name(
    owner: Home, speech: Path, tmp_path: Path
) -> None:
    done = owner.run_here(
        *("transcribe", speech, "-m", MODEL, "-o", tmp_path),
        *("--batch-size", "4", "--best-of", "2"),
    )

    assert done.returncode == 6, done.stderr
    assert "best_of" in done.stderr
    assert "--batch-size 1" in done.stderr


def test_auto_prefers_the_pulled_model_and_says_why(
    owner: Home, speech: Path, tmp_path: Path
) -> None:
    plan = owner.run_here("plan", speech)
    assert plan.returncode == 0, plan.stderr
    assert MODEL in plan.stdout
    assert "best of 2 models" in plan.stdout

    transcript = transcript_of(owner, speech, tmp_path, model="auto")

    assert transcribing(transcript)["model"] == MODEL


def test_another_model_redoes_only_the_transcription(owner: Home, tmp_path: Path) -> None:
    speech = say(SENTENCES[1], tmp_path / "speech.wav")
    command = ("transcribe", speech, "-o", tmp_path, "-f", "json", "--json", "--language", "en")
    first = owner.run_here(*command, "-m", "pocketsphinx-en-us")
    assert first.returncode == 0, first.stderr

    second = owner.run_here(*command, "-m", MODEL, "--beam-size", "3")

    assert second.returncode == 0, second.stderr
    done = {
        event["stage"]: event.get("reused", False)
        for event in events_of(second)
        if event.get("event") == "stage_finished"
    }
    assert done["transcribe"] is False
    assert done["prepare"] is True
    again = owner.run_here(*command, "-m", "pocketsphinx-en-us")
    assert not [event for event in events_of(again) if event.get("event") == "engine_starting"]
    assert counts_of(again) == {"done": 1}
    stage = transcribing(json.loads((tmp_path / "speech.json").read_text(encoding="utf-8")))
    assert stage["engine"] == "pocketsphinx"


def test_status_shows_the_engine_and_its_model(owner: Home, speech: Path, tmp_path: Path) -> None:
    transcript_of(owner, speech, tmp_path)

    done = owner.run_here("engines", "status", "--json")

    assert done.returncode == 0, done.stderr
    [engine] = [
        each for each in json.loads(done.stdout)["data"] if each["engine"] == "faster-whisper"
    ]
    assert (engine["model"], engine["state"], engine["device"]) == (MODEL, "ready", "cpu")
    assert engine["rss_mb"] > 50


def test_a_folder_of_weights_is_a_model(user: Home, speech: Path, tmp_path: Path) -> None:
    own = tmp_path / "own weights"
    own.mkdir()
    for file in WEIGHTS.glob("*.*"):
        (own / file.name).write_bytes(file.read_bytes())

    def transcribed() -> bool:
        """Return True if the transcription was found among the results of before."""
        done = user.run_here("transcribe", speech, "-m", own, "-o", tmp_path, "--json", *ENGLISH)
        assert done.returncode == 0, done.stderr
        events = [event for event in events_of(done) if event.get("event") == "stage_finished"]
        [reused] = [
            event.get("reused", False) for event in events if event["stage"] == "transcribe"
        ]
        return bool(reused)

    transcript = transcript_of(user, speech, tmp_path, *ENGLISH, model=str(own))

    check_words(transcript)
    stage = transcribing(transcript)
    assert stage["engine"] == "faster-whisper"
    assert re.fullmatch(r"own-weights-[0-9a-f]{8}", stage["model"])
    (tmp_path / "speech.json").unlink()
    assert transcribed()
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"suppress_ids": [1]}))
    assert not transcribed()


def test_a_repository_is_pulled_by_its_name_and_known_offline(
    user: Home, hub: HubServer, speech: Path, tmp_path: Path
) -> None:
    transcript = transcript_of(user, speech, tmp_path / "1", *ENGLISH, model=REPOSITORY)

    check_words(transcript)
    assert transcribing(transcript)["model"] == "someone-whisper-flite"
    asked = len(hub.state.asked)
    again = transcript_of(user, speech, tmp_path / "2", "--offline", model=REPOSITORY)
    assert transcribing(again)["model"] == "someone-whisper-flite"
    assert len(hub.state.asked) == asked
    assert user.run_here("models", "rm", "-y", REPOSITORY).returncode == 0
