"""An engine in an environment of its own: built once by uv, isolated, repaired, removed."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import uv
from tests.support.launching import FAKE, EngineHome, engine_entry, finish, pass_over

from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.control import EngineRunningError, remove_engine
from dalston_cli.launchers.diagnosis import DiagnosisContext, diagnose_engine
from dalston_cli.launchers.local.environment import EnvironmentBuildError, EnvironmentStore
from dalston_cli.launchers.pool.pool import Pool

pytestmark = pytest.mark.network
SDK_NEEDS = "msgspec\nnumpy\npython-multipart\nstarlette\nuvicorn\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> EngineEntry:
    """The fake engine with a lock of what the SDK imports, so that it needs an environment."""
    folder = tmp_path_factory.mktemp("engines") / "fake"
    shutil.copytree(FAKE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.in").write_text(SDK_NEEDS, encoding="utf-8")
    subprocess.run(
        [
            *(uv.find_uv_bin(), "pip", "compile", "--quiet", "--generate-hashes"),
            *("requirements.in", "-o", "requirements.lock"),
        ],
        cwd=folder,
        check=True,
        timeout=300,
    )
    return engine_entry(folder, embedded=False)


@pytest.fixture(scope="module")
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


@pytest.fixture
def built(home: EngineHome, engine: EngineEntry) -> Path:
    """The interpreter of the engine's environment."""
    return EnvironmentStore(home.locations.cache).ensure(engine, Preparation(print))


def can_import(python: Path, module: str, environ: dict[str, str]) -> bool:
    command = [str(python), "-c", f"import {module}"]
    return subprocess.run(command, env=environ, capture_output=True, check=False).returncode == 0


def test_many_at_once_build_one_environment(home: EngineHome, engine: EngineEntry) -> None:
    def build(_: int) -> tuple[Path, list[str]]:
        lines: list[str] = []
        store = EnvironmentStore(home.locations.cache)
        return store.ensure(engine, Preparation(lines.append)), lines

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(build, range(4)))

    assert len({python for python, _ in results}) == 1
    waiting = ["waiting for another process's build"]
    [told] = [lines for _, lines in results if lines not in ([], waiting)]
    assert any("msgspec" in line for line in told)
    place = EnvironmentStore(home.locations.cache).place(engine)
    assert sorted(path.name for path in place.iterdir()) == ["complete.json", "environment"]
    assert [path.name for path in place.parent.iterdir()] == [place.name]


async def test_an_engine_runs_in_it_and_sees_the_sdk_only(
    home: EngineHome, engine: EngineEntry, built: Path
) -> None:
    async with Pool(home.make_launchers(offline=True)) as pool:
        handle = await pool.acquire(home.spec(engine=engine))
        await finish(handle, home.audio)
        [health] = await handle.health()
        with pytest.raises(EngineRunningError, match="fake is running"):
            remove_engine(home.launchers, "fake", on_problem=pass_over)
    process = psutil.Process(health.pid)
    assert process.cmdline()[0] == str(built)
    environ = process.environ()
    modules = ("dalston_sdk", "msgspec", "dalston_cli", "typer", "pytest")
    found = [name for name in modules if can_import(built, name, environ)]
    assert found == ["dalston_sdk", "msgspec"]


@pytest.mark.parametrize("lost", ["environment/bin/python", "complete.json"])
def test_a_broken_environment_is_built_anew(
    home: EngineHome, engine: EngineEntry, built: Path, lost: str
) -> None:
    store = EnvironmentStore(home.locations.cache)
    (store.place(engine) / lost).unlink()
    assert store.python(engine) is None
    lines: list[str] = []
    assert store.ensure(engine, Preparation(lines.append)) == built
    assert lines
    assert subprocess.run([built, "-c", "import msgspec"], check=False).returncode == 0


def test_environments_share_their_files_with_uv_s_cache(built: Path) -> None:
    [module] = built.parents[1].rglob("msgspec/__init__.py")
    assert module.stat().st_nlink > 1


SHM = Path("/dev/shm")


@pytest.mark.skipif(not SHM.is_dir(), reason="no second disk is known to be there")
@pytest.mark.parametrize("is_named", [False, True], ids=["uv's usual cache", "the user's cache"])
def test_a_cache_on_another_disk_is_told(
    engine: EngineEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_named: bool
) -> None:
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    if is_named:
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    folder = shutil.copytree(engine.folder, tmp_path / "fake")
    lock = (folder / "requirements.lock").read_text(encoding="utf-8")
    [small] = re.findall(r"^msgspec==.*\n(?: +.*\n)+", lock, re.MULTILINE)
    (folder / "requirements.lock").write_text(small, encoding="utf-8")
    lines: list[str] = []
    with tempfile.TemporaryDirectory(dir=SHM) as cache:
        store = EnvironmentStore(Path(cache))
        python = store.ensure(engine_entry(folder, embedded=False), Preparation(lines.append))
        [module] = python.parents[1].rglob("msgspec/__init__.py")
        assert (module.stat().st_nlink == 1) is is_named
        assert (Path(cache) / "uv").is_dir() is not is_named
    assert any("uv's cache " in line and "is on another disk" in line for line in lines)


def test_a_changed_lock_is_another_environment(home: EngineHome, engine: EngineEntry) -> None:
    store = EnvironmentStore(home.locations.cache)
    before = store.place(engine)
    lock = engine.folder / "requirements.lock"
    content = lock.read_bytes()
    try:
        lock.write_bytes(content + b"# changed\n")
        assert store.place(engine) != before
    finally:
        lock.write_bytes(content)


def test_a_wrong_hash_is_refused_and_leaves_nothing(home: EngineHome, tmp_path: Path) -> None:
    lock = f"msgspec==0.19.0 \\\n    --hash=sha256:{'0' * 64}\n"
    (tmp_path / "requirements.lock").write_text(lock, encoding="utf-8")
    wrong = engine_entry(embedded=False, name="wrong").replaced(folder=tmp_path)
    store = EnvironmentStore(home.locations.cache)
    with pytest.raises(EnvironmentBuildError, match=r"(?i)hash mismatch") as caught:
        store.ensure(wrong, Preparation(print))
    assert "uv ended with code 1" in caught.value.message
    assert "dalston engines start wrong" in (caught.value.hint or "")
    assert list(store.place(wrong).iterdir()) == []


def test_removing_frees_everything(home: EngineHome, engine: EngineEntry, built: Path) -> None:
    for instance in home.local.find():
        home.local.stop(instance, timeout_s=10)
    removed = remove_engine(home.launchers, "fake", on_problem=pass_over)
    assert [place.name for place in removed.environments] == [
        EnvironmentStore(home.locations.cache).place(engine).name
    ]
    assert removed.num_logs == 1
    assert not os.path.lexists(built)
    assert EnvironmentStore(home.locations.cache).python(engine) is None


def doctored(
    home: EngineHome, engine: EngineEntry, *, offline: bool = False
) -> dict[str, tuple[str, str]]:
    """Each finding of ``engines doctor`` with its status, for processes of this machine."""
    context = DiagnosisContext(
        launchers=home.make_launchers(requested="local", offline=offline),
        machine=Machine(cpus=2, ram_mb=4_000),
        models_dir=home.locations.models,
    )
    found = diagnose_engine(engine, context, on_problem=pass_over)
    return {one.name: (one.status, one.message) for one in found.findings}


def test_the_doctor_calls_only_that_fit_which_can_be_built(
    engine: EngineEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = EngineHome()
    try:
        later = ("ok", "not yet; that happens when it first starts")
        assert doctored(home, engine)["built"] == later
        offline = doctored(home, engine, offline=True)
        reason = "it cannot be: its environment is not built, and --offline forbids building it"
        assert offline["built"] == ("fail", reason)

        shutil.copytree(engine.folder, tmp_path / "fake")
        lock = tmp_path / "fake" / "requirements.lock"
        lock.write_text(lock.read_text(encoding="utf-8").replace("msgspec==", "msgspec==99"))
        other = doctored(home, engine_entry(tmp_path / "fake", embedded=False))
        assert other["built"][0] == "fail"
        assert "there is no version of msgspec==99" in other["built"][1]

        monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
        monkeypatch.setenv("UV_NO_CACHE", "1")
        status, message = doctored(home, engine)["built"]
        assert status == "fail"
        assert "http://127.0.0.1:9/simple" in message
        assert not home.locations.cache.exists(), "nothing was built"
    finally:
        home.close()
