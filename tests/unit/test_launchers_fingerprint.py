"""Fingerprints: equal ones make two engines the same."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import FAKE, engine_entry
from tests.support.places import folder_variables

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.fingerprint import engine_digest, secret_marks
from dalston_cli.launchers.local.environment import snapshot_sdk
from dalston_cli.launchers.local.launcher import LocalLauncher
from dalston_cli.settings.locations import Locations
from dalston_sdk.identity import (
    digest_engine,
    digest_files,
    python_tag,
    sdk_folder,
    source_files,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "fake"
    shutil.copytree(FAKE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def append(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("# a remark\n")

    return edit


@pytest.mark.parametrize(
    "name", ["engine.py", "knobs.py", "engine.yaml", "requirements.lock", "data/table.json"]
)
def test_files_that_matter(folder: Path, name: str) -> None:
    before = engine_digest(engine_entry(folder))
    append(name)(folder)
    assert engine_digest(engine_entry(folder)) != before


@pytest.mark.parametrize(
    "name",
    ["README.md", "requirements.in", "tests/test_it.py", "__pycache__/engine.pyc", ".notes/a.txt"],
)
def test_files_that_do_not_matter(folder: Path, name: str) -> None:
    before = engine_digest(engine_entry(folder))
    append(name)(folder)
    assert engine_digest(engine_entry(folder)) == before


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"python": "cpython-3.99"}, False, id="another Python"),
        pytest.param({"machine": "riscv64"}, False, id="another processor"),
        pytest.param({"deviations": {"numpy": "1.0"}}, False, id="another package"),
        pytest.param({"python": python_tag(), "machine": platform.machine()}, True, id="named"),
    ],
)
def test_what_an_engine_runs_with_matters(
    folder: Path, changes: dict[str, Any], same: bool
) -> None:
    assert (digest_engine(folder, **changes) == digest_engine(folder)) is same


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"environment": {"A": "1"}}, False, id="environment"),
        pytest.param({"device": "cuda:0"}, True, id="device"),
        pytest.param({"keep_alive_s": 1.0}, True, id="keep-alive"),
        pytest.param({"replicas": 3}, True, id="replicas"),
        pytest.param({"models_dir": Path("/elsewhere")}, True, id="models folder"),
    ],
)
def test_options_that_matter(
    tmp_path: Path, folder: Path, changes: dict[str, Any], same: bool
) -> None:
    launcher = LocalLauncher(Locations.from_environment(folder_variables(tmp_path)))
    spec = EngineSpec(engine=engine_entry(folder), models_dir=Path("/models"))
    assert (launcher.fingerprint(replace(spec, **changes)) == launcher.fingerprint(spec)) is same


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"LLM_KEY": "another"}, False, id="another-key"),
        pytest.param({"LLM_URL": "http://elsewhere"}, False, id="another-server"),
        pytest.param({"OTHER": "else"}, True, id="what-the-engine-does-not-get"),
    ],
)
def test_an_engine_with_other_secrets_is_another(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    same: bool,
) -> None:
    launcher = LocalLauncher(Locations.from_environment(folder_variables(tmp_path)))
    engine = engine_entry(folder, secrets=("LLM_KEY", "LLM_URL"))
    spec = EngineSpec(engine=engine, models_dir=Path("/models"))
    monkeypatch.setenv("LLM_KEY", "a-key")
    before = launcher.fingerprint(spec)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    assert (launcher.fingerprint(spec) == before) is same
    assert "a-key" not in "".join(secret_marks(engine))


def test_where_the_engine_lies_does_not_matter(folder: Path) -> None:
    assert engine_digest(engine_entry(folder)) == engine_digest(engine_entry(FAKE))


def test_a_name_that_moves_into_a_content_is_another_digest() -> None:
    assert digest_files(iter([("a", b"bc")])) != digest_files(iter([("ab", b"c")]))
    assert digest_files(iter([("a", b"")])) != digest_files(iter([]))


@pytest.mark.parametrize(
    ("locked", "same"),
    [
        pytest.param("msgspec==0.0.1", False, id="another version"),
        pytest.param(f"msgspec=={version('msgspec')}", True, id="the version of the lock"),
        pytest.param("no-such-package==1.0", True, id="what this Python does without"),
    ],
)
def test_an_embedded_engine_depends_on_what_is_installed(
    folder: Path, locked: str, same: bool
) -> None:
    lock = f"{locked} \\\n    --hash=sha256:00\n"
    (folder / "requirements.lock").write_text(lock, encoding="utf-8")
    embedded = engine_digest(engine_entry(folder))
    own = engine_digest(engine_entry(folder, embedded=False))
    assert (embedded == own) is same


def test_the_snapshot_of_the_sdk_is_made_once_and_holds_nothing_else(tmp_path: Path) -> None:
    first = snapshot_sdk(tmp_path)
    made = first.stat().st_mtime_ns
    assert snapshot_sdk(tmp_path) == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in first.iterdir()] == ["dalston_sdk"]
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    copied = digest_files(source_files(first / "dalston_sdk"))
    assert copied == digest_files(source_files(sdk_folder()))
    assert copied.startswith(first.name)
