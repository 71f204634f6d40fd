"""``--gpus`` and ``--device`` on a machine with two GPUs, as far as its ``nvidia-smi`` says."""

import json
import os
from pathlib import Path

import pytest
from tests.support.recordings import EXAMPLES

from dalston_cli import app
from dalston_cli.errors import ExitCode

SMI = """#!/bin/sh
echo '0, GPU-aaa, NVIDIA Small, 8000'
echo '1, GPU-bbb, NVIDIA Large, 24000'
"""
RECORDING = str(EXAMPLES / "call.wav")
PLAN = ["plan", RECORDING, "--model", "faster-whisper-large-v3-turbo"]


@pytest.fixture(autouse=True)
def _two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(
    ("words", "device"),
    [
        pytest.param([], "cuda:1", id="the largest"),
        pytest.param(["--gpus", "0"], "cuda:0", id="only the small one"),
        pytest.param(["--gpus", "0,1"], "cuda:1", id="both, from the largest"),
        pytest.param(["--gpus", "0", "--device", "cuda"], "cuda:0", id="any of one"),
        pytest.param(["--device", "cuda:0"], "cuda:0", id="by number"),
        pytest.param(["--device", "cpu"], "cpu", id="cpu"),
    ],
)
def test_the_plan_says_which_gpu(
    words: list[str], device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main([*PLAN, "--json", *words]) == ExitCode.OK
    report = json.loads(capsys.readouterr().out)["data"]
    assert report["plans"][0]["stages"][0]["device"] == device


@pytest.mark.parametrize(
    ("command", "words", "code", "message"),
    [
        pytest.param(PLAN, ["--gpus", "0,0"], 2, "names GPU 0 twice", id="twice"),
        pytest.param(PLAN, ["--gpus", "0", "--device", "cpu"], 2, "does nothing", id="cpu"),
        pytest.param(PLAN, ["--gpus", "0", "--device", "cuda:1"], 2, "does nothing", id="other"),
        pytest.param(PLAN, ["--gpus", "first"], 2, "gpus", id="no number"),
        pytest.param(PLAN, ["--gpus", "0,2"], 5, "cuda:2 was asked for", id="not there"),
        pytest.param(
            ["engines", "start", "pocketsphinx"],
            ["--gpus", "0"],
            2,
            "the engine pocketsphinx cannot run on a GPU",
            id="engine without GPU",
        ),
        pytest.param(
            ["engines", "start", "faster-whisper"],
            ["--gpus", "0,5"],
            5,
            "only 2 GPUs can be used",
            id="start not there",
        ),
        pytest.param(
            ["engines", "start", "faster-whisper"],
            ["--gpus", "1", "--device", "cpu"],
            2,
            "--gpus does nothing where the device is cpu (--device)",
            id="start on the cpu",
        ),
    ],
)
def test_what_cannot_be(
    command: list[str],
    words: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.main([*command, *words]) == code
    assert message in capsys.readouterr().err
