"""Command lines for Whisper's tools, run as they are with the fake engine."""

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording
from tests.support.processes import processes_of

from dalston_cli.commands.batch import read_batch
from dalston_cli.errors import ExitCode
from dalston_cli.options.batch import BatchOptions, InputOptions, ScreenOptions
from dalston_cli.options.spelling import in_our_dialect

LINE = shlex.split(
    "--task transcribe --language English --beam_size 5 --threads 3 --word_timestamps True"
    " --clip_timestamps 0,0.5,1,1.5 --print_colors True --verbose False --output_format json"
    " --best_of None --vad_method silero --output_dir out"
)


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    yield shell
    assert shell.call("engines", "stop", "--all").code == ExitCode.OK


def engine_processes(shell: Shell) -> list[psutil.Process]:
    here = processes_of(Path(shell.environ["DALSTON_RUNTIME_DIR"]))
    return [one for one in here if "dalston_sdk" in one.cmdline()]


def test_a_command_line_for_whisper_works(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav", *LINE)
    assert done.code == ExitCode.OK, done.err
    notes = [line for line in done.err.splitlines() if "has no effect" in line]
    assert [note.split()[1:3] for note in notes] == [
        ["--vad_method", "has"],
        ["--best_of", "None"],
        ["--print_colors", "has"],
    ]
    transcript = json.loads((shell.work / "out" / "a.json").read_text(encoding="utf-8"))
    assert transcript["language"] == "en"
    recording = transcript["recording"]
    assert (recording.get("clip_start", 0), recording["clip_end"]) == (0, 1.5)
    assert recording["left_out"] == [[0.5, 1.0]]
    assert ("only_parts", "only these parts, in seconds, were read: 0-0.5,1-1.5") in [
        (warning["code"], warning["message"]) for warning in transcript["warnings"]
    ]
    assert "only these parts" not in done.err, "that is what was asked for"
    [engine] = engine_processes(shell)
    assert engine.environ()["OMP_NUM_THREADS"] == "3"
    again = shell.call("transcribe", "a.wav", *LINE)
    assert "1 unchanged" not in again.err  # --verbose False is --quiet
    assert again.code == ExitCode.OK


def test_every_clip_counts_and_times_stay_those_of_the_recording(shell: Shell) -> None:
    write_recording(shell.work / "a.wav", seconds=5.0)
    clips = ("--clip", "3.5-4", "--clip", "1-2", "--clip", "1.5-2.5")
    done = shell.call("transcribe", "a.wav", "-f", "json", *clips)
    assert done.code == ExitCode.OK, done.err
    transcript = json.loads((shell.work / "a.json").read_text(encoding="utf-8"))
    recording = transcript["recording"]
    assert (recording["clip_start"], recording["clip_end"]) == (1, 4)
    assert recording["left_out"] == [[2.5, 3.5]]
    assert all(1 <= each["start"] < each["end"] <= 4 for each in transcript["segments"])


def test_threads_of_the_environment_count_for_every_command(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    shell.environ["DALSTON_THREADS"] = "2"
    assert shell.call("engines", "start", "fake").code == ExitCode.OK
    [started] = engine_processes(shell)
    assert started.environ()["OMP_NUM_THREADS"] == "2"
    assert shell.call("transcribe", "a.wav", "-f", "txt").code == ExitCode.OK
    assert engine_processes(shell) == [started]
    other = shell.call("transcribe", "a.wav", "-f", "txt", "--threads", "1")
    assert "1 unchanged" in other.err
    assert engine_processes(shell) == [started]


def test_words_have_colours_at_a_terminal(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    del shell.environ["NO_COLOR"]
    done = shell.watch("transcribe", "a.wav", "--print_colors", "True", "-o", "out", "-m", "speech")
    assert done.code == ExitCode.OK, done.err
    assert "has no effect" not in done.err
    coloured = re.findall(r"\x1b\[3[123]m( \w+)\x1b\[0m", done.err)
    assert coloured, done.err
    text = (shell.work / "out" / "a.txt").read_text(encoding="utf-8")
    assert "".join(coloured).split()[:2] == text.split()[:2]


def test_notes_are_events_and_part_of_a_plan(shell: Shell) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav", "--pretty_json", "True", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    warnings = [event for event in events if event.get("code") == "option_without_effect"]
    assert [warning["message"].split()[0] for warning in warnings] == ["--pretty_json"]
    planned = shell.call("plan", "a.wav", "--pretty_json", "True")
    assert planned.code == ExitCode.OK
    assert planned.err.startswith("warning: --pretty_json has no effect: JSON is")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--temperature_increment_on_fallback", "0.2"], "does not support the option `temp"),
        (["--fp16", "no"], "--fp16 'no' should be True or False"),
        (["--clip_timestamps", "9,3"], "ends before it starts"),
        (["--language", "Klingonish"], "did you mean"),
    ],
    ids=["the engine cannot", "no truth value", "backwards", "language"],
)
def test_what_cannot_be_done_is_refused(shell: Shell, words: list[str], message: str) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav", *words)
    assert (done.code, message in done.err) == (ExitCode.USAGE, True), done.err


def test_the_folder_of_models_and_the_token_count_in_this_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_before")
    write_recording(Path("a.wav"))
    batch = read_batch(
        BatchOptions(
            inputs=InputOptions(inputs=["a.wav"]),
            settings={},
            theirs={"model_dir": "weights", "hf_token": "hf_given"},
            screen=ScreenOptions(),
        )
    )
    assert batch.environment.locations.models == Path.cwd() / "weights"
    assert os.environ["HF_TOKEN"] == "hf_given"
    assert "hf_given" not in repr(batch)


@pytest.mark.parametrize("quiet", [["-q"], ["--quiet"], ["-vq"], []])
def test_not_verbose_is_quiet_once(quiet: list[str]) -> None:
    words = ["transcribe", "a.wav", *quiet, "--verbose", "False", "-f", "txt"]
    assert in_our_dialect(words) == ["transcribe", "a.wav", *(quiet or ["--quiet"]), "-f", "txt"]
