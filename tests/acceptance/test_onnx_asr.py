"""A Parakeet-like model as a user meets it: pulled, and run without torch in its own environment.

The model is a tiny one that knows flite's voices; the hub is the tests' own.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import jiwer
import pytest
from tests.acceptance.home import Home, events_of
from tests.support.hub import HubRepo, HubServer, running_hub
from tests.support.onnx_models.families import make_transducer
from tests.support.speech import needs_flite, say
from tests.support.tiny_onnx import ENTRY, MODEL, RUNTIME_ID, SENTENCE
from tests.support.tiny_whisper import transcribing, transcript_of

pytestmark = [needs_flite, pytest.mark.network]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    folder = make_transducer(tmp_path_factory.mktemp("tdt"), kind="tdt")
    with running_hub({"test/tiny-onnx": HubRepo.from_folder(folder)}) as server:
        yield server


@pytest.fixture(scope="module")
def user(lasting_home: Home, hub: HubServer) -> Home:
    """Has pulled the model."""
    lasting_home.use_catalog(ENTRY, hub.environment)
    lasting_home.pull(MODEL)
    return lasting_home


def test_words_are_right_and_the_options_recorded(user: Home, tmp_path: Path) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")

    transcript = transcript_of(
        user, speech, tmp_path, "--min-silence-ms", "300", "--batch-size", "2", model=MODEL
    )

    assert jiwer.wer(SENTENCE, transcript["text"]) == 0
    assert transcript["language"] == "en"
    stage = transcribing(transcript)
    assert (stage["engine"], stage["model"], stage["status"]) == ("onnx-asr", MODEL, "done")
    assert (stage["options"]["min_silence_ms"], stage["options"]["batch_size"]) == (300, 2)
    [segment] = transcript["segments"]
    assert len(segment["words"]) == len(SENTENCE.split())

    status = json.loads(user.run_here("engines", "status", "--json").stdout)["data"]
    assert ("onnx-asr", RUNTIME_ID, "ready") in {
        (each["engine"], each["model"], each["state"]) for each in status
    }


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param(("--beam-size", "5"), "beam_size", id="option-of-other-engines"),
        pytest.param(("--language", "fr"), "fr", id="language"),
        pytest.param(("--task", "translate"), "translate", id="translation"),
    ],
)
def test_what_the_model_cannot_do_is_refused_by_name(
    user: Home, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")

    done = user.run_here(
        "transcribe", speech, "-m", MODEL, "-o", tmp_path / "out", "--json", *options
    )

    assert done.returncode == 2, done.stderr
    assert named in events_of(done)[-1]["errors"][0]["message"]


def test_a_folder_of_graphs_is_a_model(user: Home, tmp_path: Path) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")
    folder = make_transducer(tmp_path / "mine", kind="tdt")

    transcript = transcript_of(user, speech, tmp_path, model=str(folder))

    assert jiwer.wer(SENTENCE, transcript["text"]) == 0
    assert transcribing(transcript)["engine"] == "onnx-asr"
