"""Runs on disks that fill up: exit code 5 with what to do, and nothing torn."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome
from tests.support.pipeline_process import start
from tests.support.places import folder_variables
from tests.support.served import ServerHome, served

NAMESPACE = ("unshare", "--mount") + (() if os.geteuid() == 0 else ("--map-root-user",))


def can_mount() -> bool:
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not can_mount(), reason="unshare cannot mount a small disk here")


@pytest.fixture
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


def run_on_small_disk(home: PipelineHome, folder: Path, size: str) -> tuple[int, list[Any], str]:
    """Run over all recordings with a disk of this size at ``folder``."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={size} none {shlex.quote(str(folder))} && exec "$@"'
    process = start(home, through=(*NAMESPACE, "sh", "-c", script, "sh"))
    output, errors = process.communicate(timeout=300)
    return process.returncode, [json.loads(line) for line in output.splitlines()], errors


@pytest.mark.slow  # a server of its own
def test_the_disk_fills_up_while_a_server_works(home: PipelineHome) -> None:
    """What is sent ends as a run of this machine does: told, counted and resumable."""
    home.record(12, seconds=0.5)
    state = home.folder / "small"
    state.mkdir()
    script = f'mount -t tmpfs -o size=600k none {shlex.quote(str(state))} && exec "$@"'
    there = ServerHome()
    try:
        with served(there) as server:
            done = subprocess.run(
                [
                    *(*NAMESPACE, "sh", "-c", script, "sh"),
                    *(sys.executable, "-m", "dalston_cli", "transcribe", home.inputs, "--json"),
                    *("-o", home.outputs, "--model", "speech", "--server", server.url),
                ],
                env={
                    **os.environ,
                    **folder_variables(home.folder),
                    "DALSTON_STATE_DIR": str(state),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
    finally:
        there.close()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 5, done.stderr
    assert [each["code"] for each in events if "code" in each] == ["state_folder"]
    assert events[-1]["event"] == "run_finished"
    counts = events[-1]["data"]["counts"]
    assert counts["done"] >= 1
    assert counts["not_started"] >= 1
    assert sum(counts.values()) == 12


async def test_the_disk_of_the_state_fills_up(home: PipelineHome) -> None:
    home.record(12, seconds=0.5)

    code, events, errors = run_on_small_disk(home, home.locations.state, "500k")

    assert (code, errors) == (5, "")
    assert events[-1]["event"] == "run_finished"
    assert events[-1]["exit_code"] == 5
    [warning] = [event for event in events if event.get("code") == "state_folder"]
    assert "df -h" in warning["hint"]
    assert sum(events[-1]["counts"].values()) == 12, events[-1]["counts"]
    report = await home.run(home.record(12, seconds=0.5))
    assert report.exit_code == 0, "the state is another one, and the transcripts are known"


async def test_the_disk_of_the_transcripts_fills_up(home: PipelineHome) -> None:
    home.record(6, seconds=0.5)

    code, events, errors = run_on_small_disk(home, home.outputs, "20k")

    assert (code, errors) == (5, "")
    assert events[-1]["event"] == "run_finished"
    [warning] = [event for event in events if event.get("code") == "output_disk_full"]
    assert "df -h" in warning["hint"]
    report = await home.run(home.record(6, seconds=0.5))
    assert report.exit_code == 0
