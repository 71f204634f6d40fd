"""Processes that are known again, and ended for good."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dalston_cli.launchers.local.process import (
    ProcessIdentity,
    end_process,
    exit_code,
    identify,
    is_running,
    memory_kills,
    spawn_detached,
    wait_until_ended,
)

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"


class Spawned:
    """Starts programs in a folder of the test, and ends what is left of them."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.folder = folder
        self.all: list[ProcessIdentity] = []

    def __call__(self, program: str, *, num_lines: int = 1) -> ProcessIdentity:
        pid = spawn_detached(
            [sys.executable, "-c", program],
            cwd=self.folder,
            environment={"PATH": os.environ["PATH"]},
            log=self.log,
        )
        identity = identify(pid)
        assert identity is not None
        self.all.append(identity)
        deadline = time.monotonic() + 180
        while self.log.read_text(encoding="utf-8").count("up") < num_lines:
            assert time.monotonic() < deadline
        return identity


@pytest.fixture
def spawned(tmp_path: Path) -> Iterator[Spawned]:
    made = Spawned(tmp_path)
    yield made
    for identity in made.all:
        end_process(identity, timeout_s=0)
        assert wait_until_ended(identity, timeout_s=60)


def test_a_process_is_detached_and_known_by_more_than_its_pid(spawned: Spawned) -> None:
    identity = spawned(SLEEP)
    assert is_running(identity)
    assert os.getsid(identity.pid) == identity.pid
    assert exit_code(identity.pid) is None
    assert not is_running(replace(identity, started=identity.started - 1))


def test_a_pid_without_a_process_is_nobody() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert identify(process.pid) is None


def test_a_process_that_ended_but_was_not_collected_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identify(process.pid) is None


@pytest.mark.parametrize(
    ("program", "number"),
    [
        pytest.param(SLEEP, signal.SIGTERM, id="that obeys"),
        pytest.param(STUBBORN, signal.SIGKILL, id="that ignores SIGTERM"),
    ],
)
def test_ending_a_process(spawned: Spawned, program: str, number: int) -> None:
    identity = spawned(program)
    end_process(identity, timeout_s=0.2 if number == signal.SIGKILL else 10)
    assert wait_until_ended(identity, timeout_s=60)
    assert exit_code(identity.pid) == -number


def test_ending_a_process_ends_its_children(spawned: Spawned) -> None:
    identity = spawned(PARENT, num_lines=2)
    children = psutil.Process(identity.pid).children()
    assert len(children) == 1
    end_process(identity, timeout_s=60)
    assert wait_until_ended(identity, timeout_s=60)
    assert psutil.wait_procs(children, timeout=180)[1] == []


def test_a_later_process_with_the_same_pid_is_left_alone(spawned: Spawned) -> None:
    identity = spawned(SLEEP)
    end_process(replace(identity, started=identity.started + 1), timeout_s=0)
    assert is_running(identity)
    assert not wait_until_ended(identity, timeout_s=0)


def test_exit_codes_of_strangers_are_unknown() -> None:
    assert exit_code(os.getpid()) is None


def test_a_program_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spawn_detached(
            [str(tmp_path / "nothing")], cwd=tmp_path, environment={}, log=tmp_path / "log"
        )


def test_the_kernels_kills_for_want_of_memory_are_counted(tmp_path: Path) -> None:
    counters = tmp_path / "vmstat"
    counters.write_text("pgscan_kswapd 5\noom_kill 24\nthp_fault_alloc 0\n", encoding="ascii")
    assert memory_kills(counters) == 24
    counters.write_text("pgscan_kswapd 5\n", encoding="ascii")
    assert memory_kills(counters) is None
    assert memory_kills(tmp_path / "none") is None
