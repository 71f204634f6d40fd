"""``dalston transcribe`` from outside: the fake engine, real recordings."""

import json
import re
import signal
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording
from tests.support.recordings import make_bad, make_good

from dalston_cli.errors import ExitCode


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    return warm_shell


def test_a_folder_of_good_and_bad_recordings(shell: Shell) -> None:
    good = make_good(shell.work / "in")
    bad = make_bad(shell.work / "in")
    first = shell.call("transcribe", "in", "-o", "out", "-f", "txt")
    assert first.code == ExitCode.SOME_FAILED, first.err
    assert first.out == ""
    failed = [line for line in first.err.splitlines() if line.startswith("failed: ")]
    assert all(any(path.name in line for line in failed) for path in bad)
    assert len(failed) == len(bad)
    assert len(list((shell.work / "out").iterdir())) == len(good)
    [summary] = [line for line in first.err.splitlines() if line.startswith("18 recordings: ")]
    assert "10 done" in summary
    assert "8 failed" in summary
    *repeated, details, accepting = first.err.splitlines()[-10:]
    assert accepting.startswith("hint: to accept it until it changes: dalston runs accept")
    assert all(line.startswith("  failed: ") for line in repeated)
    assert re.fullmatch(r"details: dalston runs show [0-9a-f-]+", details)
    assert shell.call(*details.split()[2:]).out.startswith(f"run {details.split()[-1]} ")
    again = shell.call("transcribe", "in", "-o", "out", "-f", "txt")
    assert again.code == ExitCode.SOME_FAILED
    assert "10 unchanged" in again.err


def test_events_and_the_report(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.run("transcribe", "a.wav", "gone.wav", "--json")
    assert (done.code, done.err) == (ExitCode.SOME_FAILED, "")
    events = [json.loads(line) for line in done.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "run_started"
    assert kinds.count("job_finished") == 2
    report = events[-1]
    assert report["event"] == "run_finished"
    assert report["status"] == "partial"
    assert report["data"]["counts"]["done"] == 1
    assert list(report["data"]["models"]) == ["speech"]
    assert [error["recording"] for error in report["errors"]] == ["gone.wav"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["gone.wav"], ExitCode.ALL_FAILED, id="all-failed"),
        pytest.param(["."], ExitCode.INPUT, id="nothing-found"),
        pytest.param(["x.wav", "--model", "speach"], ExitCode.USAGE, id="no-model"),
        pytest.param(["x.wav", "--device", "cuda:99"], ExitCode.UNAVAILABLE, id="no-gpu"),
    ],
)
def test_exit_codes(words: list[str], code: ExitCode, shell: Shell) -> None:
    done = shell.call("transcribe", *words)
    assert done.out == ""
    assert (done.code, "hint: " in done.err) == (code, True), done.err


def test_standard_input_to_standard_output(shell: Shell) -> None:
    recording = write_recording(shell.work / "a.wav")
    done = shell.run("transcribe", "-", stdin=recording.read_bytes())
    assert done.code == ExitCode.OK, done.err
    assert done.out.strip()
    assert list(shell.work.iterdir()) == [recording]
    named = shell.run("transcribe", "a.wav", "-o", "-", "-f", "json", "-q")
    assert named.code == ExitCode.OK
    assert all(line.startswith(("warning: ", "hint: ")) for line in named.err.splitlines())
    assert json.loads(named.out)["recording"]["name"] == "a.wav"


def test_two_recordings_do_not_fit_standard_output(shell: Shell) -> None:
    for name in ("a.wav", "b.wav"):
        write_recording(shell.work / name)
    done = shell.call("transcribe", "a.wav", "b.wav", "-o", "-")
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "2 recordings" in done.err


def test_settings_of_a_file_and_spellings_of_whisper(shell: Shell, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('[profiles.web]\noutput-format = ["vtt"]\n')
    words = ("a.wav", "--output_dir", "out", "--word_timestamps", "True")
    done = shell.call("transcribe", *words, environ={"DALSTON_PROFILE": "web"})
    assert done.code == ExitCode.OK, done.err
    assert [path.name for path in (shell.work / "out").iterdir()] == ["a.vtt"]


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    recording = write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav", "--dry-run")
    assert done.code == ExitCode.OK, done.err
    assert "speech" in done.out
    assert list(shell.work.iterdir()) == [recording]


def test_a_name_cannot_forge_a_line(shell: Shell) -> None:
    (shell.work / "x\nerror: forged\x1b[2J.wav").touch()
    done = shell.call("transcribe", ".")
    assert done.code == ExitCode.ALL_FAILED
    assert "\nerror: forged" not in done.err
    assert "\x1b" not in done.err


def test_a_terminal_shows_text_and_a_summary(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.watch("transcribe", "a.wav", "-o", "out", "-m", "speech")
    assert (done.code, done.out) == (ExitCode.OK, "")
    assert "[0.0 s]" in done.err
    assert "1 recording: 1 done" in done.err


def test_models_are_offered_once(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    first = shell.watch("transcribe", "a.wav", answer="n\n")
    assert first.code == ExitCode.OK
    assert "No model is installed. Choose some for this machine now? [Y/n]" in first.err
    assert "Download" not in first.err
    second = shell.watch("transcribe", "a.wav")
    assert second.code == ExitCode.OK
    assert "Choose some" not in second.err


def test_the_question_says_what_a_no_means(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    nowhere = "http://127.0.0.1:9"
    shell.environ |= {"DALSTON_STARTER": "yes", "HF_ENDPOINT": nowhere, "PIP_INDEX_URL": nowhere}
    shell.environ |= {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "COLUMNS": "400"}
    done = shell.watch("transcribe", "a.wav", answer="n\n")
    assert done.code == ExitCode.OK
    assert "this machine now? (n: the small one, faster-whisper-base, 148 MB) [Y/n]" in done.err
    assert done.err.count("hint:") == done.err.count("cannot be pulled") == 1
    assert "is downloaded" not in done.err


def test_a_yes_in_advance_downloads_what_setup_would(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    nowhere = "http://127.0.0.1:9"
    shell.environ |= {"HF_ENDPOINT": nowhere, "PIP_INDEX_URL": nowhere, "COLUMNS": "400"}
    shell.environ |= {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
    asked = shell.call("transcribe", "a.wav", "-y").err
    models = [name for name in ("base", "large-v3-turbo") if f"faster-whisper-{name}" in asked]
    assert len(models) == 1, asked
    assert f"faster-whisper-{models[0]}" in shell.call("setup", "-y").err


def test_who_agrees_sees_what_fits_and_is_asked_for_each(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.watch("transcribe", "a.wav", answer="y\nn\nn\nn\nn\n")
    assert done.code == ExitCode.OK
    assert "this machine: " in done.err
    assert "Download faster-whisper-large-v3-turbo, 1.6 GB, which turns speech" in done.err
    assert "Download faster-whisper-base, 148 MB, which turns speech into text, small" in done.err
    assert "which finds who speaks, for --diarize? [Y/n]" in done.err
    assert "for --align always? [y/N]" in done.err


def test_a_script_is_not_asked(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav")
    assert done.code == ExitCode.OK
    assert "Choose some" not in done.err


def test_an_interrupted_run_ends_politely(shell: Shell) -> None:
    for number in range(4):
        write_recording(shell.work / f"{number}.wav", seconds=30)
    with shell.start("transcribe", ".", "-m", "speech", "--json") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any('"event":"job_started"' in line for line in lines)
        process.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in process.stdout]
        code = process.wait(timeout=180)
    report = rest[-1]
    assert report["event"] == "run_finished"
    if code != ExitCode.OK:  # else all was done before the signal came
        assert (code, report["status"]) == (ExitCode.INTERRUPTED, "interrupted")


@pytest.mark.parametrize("folder", ["STATE", "CACHE", "RUNTIME"])
def test_a_folder_that_cannot_be_used_is_named_once(folder: str, shell: Shell, home: Path) -> None:
    blocked = home / "blocked"
    blocked.write_text("no folder")
    for number in range(20):
        write_recording(shell.work / f"{number}.wav", seed=number)
    variable = f"DALSTON_{folder}_DIR"
    done = shell.call("transcribe", ".", "-o", "out", environ={variable: str(blocked / "below")})
    assert done.code == ExitCode.UNAVAILABLE
    assert f"export {variable}=" in done.err
    assert done.err.count("cannot be ") <= 10, done.err
