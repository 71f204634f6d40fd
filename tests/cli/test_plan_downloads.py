"""``dalston plan`` counts the download of an engine's packages."""

import json
import platform
import re
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording

MEASURED = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.mark.skipif(not MEASURED, reason="sizes were measured for Linux on x86_64")
def test_a_plan_says_what_an_engine_downloads(home: Path) -> None:
    shell = Shell(home, home / "work")
    write_recording(shell.work / "a.wav")
    # Nothing is in this cache, and the plan asks no index.
    environ = {"UV_CACHE_DIR": str(home / "uv"), "DALSTON_LAUNCHER": "local"}
    words = ("plan", "a.wav", "--model", "faster-whisper-tiny.en")
    done = shell.call(*words, environ=environ)
    [line] = [line for line in done.out.splitlines() if line.startswith("to build: ")]
    assert re.fullmatch(
        r"to build: the environment of engine faster-whisper, 1\d\d MB to download", line
    )
    told = json.loads(shell.call(*words, "--json", environ=environ).out)["data"]
    assert told["build"] == ["faster-whisper"]
    assert 100 * 10**6 < told["build_bytes"]["faster-whisper"] < 150 * 10**6
