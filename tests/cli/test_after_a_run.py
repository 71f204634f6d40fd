"""``--on-finish`` and ``--output-beside``, as a user gives them."""

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from tests.cli.terminal import COMMAND, Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

HOOK = """\
#!/bin/sh
cat > "$1"
env > "$1.env"
echo printed
exit "${2:-0}"
"""


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    return warm_shell


@pytest.fixture
def hook(home: Path) -> Path:
    path = home / "a hook.sh"
    path.write_text(HOOK, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_command_gets_the_summary(shell: Shell, hook: Path, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    (shell.work / "bad.wav").write_text("no sound", encoding="utf-8")
    told = home / "told.json"
    shell.environ |= {
        **dict.fromkeys(("HF_TOKEN", "MY_API_KEY", "PGPASSWORD", "MYSQL_PWD"), "hush"),
        "MONKEY": "banana",
    }
    command = f"'{hook}' '{told}' 3"

    done = shell.run("transcribe", "a.wav", "bad.wav", "--model", "speech", "--on-finish", command)

    assert done.code == ExitCode.SOME_FAILED, "a command's failure changes nothing"
    assert done.out == ""
    assert "printed\n" in done.err
    assert f"warning: --on-finish: {command}: ended with exit code 3\n" in done.err
    summary = json.loads(told.read_text(encoding="utf-8"))
    assert (summary["command"], summary["status"], summary["exit_code"]) == (
        *("transcribe", "partial"),
        ExitCode.SOME_FAILED,
    )
    assert summary["data"]["counts"] == {"done": 1, "failed": 1}
    assert [error["recording"] for error in summary["errors"]] == ["bad.wav"]
    variables = dict(
        line.partition("=")[::2] for line in Path(f"{told}.env").read_text("utf-8").splitlines()
    )
    assert {name: variables[f"DALSTON_RUN_{name}"] for name in ("DONE", "FAILED", "EXIT_CODE")} == {
        "DONE": "1",
        "FAILED": "1",
        "EXIT_CODE": "7",
    }
    assert variables["DALSTON_RUN_ID"] == summary["data"]["run"]
    assert variables["MONKEY"] == "banana"
    assert "PWD" in variables
    assert "hush" not in variables.values()


def test_a_token_on_the_command_line_is_not_handed_on(shell: Shell, hook: Path, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    words = ("--model", "speech", "--hf_token", "hush-hush", "--on-finish", f"'{hook}' told")
    assert shell.call("transcribe", "a.wav", *words).code == 0
    for name in ("told", "told.env"):
        assert "hush-hush" not in (shell.work / name).read_text(encoding="utf-8")


def start(shell: Shell, *words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "transcribe", "--model", "speech", *words],
        cwd=shell.work,
        env=shell.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(ready: Path, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 180
    while not ready.exists():
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_command_and_what_it_started(
    shell: Shell, number: signal.Signals
) -> None:
    write_recording(shell.work / "a.wav")
    ready = shell.work / "ready"
    script = f"trap '' TERM; sleep 300 & echo $! $$ > {ready}.part; mv {ready}.part {ready}; wait"
    command = shlex.join(["sh", "-c", script])
    running = start(shell, "a.wav", "--on-finish", command)
    wait_for(ready, running)

    running.send_signal(number)
    _, err = running.communicate(timeout=180)

    assert running.returncode == 0, "the run itself was done"
    assert f"running {command} (Ctrl-C ends it)\n" in err
    assert f"warning: --on-finish: {command} was interrupted\n" in err
    for pid in ready.read_text(encoding="utf-8").split():
        assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie"


def test_it_runs_after_an_interrupted_run_until_the_second_interrupt(shell: Shell) -> None:
    for number in range(4):
        write_recording(shell.work / f"{number}.wav", seconds=30)
    ready = shell.work / "ready"
    command = f"sh -c 'touch {ready}; sleep 300'"
    running = start(shell, ".", "--json", "--on-finish", command)
    assert running.stdout is not None
    assert any('"event":"job_started"' in line for line in iter(running.stdout.readline, ""))
    running.send_signal(signal.SIGINT)
    wait_for(ready, running)

    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=180)

    # All may have been done before the first signal came.
    assert running.returncode in {ExitCode.OK, ExitCode.INTERRUPTED}
    assert f"{command} was interrupted\n" in err


def test_events_for_programs_stay_alone(shell: Shell, hook: Path, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    command = f"'{hook}' '{home / 'told'}' 3"
    words = ("transcribe", "a.wav", "--model", "speech", "--json", "--on-finish", command)
    done = shell.call(*words)
    assert done.code == 0
    assert [json.loads(line)["event"] for line in done.out.splitlines()][-1] == "run_finished"
    assert "ended with exit code 3" in done.err


def test_no_shell_reads_the_command(shell: Shell, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    command = f"echo $HOME > {home / 'file'}; x"
    done = shell.run("transcribe", "a.wav", "--model", "speech", "--on-finish", command)
    assert done.code == 0
    assert f"$HOME > {home / 'file'}; x\n" in done.err
    assert not (home / "file").exists()


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        pytest.param("no-such-command now", 0, "No such file or directory", id="missing"),
        pytest.param("'", ExitCode.USAGE, "no closing quotation", id="quotes"),
        pytest.param(" ", ExitCode.USAGE, "should be a command", id="empty"),
    ],
)
def test_a_command_that_is_none(shell: Shell, command: str, code: int, message: str) -> None:
    write_recording(shell.work / "a.wav")
    done = shell.call("transcribe", "a.wav", "--model", "speech", "--on-finish", command)
    assert done.code == code
    assert message in done.err


def test_a_plan_names_the_command_and_does_not_run_it(shell: Shell, home: Path) -> None:
    write_recording(shell.work / "a.wav")
    command = f"touch {home / 'ran'}"
    done = shell.call("plan", "a.wav", "--model", "speech", "--on-finish", command)
    assert f"to run at the end: {command}\n" in done.out
    assert not (home / "ran").exists()


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".wav"
    }


def test_transcripts_beside_their_recordings(shell: Shell) -> None:
    for seed, name in enumerate(("a.wav", "day/b.wav", "day/c.wav")):
        write_recording(shell.work / "talks" / name, seed=seed)
    mine = shell.work / "talks" / "day" / "c.txt"
    mine.write_text("mine", encoding="utf-8")
    words = ("transcribe", "--model", "speech", "--output-beside", "-f", "txt,srt")

    done = shell.call(*words, "talks", "-r")

    assert done.code == ExitCode.SOME_FAILED
    assert "c.txt exists and was not written by Dalston" in done.err
    assert mine.read_text(encoding="utf-8") == "mine"
    assert files(shell.work) == {
        *("talks/a.txt", "talks/a.srt", "talks/day/b.txt", "talks/day/b.srt", "talks/day/c.txt")
    }

    again = shell.call(*words, *sorted(shell.work.glob("talks/*.*")))
    assert again.code == 0, again.err
    assert "named like transcripts of recordings beside them, and passed over" in again.err
    assert "1 unchanged" in again.err


@pytest.mark.parametrize(
    ("words", "environ", "place"),
    [
        pytest.param(["--output-beside"], {"DALSTON_OUTPUT_DIR": "out"}, "in/a.txt", id="option"),
        pytest.param(["-o", "out"], {"DALSTON_OUTPUT_BESIDE": "yes"}, "out/a.txt", id="folder"),
    ],
)
def test_the_place_that_goes_before_counts(
    shell: Shell, words: list[str], environ: dict[str, str], place: str
) -> None:
    write_recording(shell.work / "in" / "a.wav")
    command = ["transcribe", "in/a.wav", "--model", "speech", "-f", "txt", *words]
    done = shell.call(*command, environ=environ)
    assert done.code == 0, done.err
    assert files(shell.work) == {place}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["a.wav", "-o", "out"], "--output-dir and --output-beside exclude", id="both"),
        pytest.param(["-"], "nothing can lie beside it", id="standard-input"),
    ],
)
def test_what_has_no_place_beside_it(shell: Shell, words: list[str], message: str) -> None:
    done = shell.call("transcribe", "--model", "speech", "--output-beside", *words)
    assert done.code == ExitCode.USAGE
    assert message in done.err
