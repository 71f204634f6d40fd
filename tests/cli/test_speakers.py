"""``dalston speakers``, and names for known voices, with an engine whose voices are tones."""

import json
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Done, Shell
from tests.support.documents import Command, commands_of
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables
from tests.support.tones import SILENCE, write_tones_model, write_voices

from dalston_cli.errors import ExitCode
from dalston_cli.review.edits import RenameEdit
from dalston_cli.review.item import Item

AGREED = ("--consent", "named in our minutes")
ADA, EVE, BOB, STRANGER = 1, 3, 5, 7


class Here(Shell):
    """Runs commands in this process, which saves a second each."""

    def run(self, *words: str | Path, cwd: Path | None = None, **_: object) -> Done:
        done = run_dalston(*words, environ=self.environ, cwd=cwd or self.work)
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A user with two people on the roster, and a meeting of them and a stranger."""
    base = tmp_path_factory.mktemp("speakers")
    work = base / "work"
    work.mkdir()
    shell = Here(base, work)
    with tempfile.TemporaryDirectory(prefix="dal-") as runtime:
        shell.environ |= folder_variables(base, runtime=Path(runtime) / "run")
        shell.environ |= {"DALSTON_CATALOG_PATH": str(base / "catalog"), "DALSTON_OFFLINE": "yes"}
        write_tones_model(base / "catalog")
        write_tones_model(base / "catalog", "unmeasured", measured=False)
        write_voices(work / "ada.wav", (SILENCE, 1), (ADA, 12))
        write_voices(work / "eve.wav", (EVE, 11))
        write_voices(work / "in" / "meeting.wav", (STRANGER, 9), (ADA, 10), (EVE, 5), (ADA, 2))
        for name in ("ada", "eve"):
            done = shell.run("speakers", "add", name.title(), f"{name}.wav", *AGREED)
            assert done.code == ExitCode.OK, done.err
        yield shell
        assert shell.run("engines", "stop", "--all").code == ExitCode.OK


def roster_of(shell: Here, name: str = "default") -> Path:
    return Path(shell.environ["DALSTON_STATE_DIR"]) / "speakers" / f"{name}.json"


def data(done: Done, code: ExitCode = ExitCode.OK) -> Any:
    assert done.code == code, (done.out, done.err)
    return json.loads(done.out)["data"]


def transcribed(shell: Here, out: str, *words: str) -> dict[str, Any]:
    done = shell.run(
        *("transcribe", "in", "-o", out, "-f", "json,srt,rttm", "--model", "speech", "--diarize"),
        *words,
    )
    assert done.code == ExitCode.OK, done.err
    text = (shell.work / out / "meeting.json").read_text(encoding="utf-8")
    transcript: dict[str, Any] = json.loads(text)
    return transcript


def test_the_roster_keeps_consent_model_and_vector_for_its_user_alone(shell: Here) -> None:
    path = roster_of(shell)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert (kept["dalston_roster_version"], kept["model"]) == (1, "tones")
    ada, eve = kept["people"]
    assert (ada["name"], eve["name"]) == ("Ada", "Eve")
    [consent], [voice] = ada["consents"], ada["voices"]
    assert consent["given_for"] == "named in our minutes"
    assert consent["noted_at"].endswith("+00:00")
    assert consent["noted_by"]
    assert (voice["model"], voice["dimension"], len(voice["vector"])) == ("tones", 2, 2)
    assert (voice["seconds"], voice["sample"][:7]) == (12.0, "sha256:")

    listed = data(shell.run("speakers", "list", "--json"))
    assert [each["name"] for each in listed["people"]] == ["Ada", "Eve"]
    assert "vector" not in json.dumps(listed)
    shown = shell.run("speakers", "list").out
    assert "named in our minutes" in shown


def test_known_voices_are_named_in_every_format_and_strangers_are_not(shell: Here) -> None:
    transcript = transcribed(shell, "named", "--speakers-from", "default")
    assert transcript["speaker_names"] == {"SPEAKER_01": "Ada"}
    stranger, ada, eve = transcript["speaker_matches"]
    assert (ada["speaker"], ada["name"], ada["score"]) == ("SPEAKER_01", "Ada", 1.0)
    assert (ada["second"], ada["second_score"]) == ("Eve", 0.5)
    assert (ada["threshold"], ada["margin"], ada["seconds"]) == (0.9, 0.05, 12.0)
    assert (stranger["speaker"], stranger["unknown"]) == ("SPEAKER_00", "below_threshold")
    assert (eve["speaker"], eve["unknown"], eve["nearest"]) == (
        "SPEAKER_02",
        "little_speech",
        "Eve",
    )
    assert [each["stage"] for each in transcript["provenance"]["speaker"]] == ["diarize", "roster"]
    speakers = {"SPEAKER_00", "Ada", "SPEAKER_02"}
    assert {each["speaker"] for each in transcript["segments"]} == speakers
    for name in ("meeting.srt", "meeting.rttm"):
        text = (shell.work / "named" / name).read_text(encoding="utf-8")
        assert all(speaker in text for speaker in speakers)
        assert "Eve" not in text


def test_it_is_off_until_asked_and_nothing_is_done_again(shell: Here) -> None:
    assert "speaker_matches" not in transcribed(shell, "plain")
    done = shell.run(
        *("transcribe", "in", "-o", "plain", "-f", "json", "--model", "speech", "--diarize"),
        *("--speakers-from", str(roster_of(shell)), "--speaker-names", "SPEAKER_00=Zoe", "--json"),
    )
    events = [json.loads(line) for line in done.out.splitlines()]
    finished = [each for each in events if each["event"] == "stage_finished"]
    assert all(each.get("reused") for each in finished if each["status"] == "done")
    transcript = json.loads((shell.work / "plain" / "meeting.json").read_text(encoding="utf-8"))
    assert transcript["speaker_names"] == {"SPEAKER_00": "Zoe", "SPEAKER_01": "Ada"}
    assert [each["speaker"] for each in transcript["speaker_matches"]] == [
        "SPEAKER_01",
        "SPEAKER_02",
    ]


def test_people_are_found_afterwards_and_the_transcript_stays(shell: Here) -> None:
    transcribed(shell, "later")
    path = shell.work / "later" / "meeting.json"
    before = path.read_bytes()
    (shell.work / "later" / "other.json").write_text("{}", encoding="utf-8")
    shown = shell.run("speakers", "match", "later")
    assert shown.code == ExitCode.OK, shown.err
    assert "1 of 3 speakers known by voice" in shown.err
    assert (
        "dalston export later/meeting.json -f srt,txt --speaker-names SPEAKER_01=Ada" in shown.err
    )
    [found] = data(shell.run("speakers", "match", str(path), "--json"))
    assert {each["speaker"]: each.get("name") for each in found["matches"]} == {
        "SPEAKER_00": None,
        "SPEAKER_01": "Ada",
        "SPEAKER_02": None,
    }
    assert found["matches"] == json.loads(
        json.dumps(transcribed(shell, "now", "--speakers-from", "default")["speaker_matches"])
    )
    assert path.read_bytes() == before
    assert not path.with_name("meeting.corrections.jsonl").exists()


def test_names_are_written_as_corrections_once(shell: Here) -> None:
    transcribed(shell, "applied")
    path = shell.work / "applied" / "meeting.json"
    before = path.read_bytes()
    words = ("speakers", "match", "applied", "--apply", "--json")
    [found] = data(shell.run(*words))
    assert (found["named"], found["applied"]) == ({}, {"SPEAKER_01": "Ada"})
    assert path.read_bytes() == before
    edits = path.with_name("meeting.corrections.jsonl").read_text(encoding="utf-8")
    assert json.loads(edits.splitlines()[-1])["edit"] == {
        "op": "rename",
        "speaker": "SPEAKER_01",
        "to": "Ada",
    }
    exported = shell.run("export", str(path), "-f", "srt", "-o", "-").out
    assert "Ada" in exported
    assert "SPEAKER_01" not in exported
    [again] = data(shell.run(*words))
    assert (again["named"], again["applied"]) == ({"SPEAKER_01": "Ada"}, None)
    assert [each["speaker"] for each in again["matches"]] == ["SPEAKER_00", "SPEAKER_02"]
    assert path.with_name("meeting.corrections.jsonl").read_text(encoding="utf-8") == edits


def test_names_that_cannot_be_written_cost_no_others(shell: Here) -> None:
    for folder in ("some/a", "some/b"):
        transcribed(shell, folder)
    corrections = shell.work / "some" / "a" / "meeting.corrections.jsonl"
    corrections.symlink_to(shell.work / "elsewhere")
    done = shell.run("speakers", "match", "some", "--apply", "--json")
    first, second = data(done, ExitCode.SOME_FAILED)
    assert (first["applied"], second["applied"]) == (None, {"SPEAKER_01": "Ada"})
    assert first["error"]["code"] == "corrections_unwritable"
    assert [each["code"] for each in json.loads(done.out)["errors"]] == ["corrections_unwritable"]
    assert f"{corrections.relative_to(shell.work)} cannot be written" in done.err
    assert not (shell.work / "elsewhere").exists()


def test_a_damaged_transcript_is_named_and_costs_no_other(shell: Here) -> None:
    transcribed(shell, "damaged")
    cut = (shell.work / "damaged" / "meeting.json").read_bytes()[:500]
    (shell.work / "damaged" / "cut.json").write_bytes(cut)
    found = data(shell.run("speakers", "match", "damaged", "--json"), ExitCode.SOME_FAILED)
    assert [Path(each["transcript"]).name for each in found] == ["cut.json", "meeting.json"]
    assert "cut.json" in found[0]["error"]["message"]


def test_a_name_that_a_person_gave_to_another_speaker_is_not_given_again(shell: Here) -> None:
    transcribed(shell, "taken")
    path = shell.work / "taken" / "meeting.json"
    item = Item(path, print)
    item.edit(item.changes(0).revision, RenameEdit("SPEAKER_00", "Ada"))
    [found] = data(shell.run("speakers", "match", "taken", "--apply", "--json"))
    assert (found["named"], found["applied"]) == ({"SPEAKER_00": "Ada"}, None)
    assert {each["speaker"]: each["unknown"] for each in found["matches"]} == {
        "SPEAKER_01": "named_already",
        "SPEAKER_02": "little_speech",
    }


def test_a_transcript_that_cannot_be_compared_costs_no_other(shell: Here) -> None:
    transcribed(shell, "both")
    done = shell.run(
        *("transcribe", "in", "-o", "both/plain", "-f", "json", "--model", "speech"),
    )
    assert done.code == ExitCode.OK, done.err
    found = data(shell.run("speakers", "match", "both", "--json"), ExitCode.SOME_FAILED)
    assert [bool(each["matches"]) for each in found] == [True, False]
    alone = shell.run("speakers", "match", "both/plain")
    assert alone.code == ExitCode.ALL_FAILED
    assert "transcribed without --diarize" in alone.err
    assert "--speakers-from ROSTER" in alone.err
    nothing = shell.run("speakers", "match", "in")
    assert (nothing.code, "no transcripts as JSON" in nothing.err) == (ExitCode.INPUT, True)


def test_a_recording_without_voices_is_no_failure(shell: Here) -> None:
    transcribed(shell, "silent")
    path = shell.work / "silent" / "meeting.json"
    silent = json.loads(path.read_text()) | {"segments": [], "turns": [], "text": ""}
    path.write_text(json.dumps(silent))
    [found] = data(shell.run("speakers", "match", "silent", "--json"))
    assert (found["matches"], found["error"]) == ([], None)


def test_a_speaker_of_a_transcript_is_enrolled_without_an_engine(shell: Here) -> None:
    transcribed(shell, "source")
    words = ("speakers", "add", "Guest", "source/meeting.json", *AGREED, "--roster", "guests")
    which = shell.run(*words)
    assert (which.code, "--speaker SPEAKER_00" in which.err) == (ExitCode.USAGE, True)
    little = shell.run(*words, "--speaker", "SPEAKER_00")
    assert little.code == ExitCode.INPUT
    assert "has 9.0 s of speech, 10 s are needed" in little.err
    added = data(shell.run(*words, "--speaker", "SPEAKER_01", "--json"))
    assert (added["name"], added["seconds"], added["num_samples"]) == ("Guest", 12.0, 1)
    [found] = data(shell.run("speakers", "match", "source", "--roster", "guests", "--json"))
    assert [each.get("name") for each in found["matches"]] == [None, "Guest", None]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(["Bob", "bob.wav"], 2, "without Bob's consent", id="no consent"),
        pytest.param(["Bob", "bob.wav", "--consent", " "], 2, "without Bob", id="empty consent"),
        pytest.param(["Bob", "two.wav", *AGREED], 3, "a second voice for 5.0 s", id="two voices"),
        pytest.param(["Bob", "short.wav", *AGREED], 3, "10 s are needed", id="too short"),
        pytest.param(["Bob", "gone.wav", *AGREED], 3, "gone.wav", id="missing"),
        pytest.param(["SPEAKER_01", "bob.wav", *AGREED], 2, "such labels", id="a label"),
        pytest.param(["Ada", "bob.wav", *AGREED], 3, "not that of Ada", id="another's voice"),
        pytest.param(
            ["Bob", "bob.wav", *AGREED, "--diarize-model", "unmeasured"],
            2,
            "the roster knows voices by tones",
            id="other model",
        ),
        pytest.param(
            ["Bob", "bob.wav", *AGREED, "--diarize-model", "unmeasured", "--roster", "new"],
            2,
            "has no `voices`",
            id="no figures",
        ),
        pytest.param(
            ["Bob", "bob.wav", *AGREED, "--speaker", "SPEAKER_00"],
            2,
            "--speaker does nothing",
            id="no transcript",
        ),
    ],
)
def test_what_is_not_enrolled(words: list[str], code: int, told: str, shell: Here) -> None:
    write_voices(shell.work / "bob.wav", (BOB, 12))
    write_voices(shell.work / "two.wav", (BOB, 12), (STRANGER, 5))
    write_voices(shell.work / "short.wav", (BOB, 9))
    before = roster_of(shell).read_bytes()
    done = shell.run("speakers", "add", *words)
    assert (done.code, told in done.err) == (code, True), done.err
    assert roster_of(shell).read_bytes() == before
    assert not roster_of(shell, "new").exists()


def test_a_part_of_a_sample_and_a_question_at_a_terminal(shell: Here) -> None:
    write_voices(shell.work / "mixed.wav", (STRANGER, 5), (BOB, 12))
    words = ("speakers", "add", "Bob", "mixed.wav", "--clip", "5-17", "--roster", "asked")
    refused = shell.watch(*words, answer="n\n")
    assert "Did Bob agree" in refused.err
    assert (refused.code, roster_of(shell, "asked").exists()) == (ExitCode.INTERRUPTED, False)
    assert shell.watch(*words, answer="y\n").code == ExitCode.OK
    [bob] = json.loads(roster_of(shell, "asked").read_text(encoding="utf-8"))["people"]
    assert bob["consents"][0]["given_for"] == "being named in transcripts by voice"
    assert bob["voices"][0]["seconds"] == 12.0


def test_people_are_renamed_and_removed(shell: Here) -> None:
    team = ("--roster", str(shell.work / "team.json"))
    for name in ("Ada", "Eve"):
        added = shell.run("speakers", "add", name, f"{name.lower()}.wav", *AGREED, *team)
        assert added.code == ExitCode.OK, added.err
    assert shell.run("speakers", "rename", "ada", "Ada Lovelace", *team).code == ExitCode.OK
    refused = shell.run("speakers", "remove", "Eve", *team)
    assert (refused.code, "confirmation" in refused.err) == (ExitCode.USAGE, True)
    gone = shell.run("speakers", "remove", "Eve", "-y", *team)
    assert "dalston store forget sha256:" in gone.err
    people = json.loads((shell.work / "team.json").read_text(encoding="utf-8"))["people"]
    assert [each["name"] for each in people] == ["Ada Lovelace"]
    unknown = shell.run("speakers", "remove", "Eve", "-y", *team)
    assert (unknown.code, "has no 'Eve'" in unknown.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["--speakers-from", "default"], "does nothing without --diarize", id="alone"),
        pytest.param(
            ["--diarize", "--speakers-from", "default", "--channels", "split"],
            "does nothing with --channels split",
            id="channels",
        ),
        pytest.param(
            ["--diarize", "--speakers-from", "nobody"],
            "there is no roster 'nobody'",
            id="no roster",
        ),
        pytest.param(
            ["--diarize", "--speakers-from", "default", "--diarize-model", "unmeasured"],
            "the roster knows voices by tones",
            id="other model",
        ),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused(words: list[str], told: str, shell: Here) -> None:
    done = shell.run("transcribe", "in", "-o", "refused", "--model", "speech", *words)
    assert (done.code, told in done.err) == (ExitCode.USAGE, True), done.err
    assert not (shell.work / "refused").exists()


def test_the_commands_of_the_page_work_as_they_are_written(shell: Here) -> None:
    work = shell.work / "page"
    write_voices(work / "ada.wav", (ADA, 12))
    write_voices(work / "meetings" / "monday.wav", (ADA, 10), (STRANGER, 9))
    written: list[Command] = commands_of("docs/speakers.md")
    assert {command.words[1] for command in written} == {"speakers", "transcribe"}
    for command in written:
        if "transcripts/" in command.words:
            (work / "transcripts").mkdir()
            (work / "monday.json").rename(work / "transcripts" / "monday.json")
        words = [word.replace("default", "page") for word in command.words[1:]]
        words += ["--roster", "page"] if words[0] == "speakers" else []
        done = shell.run(*words, cwd=work)
        assert done.code == ExitCode.OK, f"{command}\n{done.err}"
    assert "Ada" in (work / "transcripts" / "monday.json").read_text(encoding="utf-8")
