"""``launchers.diagnosis`` with real engines: fit, failed, and what cannot be started or read."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import FAKE, EngineHome, engine_entry
from tests.support.waiting import eventually

from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.diagnosis import (
    DiagnosisContext,
    EngineDiagnosis,
    diagnose_engine,
    first_unreadable,
)
from dalston_cli.launchers.docker.daemon import DaemonUnavailableError
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.remote.launcher import RemoteEngine
from dalston_cli.launchers.survey import survey_engines

GPU = Gpu(index=0, name="Any", vram_mb=8_000)


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def without_docker(error: EngineUnavailableError) -> None:
    assert isinstance(error, DaemonUnavailableError)


def diagnose(
    home: EngineHome,
    has: tuple[Gpu, ...] = (),
    *,
    launchers: Launchers | None = None,
    engine: dict[str, Any] | None = None,
    **settings: Any,
) -> EngineDiagnosis:
    where = DiagnosisContext(
        launchers=launchers or home.launchers,
        machine=Machine(cpus=2, ram_mb=4_000, gpus=has),
        models_dir=home.locations.models,
        **settings,
    )
    entry = engine_entry(FAKE, **(engine or {}))
    return diagnose_engine(entry, where, on_problem=without_docker)


def failures(diagnosis: EngineDiagnosis) -> dict[str, str]:
    return {one.name: one.message for one in diagnosis.findings if one.status == "fail"}


def test_an_engine_that_does_not_run_is_fit(home: EngineHome) -> None:
    found = diagnose(home)
    assert (found.launcher, found.devices, found.built) == ("local", ("cpu",), True)
    assert [one.name for one in found.findings] == [
        *("device", "launcher", "built", "running", "weights")
    ]
    assert not failures(found)


async def has_failed(home: EngineHome) -> bool:
    states = await survey_engines([home.local])
    return [state.state for state in states] == ["failed"]


def test_an_engine_that_lost_its_device_is_told(home: EngineHome) -> None:
    lost = home.folder / "lost"

    async def start() -> None:
        async with Pool(home.launchers) as pool:
            await pool.acquire(home.spec({"DEVICE_LOST_BY": str(lost)}))

    async def lose() -> None:
        lost.touch()
        await eventually(partial(has_failed, home))

    asyncio.run(start())
    before = diagnose(home)
    asyncio.run(lose())
    after = diagnose(home)
    assert [state.state for state in before.running] == ["ready"]
    assert failures(before) == {}
    assert failures(after) == {"running": "local 0 on cpu: failed, the fake device is lost"}
    [finding] = [one for one in after.findings if one.status == "fail"]
    assert finding.hint == "start it anew: dalston engines restart fake"


@pytest.mark.parametrize(
    ("has", "settings", "engine", "failed"),
    [
        pytest.param((), {"device": "cuda"}, {}, "device", id="no GPU"),
        pytest.param((GPU,), {"device": "cuda"}, {}, "device", id="engine without GPU"),
        pytest.param(
            (GPU,), {"gpus": (0, 1)}, {"devices": ["cpu", "cuda"]}, "device", id="no such GPU"
        ),
    ],
)
def test_a_device_that_cannot_be_had(
    home: EngineHome,
    has: tuple[Gpu, ...],
    settings: dict[str, Any],
    engine: dict[str, Any],
    failed: str,
) -> None:
    found = diagnose(home, has, engine=engine, **settings)
    assert list(failures(found)) == [failed]
    assert (found.devices, found.built) == ((), False)


def test_every_gpu_of_a_list_is_named(home: EngineHome) -> None:
    both = (GPU, Gpu(index=1, name="Other", vram_mb=8_000))
    found = diagnose(home, both, engine={"devices": ["cpu", "cuda"]}, gpus=(1, 0))
    assert found.devices == ("cuda:0", "cuda:1")


def test_a_remote_engine_that_does_not_answer(home: EngineHome) -> None:
    remotes = {"fake": (RemoteEngine(url="http://127.0.0.1:9"),)}
    found = diagnose(home, launchers=home.make_launchers(remotes=remotes))
    assert found.launcher == "remote"
    [problem] = failures(found).values()
    assert "unreachable" in problem
    assert "weights" not in {one.name for one in found.findings}


@pytest.mark.parametrize(
    ("path", "mode", "found"),
    [
        pytest.param("model/weights.bin", 0o644, None, id="all readable"),
        pytest.param("model/weights.bin", 0o640, "model/weights.bin", id="a file"),
        pytest.param("model", 0o744, "model", id="a folder that cannot be entered"),
        pytest.param("", 0o700, "", id="the folder itself"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, path: str, mode: int, found: str | None) -> None:
    folder = tmp_path / "engine"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "weights.bin").write_bytes(b"0")
    for each in (folder, folder / "model"):
        each.chmod(0o755)
    (folder / path).chmod(mode)
    expected = None if found is None else folder / found
    assert first_unreadable(folder, by_every_user=True) == expected
    assert first_unreadable(folder, by_every_user=False) is None
