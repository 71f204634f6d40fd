"""Runs on disks that fill up: exit code 5 with what to do, and nothing torn."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome
from tests.support.pipeline_process import start

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
