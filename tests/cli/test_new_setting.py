"""A setting that is added with one declaration, in a copy of the sources."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path("src/dalston_cli/settings/table/machine.py")
BEFORE = "    device: str = "
DECLARATION = """\
    wind_speed: int | None = Kind("KNOTS", ge=1)("Wind that the fan may make.", example="7")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources whose table has one setting more."""
    for name in ("src", "docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".env.example", tmp_path)
    text = (tmp_path / TABLE).read_text(encoding="utf-8")
    assert text.count(BEFORE) == 1
    (tmp_path / TABLE).write_text(text.replace(BEFORE, DECLARATION + BEFORE), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(checkout: Path) -> Callable[..., str]:
    """Run Python in the copy, and return all that it prints."""

    def run_python(*words: str, **variables: str) -> str:
        environ = os.environ | {"PYTHONPATH": str(checkout / "src"), "COLUMNS": "200"} | variables
        done = subprocess.run(
            [sys.executable, *words],
            cwd=checkout,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run_python


def test_one_declaration_is_enough(checkout: Path, run: Callable[..., str]) -> None:
    dalston = ("-m", "dalston_cli")
    listed = run(*dalston, "transcribe", "--help-all")
    assert "--wind-speed" not in run(*dalston, "transcribe", "--help")
    assert "--wind-speed " in listed
    assert " KNOTS " in listed
    assert "'0'" in run(*dalston, "config", "show", DALSTON_WIND_SPEED="0")
    shown = run(*dalston, "config", "show", DALSTON_WIND_SPEED="7")
    assert ["wind_speed", "7", "DALSTON_WIND_SPEED"] in [line.split() for line in shown.split("\n")]
    assert "--wind-speed 0: input should be" in run(*dalston, "plan", "--wind-speed", "0", "x.wav")

    (checkout / "config.toml").write_text("wind_sped = 7\n", encoding="utf-8")
    refused = run(*dalston, "config", "show", DALSTON_CONFIG_DIR=str(checkout))
    assert "did you mean `wind_speed`?" in refused

    assert run("scripts/generate_cli_docs.py") == ""
    assert "| `--wind-speed` KNOTS | Wind" in (checkout / "docs" / "cli.md").read_text("utf-8")
    assert "| `wind_speed` | KNOTS |" in (checkout / "docs" / "settings.md").read_text("utf-8")
    assert "#DALSTON_WIND_SPEED=7 " in (checkout / ".env.example").read_text("utf-8")
