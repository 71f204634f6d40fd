"""Engines know the SDK, their model's library and themselves: never the CLI, never each other."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINES = sorted(path.parent for path in (REPOSITORY / "engines").glob("*/*/engine.yaml"))
SOURCES = [path for folder in ENGINES for path in sorted(folder.glob("*.py"))]

MODULES = {
    "nemo_toolkit": "nemo",
    "nvidia_ml_py": "pynvml",
    "pyannote_audio": "pyannote",
    "pyyaml": "yaml",
}
"""Packages whose module is called otherwise."""


def imported(path: Path) -> Iterator[str]:
    """The first part of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def required(folder: Path) -> set[str]:
    """The packages in an engine's own list and its lock, as modules are usually called."""
    lines = (folder / "requirements.lock").read_text(encoding="utf-8").splitlines()
    names = (line.partition("==")[0] for line in lines if "==" in line and line[0].isalnum())
    packages = {name.strip().lower().replace("-", "_") for name in names}
    return {MODULES.get(package, package) for package in packages}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_engine_imports_only_what_it_may(path: Path) -> None:
    own = {other.stem for other in path.parent.glob("*.py")}
    allowed = own | required(path.parent) | {"dalston_sdk"} | sys.stdlib_module_names
    assert sorted(set(imported(path)) - allowed) == []
