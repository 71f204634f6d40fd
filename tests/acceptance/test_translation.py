"""A film is transcribed and translated on one machine: no key, no service, no network."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.recordings import ffmpeg
from tests.support.speech import needs_flite, say
from tests.support.tiny_models import TRANSLATOR, write_local_catalog

pytestmark = needs_flite

SAID = "thank you very much"


@pytest.fixture(scope="module")
def user(lasting_home: Home) -> Home:
    """Has a tiny model for translation, which knows a few sentences."""
    folder = lasting_home.folder
    (folder / "weights").mkdir()
    catalog = write_local_catalog([TRANSLATOR], folder / "catalog", folder / "weights")
    lasting_home.environ |= {"DALSTON_CATALOG_PATH": str(catalog), "DALSTON_LAUNCHER": "local"}
    return lasting_home


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say(SAID, tmp_path_factory.mktemp("said") / "hello.wav")


def translate(user: Home, recording: Path, out: Path, *options: str) -> Any:
    return user.run_here(
        *("transcribe", recording, "-o", out, "--model", "pocketsphinx-en-us"),
        *("-f", "srt,json", *options),
    )


def test_each_language_has_a_file_and_nothing_is_paid(
    user: Home, recording: Path, tmp_path: Path
) -> None:
    wanted = ("--translate-to", "de,fr", "--translate-model", "tiny-nllb", "--max-cost", "0.5")
    done = translate(user, recording, tmp_path, *wanted)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        *("hello.json", "hello.srt", "hello.de.srt", "hello.fr.srt")
    }
    assert "Vielen Dank." in (tmp_path / "hello.de.srt").read_text(encoding="utf-8")
    assert "Merci beaucoup." in (tmp_path / "hello.fr.srt").read_text(encoding="utf-8")
    transcript = json.loads((tmp_path / "hello.json").read_text(encoding="utf-8"))
    assert transcript["segments"][0]["text"] == SAID
    assert transcript["segments"][0]["translations"] == {
        "de": "Vielen Dank.",
        "fr": "Merci beaucoup.",
    }
    [record] = [each for each in transcript["stages"] if each["stage"] == "translate"]
    assert (record["engine"], record["model"]) == ("ctranslate2", "tiny-nllb")
    assert "usage" not in record


def test_a_video_gets_a_track_for_each_language(
    user: Home, recording: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=5", "-i", recording, "-shortest", film)
    wanted = ("--translate-to", "de,fr", "--translate-model", "tiny-nllb")
    done = translate(user, film, tmp_path / "out", *wanted, "--mux")

    assert done.returncode == 0, done.stderr
    probe = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-select_streams", "s"]
    copy = tmp_path / "out" / "film.subtitled.mkv"
    told = subprocess.run([*probe, copy], capture_output=True, text=True, check=True)
    streams = json.loads(told.stdout)["streams"]
    assert [one["tags"]["language"] for one in streams] == ["eng", "ger", "fre"]
    assert [one["disposition"]["default"] for one in streams] == [1, 0, 0]

    exported = user.run_here(
        *("export", tmp_path / "out" / "film.json", "-f", "vtt", "--translations", "fr"),
        *("--bilingual", "-o", tmp_path / "more"),
    )
    assert exported.returncode == 0, exported.stderr
    both = (tmp_path / "more" / "film.fr.vtt").read_text(encoding="utf-8")
    assert "Merci beaucoup." in both
    assert SAID in both


def test_auto_takes_the_model_of_this_machine(user: Home, recording: Path, tmp_path: Path) -> None:
    planned = user.run_here(
        *("plan", recording, "--model", "pocketsphinx-en-us", "--translate-to", "de", "--json"),
        ANTHROPIC_API_KEY="sk-ant-secret",
    )
    assert planned.returncode == 0, planned.stderr
    assert "tiny-nllb" in planned.stdout
    assert "claude" not in planned.stdout


def test_a_language_that_the_model_lacks_is_refused_before_anything_runs(
    user: Home, recording: Path, tmp_path: Path
) -> None:
    done = translate(
        user, recording, tmp_path, "--translate-to", "nl", "--translate-model", "tiny-nllb"
    )
    assert done.returncode == 2
    assert "the model tiny-nllb does not translate into Dutch (nl), only de, en, fr" in done.stderr
    assert "--translate-model madlad400-3b-mt" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_translate_is_refused(
    user: Home, recording: Path, tmp_path: Path
) -> None:
    done = translate(
        user,
        recording,
        tmp_path,
        "--translate-to",
        "de",
        "--translate-model",
        "faster-whisper-base",
    )
    assert done.returncode == 2
    assert "does not translate, it is for: transcribe" in done.stderr
