"""``dalston watch``: a folder that recordings are copied, moved and written into."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

SETTLE_S = 1.0
WORDS = ("-o", "out", "-f", "txt,json", "--model", "speech", "--settle", str(SETTLE_S))


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    (warm_shell.work / "inbox").mkdir()
    return warm_shell


class Watching:
    """A watcher, and what it has told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def outcomes(self) -> Counter[tuple[str, str]]:
        """Each recording that ended, with its status, and how often."""
        return Counter(
            (Path(event["recording"]).name, event["status"])
            for event in list(self.events)
            if event["event"] == "job_finished"
        )

    def done(self) -> int:
        return sum(n for (_, status), n in self.outcomes().items() if status == "done")

    def wait(self, condition: Callable[[], bool], seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.events[-3:]
            assert self.process.poll() is None, self.events[-3:]
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=180)
        self._reader.join(timeout=180)
        return code


@contextmanager
def watching(shell: Shell, *words: str | Path) -> Iterator[Watching]:
    process = shell.start("watch", "inbox", *WORDS, "--json", *words)
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.communicate()


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def transcribed(shell: Shell, name: str) -> dict[str, Any]:
    text = (shell.work / "out" / name).with_suffix(".json").read_text(encoding="utf-8")
    recording: dict[str, Any] = json.loads(text)["recording"]
    return recording


def copy_slowly(sources: list[Path], folder: Path) -> None:
    """Write files side by side in parts, with pauses in which a file does not grow."""
    parts = 3
    files = [(source.read_bytes(), (folder / source.name).open("wb")) for source in sources]
    for part in range(parts):
        for data, file in files:
            size = len(data) // parts + 1
            file.write(data[part * size : (part + 1) * size])
            file.flush()
        time.sleep(SETTLE_S * 1.5)
    for _, file in files:
        file.close()


@pytest.mark.slow  # fifty recordings that are copied with pauses: half a minute
def test_fifty_recordings_come_in_every_way_and_each_is_transcribed_once_and_whole(
    shell: Shell,
) -> None:
    """Copied slowly, moved in, and replaced by others: in place, and by a rename."""
    inbox, made = shell.work / "inbox", shell.work / "made"
    names = [f"{number:02}.wav" for number in range(50)]
    for number, name in enumerate(names):
        write_recording(made / name, seconds=1, seed=number)
        write_recording(made / "new" / name, seconds=1.5, seed=100 + number)
    there, slow, moved = names[:10], names[10:30], names[30:]
    replaced = [*there[:3], *slow[:3], *moved[:4]]
    for name in there:
        shutil.copy(made / name, inbox)

    with watching(shell) as watcher:
        copying = threading.Thread(target=copy_slowly, args=([made / name for name in slow], inbox))
        copying.start()
        for name in moved:
            shutil.copy(made / name, shell.work / name)
            (shell.work / name).rename(inbox / name)
            time.sleep(0.02)
        copying.join()
        watcher.wait(lambda: watcher.done() >= len(names))
        assert watcher.outcomes() == {(name, "done"): 1 for name in names}
        assert all(transcribed(shell, name)["digest"] == digest(made / name) for name in names)

        copy_slowly([made / "new" / name for name in replaced[:5]], inbox)
        for name in replaced[5:]:
            shutil.copy(made / "new" / name, shell.work / name)
            (shell.work / name).replace(inbox / name)
        watcher.wait(lambda: watcher.done() >= len(names) + len(replaced))
        time.sleep(2 * SETTLE_S)
        assert watcher.outcomes() == {
            (name, "done"): 2 if name in replaced else 1 for name in names
        }
        assert watcher.end(signal.SIGINT) == ExitCode.OK

    for name in names:
        source = made / ("new" if name in replaced else "") / name
        recording = transcribed(shell, name)
        assert recording["digest"] == digest(source) == digest(inbox / name)
        assert recording["duration_s"] == (1.5 if name in replaced else 1.0)
    last = watcher.events[-1]
    assert (last["event"], last["status"], last["data"]["counts"]) == (
        *("watch_finished", "success"),
        {"done": 60},
    )


def test_what_came_while_it_was_off_is_found_and_what_is_done_stays_done(shell: Shell) -> None:
    inbox = shell.work / "inbox"
    write_recording(inbox / "a.wav", seed=1)
    with watching(shell) as watcher:
        watcher.wait(lambda: watcher.done() == 1)
        watcher.process.kill()
        watcher.process.wait()
    write_recording(inbox / "b.wav", seed=2)
    with watching(shell, "--poll", "0.3") as watcher:
        watcher.wait(lambda: watcher.done() == 1)
        assert watcher.outcomes() == {("a.wav", "unchanged"): 1, ("b.wav", "done"): 1}
        refused = shell.call("watch", "inbox", *WORDS, "--once")
        assert refused.code == ExitCode.UNAVAILABLE
        assert "another dalston watch is at work on inbox" in refused.err
        assert watcher.end() == ExitCode.OK


def test_the_end_interrupts_a_run_and_the_next_watcher_goes_on(shell: Shell) -> None:
    inbox = shell.work / "inbox"
    for number in range(4):
        write_recording(inbox / f"{number}.wav", seconds=40, seed=number)
    with watching(shell) as watcher:
        watcher.wait(lambda: any(each["event"] == "job_started" for each in watcher.events))
        assert watcher.end() == ExitCode.OK
        first = watcher.outcomes()
    done = shell.call("watch", "inbox", *WORDS, "--once", "--json")
    assert done.code == ExitCode.OK
    second = json.loads(done.out.splitlines()[-1])["data"]["counts"]
    before = sum(n for (_, status), n in first.items() if status == "done")
    assert second.get("done", 0) + second.get("unchanged", 0) == 4
    assert second.get("done", 0) == 4 - before


def test_a_recording_that_is_done_moves_and_its_transcript_stays(shell: Shell) -> None:
    inbox, done = shell.work / "inbox", shell.work / "inbox" / "done"
    for seed in (1, 2):
        write_recording(inbox / "below" / "call.wav", seed=seed)
        (inbox / "below" / "bad.wav").write_text("no sound", encoding="utf-8")
        words = ("--once", "-r", "--move-done", done)
        run = shell.call("watch", "inbox", *WORDS, *words)
        assert run.code == ExitCode.SOME_FAILED, run.err
        assert "failed: inbox/below/bad.wav" in run.err
    assert sorted(path.name for path in (inbox / "below").iterdir()) == ["bad.wav"]
    for name in ("call.wav", "call-2.wav"):
        moved = done / "below" / name
        assert transcribed(shell, f"below/{name}")["digest"] == digest(moved)
    assert digest(done / "below/call.wav") != digest(done / "below/call-2.wav")


def test_a_command_runs_for_each_recording_with_names_as_data(shell: Shell) -> None:
    inbox, told = shell.work / "inbox", shell.work / "told"
    odd = "$(touch hacked); 'a' \n.wav"
    write_recording(inbox / odd, seed=1)
    (inbox / "bad.wav").write_text("no sound", encoding="utf-8")
    hook = shell.work / "hook.sh"
    hook.write_text(
        '#!/bin/sh\ncat >> "$1"\ntest -e "$DALSTON_RECORDING_PATH" && '
        'cp -- "${DALSTON_RECORDING_JSON:-/dev/null}" "$1.$DALSTON_RECORDING_STATUS"\n',
        encoding="utf-8",
    )
    hook.chmod(0o755)

    run = shell.run(
        *("watch", "inbox", *WORDS, "--once", "--on-finish", f"{hook} {told}"),
        *("--move-done", "done"),
    )

    assert run.code == ExitCode.SOME_FAILED, run.err
    lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    assert {(line["path"], line["status"]) for line in lines} == {
        (f"done/{odd}", "done"),
        ("inbox/bad.wav", "failed"),
    }
    kept = json.loads(Path(f"{told}.done").read_text(encoding="utf-8"))
    assert kept["recording"]["digest"] == digest(shell.work / "done" / odd)
    assert not (shell.work / "hacked").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(["gone"], ExitCode.INPUT, "there is no such folder", id="no folder"),
        pytest.param(["inbox", "-o", "-"], ExitCode.USAGE, "-o - cannot be used", id="stdout"),
        pytest.param(["inbox", "--overwrite"], ExitCode.USAGE, "--overwrite", id="overwrite"),
        pytest.param(["inbox", "--fail-fast"], ExitCode.USAGE, "--fail-fast", id="fail fast"),
        pytest.param(
            ["inbox", "--move-done", "inbox"],
            ExitCode.USAGE,
            "the folder that is watched",
            id="done",
        ),
    ],
)
def test_what_cannot_be_watched_is_refused(
    shell: Shell, words: list[str], code: int, message: str
) -> None:
    refused = shell.call("watch", *words)
    assert (refused.code, message in refused.err) == (code, True), refused.err


def test_a_folder_that_was_gone_for_a_while_is_watched_again(shell: Shell) -> None:
    inbox = shell.work / "inbox"
    write_recording(inbox / "first.wav", seed=1)
    with watching(shell, "--poll", "0.2") as watcher:
        watcher.wait(lambda: watcher.done() == 1)
        inbox.rename(shell.work / "elsewhere")
        gone = "watched_folder_gone"
        watcher.wait(lambda: any(each.get("code") == gone for each in watcher.events))
        inbox.mkdir()
        write_recording(inbox / "a.wav")
        watcher.wait(lambda: watcher.done() == 2)
        assert watcher.end() == ExitCode.OK
    assert os.listdir(inbox) == ["a.wav"]  # noqa: PTH208 - nothing of ours is left there
