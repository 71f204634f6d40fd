"""The example dialogue through every stage at once, with engines as processes.

Every model is a tiny one that was pulled from the tests' hub; the language model is a server here.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.home import Home, events_of
from tests.all_stages import (
    DIALOGUE,
    Outcome,
    check_content,
    check_files,
    check_provenance,
    open_service,
    problem_of,
    pulled_models,
    stages_run,
    transcribe,
)
from tests.language_models import LanguageModelServer, running_language_models
from tests.speech import needs_flite, say

pytestmark = [needs_flite, pytest.mark.slow, pytest.mark.network]


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModelServer]:
    with running_language_models() as started:
        yield started


@pytest.fixture(scope="module")
def user(lasting_home: Home, server: LanguageModelServer) -> Iterator[Home]:
    open_service(lasting_home, server)
    with pulled_models(lasting_home) as ready:
        yield ready


@pytest.fixture(scope="module")
def outcome(user: Home, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return transcribe(user, tmp_path_factory.mktemp("out"), "--launcher", "local")


def test_every_stage_says_who_did_it(outcome: Outcome) -> None:
    check_provenance(outcome, "local")


def test_what_every_stage_found_is_in_the_transcript(outcome: Outcome) -> None:
    check_content(outcome)


def test_the_files_agree(outcome: Outcome) -> None:
    check_files(outcome)


def test_speakers_for_a_finished_folder_cost_diarization_only(user: Home, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    shutil.copy(DIALOGUE, folder)
    say("Please send the report to David.", folder / "note.wav")
    command = (
        *("transcribe", folder, "-o", tmp_path / "out", "-f", "json,srt", "--json"),
        *("--align", "always", "--events", "--emotion"),
    )
    first = user.run(*command, timeout_s=1200)
    assert first.returncode == 0, problem_of(first)

    second = user.run(*command, "--diarize", timeout_s=1200)

    assert second.returncode == 0, problem_of(second)
    events = events_of(second)
    names = ("dialogue.wav", "note.wav")
    assert stages_run(events) == {name: {"diarize", "merge"} for name in names}
    engines = {event["engine"] for event in events if event["event"] == "engine_ready"}
    assert engines == {"pyannote"}
    assert "SPEAKER_00" in (tmp_path / "out" / "dialogue.json").read_text(encoding="utf-8")
