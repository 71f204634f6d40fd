"""The example dialogue through every stage at once, with engines as processes.

Every model is a tiny one that was pulled from the tests' hub; the language model is a server here.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.home import Home, events_of
from tests.support.all_stages import (
    DOES,
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
from tests.support.language_models import LanguageModelServer, running_language_models
from tests.support.speech import needs_flite, say

pytestmark = [needs_flite, pytest.mark.network]


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
    """Merging is no engine's work and done anew for every transcript; the rest was stored."""
    folder, out = tmp_path / "recordings", tmp_path / "out"
    folder.mkdir()
    say("Please send the red report to David.", folder / "note.wav")
    say("The meeting is on Monday at nine.", folder / "memo.wav", voice="rms")
    command = ("transcribe", folder, "-o", out, "-f", "json,srt", "--json")
    stages = ("--align", "always", "--events", "--emotion")
    first = user.run(*command, *stages, timeout_s=1200)
    assert first.returncode == 0, problem_of(first)
    before = read(out / "note.json")

    second = user.run(*command, *stages, "--diarize", timeout_s=1200)

    assert second.returncode == 0, problem_of(second)
    events = events_of(second)
    assert stages_run(events) == {"note.wav": {"diarize"}, "memo.wav": {"diarize"}}
    assert {each["engine"] for each in events if each["event"] == "engine_ready"} == {"pyannote"}
    after = read(out / "note.json")
    assert set(records(after)) - set(records(before)) == {"diarize"}
    assert after["text"] == before["text"]
    assert after["events"] == before["events"]
    for old, new in zip(before["segments"], after["segments"], strict=True):
        assert new["emotion"] == old["emotion"]
        assert "speaker" not in old
        assert new["speaker"] in {turn["speaker"] for turn in after["turns"]}


def test_the_name_of_a_group_stands_for_the_models_of_several_engines(
    user: Home, tmp_path: Path
) -> None:
    """Speakers are added later, and alone; what each model did is its own."""
    models = {stage: DOES[stage].id for stage in ("transcribe", "align", "diarize")}
    group = {"id": "trio", "name": "Three", "options": {"batch_size": 4}, "models": models}
    groups = Path(user.environ["DALSTON_CATALOG_PATH"]) / "groups"
    groups.mkdir()
    (groups / "trio.yaml").write_text(yaml.safe_dump(group), encoding="utf-8")
    note = say("Please send the red letter to Frank.", tmp_path / "note.wav")
    command = ("transcribe", note, "-m", "trio", "-o", tmp_path, "-f", "json", "--json")

    plan = user.run_here("plan", note, "-m", "trio", "--diarize").stdout
    first = user.run(*command, timeout_s=1200)
    second = user.run(*command, "--diarize", "--num-speakers", "1", timeout_s=1200)

    for stage, model in models.items():
        assert f"{stage}: {model} on engine {DOES[stage].entry['engine']}" in plan
    assert "it was asked for as trio" in plan
    assert (first.returncode, second.returncode) == (0, 0), problem_of(first) + problem_of(second)
    assert stages_run(events_of(first)) == {"note.wav": {"prepare", "transcribe", "align"}}
    assert stages_run(events_of(second)) == {"note.wav": {"diarize"}}
    transcript = read(tmp_path / "note.json")
    made = records(transcript)
    for stage, model in models.items():
        assert (made[stage]["engine"], made[stage]["model"]) == (DOES[stage].entry["engine"], model)
    assert made["transcribe"]["options"]["batch_size"] == 4
    assert made["transcribe"]["options"]["word_timestamps"] is False
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)
    assert {word["speaker"] for word in words} == {"SPEAKER_00"}


def test_a_stage_that_fails_leaves_the_transcript(user: Home, tmp_path: Path) -> None:
    """Every stage that can be left out, with weights that cannot be loaded."""
    note = say("Please send the white letter to Frank.", tmp_path / "note.wav")
    optional = ("align", "diarize", "emotion", "events")
    stopped = user.run_here("engines", "stop", "--all")  # they have good ones in memory
    assert stopped.returncode == 0, stopped.stderr
    for stage in optional:
        for path in user.models.rglob(f"{DOES[stage].id}/**/*"):
            if path.suffix in {".safetensors", ".bin", ".pt", ".pth"}:
                path.write_bytes(bytes(path.stat().st_size))
    command = ("transcribe", note, "--align", "always", "--diarize", "--emotion", "--events")

    done = user.run(*command, "-o", tmp_path / "out", "-f", "json", timeout_s=1200)

    assert done.returncode == 7, problem_of(done)
    transcript = read(tmp_path / "out" / "note.json")
    assert transcript["status"] == "partial"
    assert transcript["text"].startswith("Please send the")
    for stage in optional:
        record = records(transcript)[stage]
        assert record["status"] == "failed", record
        assert record["reason"]
        assert f"the transcript is without {stage}" in done.stderr
    strict = user.run(*command, "-o", tmp_path / "strict", "--strict", timeout_s=1200)
    assert strict.returncode in {5, 6}, problem_of(strict)
    assert not list((tmp_path / "strict").glob("*"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def records(transcript: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the record of each stage."""
    return {record["stage"]: record for record in transcript["stages"]}
