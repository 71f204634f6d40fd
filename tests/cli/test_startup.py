"""Libraries that ``dalston --help`` does not load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "asyncio",
    "av",
    "docker",
    "httpx2",
    "huggingface_hub",
    "msgspec",
    "numpy",
    "platformdirs",
    "psutil",
    "pydantic",
    "rich",
    "yaml",
    "dalston_sdk",
    "dalston_cli.catalog",
    "dalston_cli.pipeline",
)


def modules_after(*words: str) -> set[str]:
    code = (
        "import json, sys; from dalston_cli.app import main; code = main(sys.argv[1:]);"
        " print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("--version",), ()], ids=["help", "version", "no"])
def test_the_root_loads_typer_only(words: tuple[str, ...]) -> None:
    assert modules_after(*words).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "words",
    [("engines", "status"), ("engines", "list"), ("plan", "nothing.wav", "-m", "tiny.en")],
    ids=" ".join,
)
def test_where_there_is_no_docker_its_library_is_not_loaded(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing.wav").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    loaded = modules_after(*words)
    assert "dalston_cli.launchers.docker.launcher" in loaded
    assert loaded.isdisjoint({"docker", "fsspec", "aiohttp"})


def test_completing_options_loads_no_pipeline() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dalston_cli"],
        env={
            "_DALSTON_COMPLETE": "complete_bash",
            "COMP_WORDS": "dalston transcribe --output",
            "COMP_CWORD": "2",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--output-dir" in done.stdout.split()
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"numpy", "av", "yaml", "httpx2", "dalston_sdk.wire"})
