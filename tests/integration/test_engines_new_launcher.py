"""A new launcher takes a folder and one line, as a copy of the package with one more shows."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import FAKE, EngineHome

import dalston_cli

ROOT = Path(__file__).parents[2]
PACKAGE = Path(dalston_cli.__file__).parent

LAUNCHER = '''
"""``second``: processes of this machine with a runtime folder of their own."""

from dataclasses import replace
from typing import Self

from dalston_cli.launchers.base import LauncherContext
from dalston_cli.launchers.local.launcher import LocalLauncher


class SecondLauncher(LocalLauncher):
    name = "second"

    @classmethod
    def from_context(cls, context: LauncherContext) -> Self:
        runtime = context.locations.runtime.with_name("run2")
        return cls(replace(context.locations, runtime=runtime), offline=context.offline)


LAUNCHER = SecondLauncher
'''
FORBIDDEN = """
def start() -> None:
    import docker
    import dalston_cli.launchers.control
    import dalston_cli.launchers.local.launcher
"""
ONE_LINE = 'LauncherName = Literal["auto", "docker", "local", "remote"'


class Copy:
    """A copy of the package with the launcher ``second``, and a home for its engines."""

    def __init__(self, home: EngineHome) -> None:
        root = home.folder / "copy"
        package = shutil.copytree(PACKAGE, root / "src" / "dalston_cli")
        for name in ("engines", "catalog"):
            (root / name).symlink_to(ROOT / name)
        folder = package / "launchers" / "second"
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "launcher.py").write_text(LAUNCHER, encoding="utf-8")
        choices = package / "settings" / "choices.py"
        text = choices.read_text(encoding="utf-8")
        assert text.count(ONE_LINE) == 1
        choices.write_text(text.replace(ONE_LINE, f'{ONE_LINE}, "second"'), encoding="utf-8")
        places = {"PYTHONPATH": str(root / "src"), "DALSTON_ENGINES_PATH": str(FAKE.parent)}
        self._environ = os.environ | home.variables | places
        self.launcher = folder / "launcher.py"

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.call("-m", "dalston_cli", *words, **variables)

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=self._environ | variables,
            check=False,
            capture_output=True,
            text=True,
        )

    def data(self, *words: str, **variables: str) -> Any:
        done = self.run(*words, "--json", **variables)
        assert done.returncode in {0, 5}, done.stderr  # 5 for Docker, which is not there
        return json.loads(done.stdout)["data"]


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def test_a_new_launcher_takes_its_folder_and_one_line(home: EngineHome) -> None:
    copy = Copy(home)
    [started] = copy.data("engines", "start", "fake", "--launcher", "second")
    assert (started["launcher"], started["state"]) == ("second", "ready")
    [running] = copy.data("engines", "status", "fake")
    assert running["launcher"] == "second"
    listed = copy.data("engines", "list", DALSTON_LAUNCHER="second")
    assert {each["launcher"] for each in listed} == {"second"}
    assert (
        "second: it was asked for"
        in copy.run(*("engines", "doctor", "fake", "--launcher", "second")).stdout
    )
    assert copy.data("engines", "stop", "fake")
    assert copy.data("engines", "status", "fake") == []
    refused = copy.run("engines", "start", "fake", "--launcher", "third")
    assert refused.returncode == 2
    assert "'second'" in refused.stderr


def test_the_import_contracts_hold_for_a_new_launcher(home: EngineHome) -> None:
    copy = Copy(home)
    copy.launcher.write_text(FORBIDDEN, encoding="utf-8")
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    checked = copy.call("-c", lint, "--no-cache", str(ROOT / "pyproject.toml"))
    assert checked.returncode == 1
    broken = re.findall(r"^(.+?) BROKEN\b", checked.stdout, re.MULTILINE)
    assert broken == [
        "Launchers know nothing of each other",
        "Launchers know nothing of what uses them",
        "Only the Docker launcher needs Docker's library",
    ], checked.stdout
