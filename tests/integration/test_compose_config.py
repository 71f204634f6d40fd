"""Compose itself reads ``compose.yaml``, in both of its versions; no daemon is asked."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support import compose

ROOT = Path(__file__).resolve().parents[2]
CORE = {"pocketsphinx", "faster-whisper", "onnx-asr", "nemo", "transformers"}
SPEAKERS = {"whisperx-align", "pyannote"}
DETECT = {"emotion2vec", "panns-events"}
REFINE = {"llama-cpp"}
TRANSLATE = {"ctranslate2"}


def on_gpus(names: set[str]) -> set[str]:
    return {f"{name}-gpu" for name in names - {"pocketsphinx"}}


PROFILES = {
    "core": CORE,
    "speakers": SPEAKERS,
    "detect": DETECT,
    "refine": REFINE,
    "translate": TRANSLATE,
    "core-gpu": on_gpus(CORE),
    "speakers-gpu": on_gpus(SPEAKERS),
    "detect-gpu": on_gpus(DETECT),
    "translate-gpu": on_gpus(TRANSLATE),
    "gpu": on_gpus(CORE | SPEAKERS | DETECT | TRANSLATE),
    "server": {"gateway", "redis", "worker"},
    "core,speakers,detect": CORE | SPEAKERS | DETECT,
}


def run(major: int, *arguments: str, **environ: str) -> str:
    if reason := compose.problem(major):
        pytest.skip(reason)
    done = subprocess.run(
        [*compose.commands()[major], "-f", str(ROOT / "compose.yaml"), *arguments],
        env={**os.environ, "DALSTON_ENGINE_TOKEN": "secret", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "obsolete" not in done.stderr
    return done.stdout


@pytest.mark.parametrize(("profiles", "services"), PROFILES.items(), ids=PROFILES)
def test_a_profile_starts_its_services_only(profiles: str, services: set[str]) -> None:
    said = run(2, "config", "--services", COMPOSE_PROFILES=profiles)
    assert set(said.split()) == services


@pytest.mark.parametrize("major", [1, 2])
def test_it_is_valid_with_the_sources_of_a_checkout(major: int) -> None:
    development = ("-f", str(ROOT / "compose.dev.yaml"))
    assert run(major, *development, "config", "-q", COMPOSE_PROFILES="core,gpu") == ""


def test_a_variable_is_about_its_engine_only() -> None:
    variables = {"DALSTON_NEMO_GPU": "3", "DALSTON_NEMO_MEMORY_MB": "20000"}
    variables |= {"DALSTON_NEMO_RESERVED_MB": "2000", "COMPOSE_PROFILES": "core,gpu"}
    services: dict[str, dict[str, Any]] = json.loads(
        run(2, "config", "--format", "json", **variables)
    )["services"]
    for name in ("nemo", "nemo-gpu"):
        assert int(services[name]["mem_limit"]) == 20_000 * 1024**2
    reservations = services["nemo-gpu"]["deploy"]["resources"]["reservations"]
    assert reservations["devices"][0]["device_ids"] == ["3"]
    assert int(reservations["memory"]) == 2_000 * 1024**2
    other = services["pyannote-gpu"]["deploy"]["resources"]["reservations"]
    assert other["devices"][0]["device_ids"] == ["0"]
    assert services["pyannote-gpu"]["labels"]["dalston.device"] == "cuda:0"
    assert services["nemo-gpu"]["labels"]["dalston.device"] == "cuda:3"
