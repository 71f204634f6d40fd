"""The wheel, built by the real backend from the source archive, in an environment of its own.

Nothing here may find the checkout: commands run elsewhere, with what was packed alone.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import uv
from tests.acceptance.home import Home, leaving, short_folder

pytestmark = pytest.mark.network

ROOT = Path(__file__).resolve().parents[2]
PACKED = {  # the first that fits counts
    "src/dalston_cli/": "dalston_cli/",
    "engines/sdk/src/dalston_sdk/": "dalston_sdk/",
    "engines/sdk/": None,
    "engines/": "dalston_cli/_data/engines/",
    "catalog/": "dalston_cli/_data/catalog/",
    "dockerfiles/": "dalston_cli/_data/dockerfiles/",
}


class InstalledHome(Home):
    """A user whose ``dalston`` is the one that the wheel brought."""

    def __init__(self, folder: Path, program: Path) -> None:
        super().__init__(folder)
        self.program = program
        self.environ.pop("PYTHONPATH", None)

    def command(self, *arguments: str | Path) -> list[str | Path]:
        return [self.program, *arguments]


def run(*command: str | Path, cwd: Path) -> None:
    """Run with a folder for temporary files that goes afterwards: uv leaves its locks there."""
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "TMPDIR": temporary},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive, so that the archive is known to be whole."""
    folder = tmp_path_factory.mktemp("dist")
    hatchling = (sys.executable, "-m", "hatchling", "build", "-d", folder)
    run(*hatchling, "-t", "sdist", cwd=ROOT)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    run(*hatchling, "-t", "wheel", cwd=folder / archive.name.removesuffix(".tar.gz"))
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledHome]:
    environment = tmp_path_factory.mktemp("installed") / "venv"
    program = uv.find_uv_bin()
    run(program, "venv", "--python", sys.executable, environment, cwd=wheel.parent)
    python = environment / "bin" / "python"
    run(program, "pip", "install", "--python", python, wheel, cwd=wheel.parent)
    with leaving(InstalledHome(short_folder(), environment / "bin" / "dalston")) as user:
        yield user


def destination(name: str) -> str | None:
    """Return the place in the wheel of a file of the checkout; None for those left out."""
    if "/tests/" in name:
        return None
    for start, target in PACKED.items():
        if name.startswith(start):
            return None if target is None else target + name.removeprefix(start)
    return None


def test_the_wheel_has_what_it_promises_and_nothing_else(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    known = {name for name in listing.split("\0") if (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert names == {destination(name) for name in known} - {None}
    assert not [name for name in names if "test_" in name or "conftest" in name]


def test_no_packed_file_names_the_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        naming = [name for name in packed.namelist() if os.fsencode(ROOT) in packed.read(name)]
    assert naming == []


def test_catalogs_come_with_the_wheel(home: InstalledHome) -> None:
    site_packages = home.program.parents[1] / "lib"
    engines = json.loads(home.run("engines", "list", "--json").stdout)["data"]
    assert {engine["engine"] for engine in engines} >= {"faster-whisper", "pocketsphinx"}
    assert all(Path(engine["folder"]).is_relative_to(site_packages) for engine in engines)
    models = home.run("models", "list")
    assert models.returncode == 0, models.stderr
    assert "pocketsphinx-en-us" in models.stdout


def test_a_recording_becomes_a_transcript(home: InstalledHome) -> None:
    shutil.copy(ROOT / "examples" / "lecture.mp4", home.folder)
    done = home.run("transcribe", "lecture.mp4", "-o", "out", "-f", "json")
    assert done.returncode == 0, done.stderr
    transcript = json.loads((home.folder / "out" / "lecture.json").read_text(encoding="utf-8"))
    assert "everything began to change" in transcript["text"]
    check_processes(home)
    assert home.run("engines", "stop", "--all").returncode == 0
    assert home.engines() == []


@pytest.mark.slow  # builds an environment with faster-whisper, which takes a minute
def test_an_engine_s_environment_is_built_from_the_packed_lock(home: InstalledHome) -> None:
    done = home.run("engines", "start", "faster-whisper", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    [engine] = home.engines()
    assert Path(engine.cmdline()[0]).is_relative_to(home.environ["DALSTON_CACHE_DIR"])
    check_processes(home)
    assert home.run("engines", "stop", "faster-whisper").returncode == 0
    assert home.engines() == []


def check_processes(home: InstalledHome) -> None:
    """Engines run, and none of their variables and arguments names the checkout."""
    processes: list[psutil.Process] = home.engines()
    assert processes
    for process in processes:
        places = [*process.cmdline(), process.environ().get("PYTHONPATH", ""), process.cwd()]
        assert not [place for place in places if str(ROOT) in place]
