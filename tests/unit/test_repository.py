"""Agreement between the repository's files, and words that must never be in one."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import dalston_cli
import dalston_sdk
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog

ROOT = Path(__file__).resolve().parents[2]
ENGINES = sorted(path.parent for path in (ROOT / "engines").glob("*/*/engine.yaml"))
MODELS = sorted((ROOT / "catalog" / "models").glob("*.yaml"))
MAX_ENGINE_LINES = 250
PYTHONS = ("3.11", "3.12", "3.13")
LOCKED = re.compile(
    r"^(?P<pin>[A-Za-z0-9][^\s=]*==\S+)(?: ; (?P<marker>[^\\]+?))? \\\n", re.MULTILINE
)
OF_A_MACHINE = re.compile(
    rb"(?<![\w.~-])/(?:work|root|opt(?!/(?:dalston|engine|hostile|installer|layer|lock|packages)\b)|tmp/[a-z]{2})/[\w.]"
    rb"|(?i:https?://[^\s/\"']*(?:artifactory|nexus|devpi|mirror|pypi-)[^\s\"']*)"
    rb"|--(?:extra-)?index-url[ =]http|--find-links[ =](?!\. )\S"
)


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if (ROOT / name).is_file()]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(folder: Path) -> list[Requirement]:
    lines = (folder / "requirements.in").read_text(encoding="utf-8").splitlines()
    return [Requirement(text) for line in lines if (text := re.sub(r"(^|\s)#.*", "", line).strip())]


def locked_versions(folder: Path, python: str) -> dict[str, Version]:
    """Return the packages that the lock installs with ``python`` on Linux."""
    machine = machine_with(python)
    found: dict[str, Version] = {}
    for each in LOCKED.finditer((folder / "requirements.lock").read_text(encoding="utf-8")):
        name, _, version = each["pin"].partition("==")
        if each["marker"] is None or Marker(each["marker"]).evaluate(machine):
            found[canonicalize_name(name)] = Version(version)
    return found


def machine_with(python: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    }


def test_versions_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert latest
    assert latest[1] == dalston_cli.__version__ == dalston_sdk.__version__


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_has_an_engine_and_a_licence(path: Path) -> None:
    model = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert model["licence"]
    [folder] = [each for each in ENGINES if each.name == model["engine"]]
    assert (folder / "engine.py").is_file()


@pytest.mark.parametrize("folder", ENGINES, ids=lambda path: path.name)
def test_an_engine_s_folder_is_whole(folder: Path) -> None:
    for name in ("engine.py", "requirements.in", "requirements.lock", "README.md"):
        assert (folder / name).is_file(), name
    assert list((folder / "tests").glob("test_*.py"))
    lines = (folder / "engine.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < MAX_ENGINE_LINES
    assert folder.name in load_catalog(CatalogPaths.from_environment({})).engines


@pytest.mark.parametrize("folder", ENGINES, ids=lambda path: path.name)
def test_a_lock_has_hashes_for_everything(folder: Path) -> None:
    lock = (folder / "requirements.lock").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(list(LOCKED.finditer(lock))) == len(pins)
    for block in re.split(r"\n(?=\S)", lock.strip()):
        assert block.startswith("#") or "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("folder", ENGINES, ids=lambda path: path.name)
def test_a_lock_satisfies_what_is_required(folder: Path, python: str) -> None:
    locked = locked_versions(folder, python)
    wanted = [
        each
        for each in requirements(folder)
        if each.marker is None or each.marker.evaluate(machine_with(python))
    ]
    unmet = [
        str(each)
        for each in wanted
        if not each.specifier.contains(locked[canonicalize_name(each.name)])
    ]
    assert wanted
    assert unmet == []


def test_the_wheel_takes_every_family_of_engines() -> None:
    packed = project()["tool"]["hatch"]["build"]["targets"]["wheel"]
    families = {f"engines/{folder.parent.name}" for folder in ENGINES}
    assert families | {"dockerfiles"} <= set(packed["only-include"])
    for source in (*families, "catalog", "dockerfiles"):
        assert packed["sources"][source] == f"dalston_cli/_data/{source}"


def test_no_file_is_too_long() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "check_sizes.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_no_file_knows_a_machine_it_was_written_on() -> None:
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked_files()
        if path != Path(__file__) and (match := OF_A_MACHINE.search(path.read_bytes()))
    }
    assert found == {}
