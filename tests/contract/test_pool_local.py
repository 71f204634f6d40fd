"""Local engines and what is left on the disk: real processes, stale files, private folders."""

import asyncio
import json
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from tests.support.launching import EngineHome, engine_entry, finish
from tests.support.waiting import eventually

from dalston_cli.launchers.base import Address, Preparation
from dalston_cli.launchers.contact import ask_health
from dalston_cli.launchers.failure import (
    EngineProtocolError,
    EngineSilentError,
    LockMissingError,
    NoLogError,
)
from dalston_cli.launchers.folder import RuntimeFolderError
from dalston_cli.launchers.local.environment import EnvironmentMissingError
from dalston_cli.launchers.local.launcher import EngineStartError, LocalLauncher
from dalston_cli.launchers.local.process import ProcessIdentity, identify, is_running
from dalston_cli.launchers.local.record import InstanceRecord, process_of
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.pool import Pool


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def leave_behind(home: EngineHome, name: str, process: ProcessIdentity) -> Path:
    """A runtime folder as a dead engine leaves it."""
    folder = home.locations.runtime / name
    folder.mkdir(parents=True)
    home.locations.runtime.chmod(0o700)
    InstanceRecord(
        engine="fake",
        fingerprint="ab" * 32,
        replica=0,
        device="cpu",
        started_at=datetime.now(UTC),
        process=process,
        log=home.folder / "a.log",
    ).write(folder)
    (folder / "engine.sock").touch()
    return folder


def socket_of(home: EngineHome) -> Path:
    [instance] = home.local.find()
    assert instance.address.socket is not None
    return instance.address.socket


async def is_busy(socket: Path) -> bool:
    return (await ask_health(Address(socket=socket))).running > 0


async def test_an_engine_sees_no_secrets_and_lies_in_private_folders(
    home: EngineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    entry = engine_entry(secrets=("ANTHROPIC_API_KEY",))
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec(engine=entry))
    [instance] = home.local.find()
    process = psutil.Process(process_of(instance).pid)
    found = process.environ()

    assert {name for name, value in found.items() if value == "secret"} == {"ANTHROPIC_API_KEY"}
    assert found["HF_HUB_OFFLINE"] == "1"
    assert instance.address.socket is not None
    folder = instance.address.socket.parent
    assert process.cwd() == str(folder)
    for path in (home.locations.runtime, folder, folder / "engine.sock"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


async def test_a_record_of_a_pid_that_is_somebody_elses_now_is_dropped(home: EngineHome) -> None:
    us = identify(os.getpid())
    assert us is not None
    folder = leave_behind(home, "fake-abababab-0", ProcessIdentity(pid=us.pid, started=1.0))
    assert home.local.find() == []
    assert not folder.exists()
    assert is_running(us)


async def test_a_young_folder_without_a_record_is_left_to_its_maker(home: EngineHome) -> None:
    folder = home.locations.runtime / "fake-abababab-0"
    folder.mkdir(parents=True, mode=0o700)
    home.locations.runtime.chmod(0o700)
    assert home.local.find() == []
    assert folder.exists()
    os.utime(folder, (0, 0))
    assert home.local.find() == []
    assert not folder.exists()


def test_what_else_lies_in_the_runtime_folder_is_left_alone(home: EngineHome) -> None:
    theirs = home.locations.runtime / "holiday-photos"
    theirs.mkdir(parents=True)
    home.locations.runtime.chmod(0o700)
    os.utime(theirs, (0, 0))
    assert home.local.find() == []
    assert theirs.exists()


def test_what_a_killed_removal_left_is_removed(home: EngineHome) -> None:
    folder = home.locations.runtime / ".old-fake-abababab-0-12-34"
    folder.mkdir(parents=True)
    home.locations.runtime.chmod(0o700)
    os.utime(folder, (0, 0))
    assert home.local.find() == []
    assert list(home.locations.runtime.iterdir()) == []


async def test_an_engine_killed_by_the_system_leaves_no_folder(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec())
    [instance] = home.local.find()
    os.kill(process_of(instance).pid, signal.SIGKILL)
    await eventually(lambda: home.local.state(instance).state == "exited")
    end = home.local.state(instance)
    assert (end.exit_code, end.memory_short) == (-signal.SIGKILL, False)
    assert home.local.find() == []
    assert list(home.locations.runtime.iterdir()) == []


async def test_stopping_lets_running_work_finish(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        handle = await pool.acquire(home.spec({"RUN_S": "0.8"}))
        work = asyncio.create_task(finish(handle, home.audio))
        await eventually(lambda: is_busy(socket_of(home)))
        [instance] = home.local.find()
        await asyncio.to_thread(home.local.stop, instance, timeout_s=20)
        await work
    assert home.processes() == []
    assert list(home.locations.runtime.iterdir()) == []


async def test_stopping_ends_what_does_not_answer(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec())
    [instance] = home.local.find()
    os.kill(process_of(instance).pid, signal.SIGSTOP)
    await asyncio.to_thread(home.local.stop, instance, timeout_s=0.2)
    assert home.processes() == []
    assert list(home.locations.runtime.iterdir()) == []


async def test_an_engine_that_is_not_ready_in_time_is_ended(home: EngineHome) -> None:
    limits = PoolLimits(start_timeout_s=0.3)
    async with Pool(home.launchers, limits=limits) as pool:
        with pytest.raises(EngineSilentError, match=r"was not ready after 0\.3 s"):
            await pool.acquire(home.spec({"START_S": "60"}))
    assert home.processes() == []


async def test_an_engine_of_another_protocol_is_explained_and_ended(home: EngineHome) -> None:
    async with Pool(home.launchers) as pool:
        with pytest.raises(EngineProtocolError, match="do not understand each other"):
            await pool.acquire(home.spec({"PROTOCOL": "99"}))
    assert home.processes() == []


async def test_logs_can_be_read_after_the_end(home: EngineHome) -> None:
    local = home.local
    with pytest.raises(NoLogError, match="fake has no log"):
        local.logs("fake", lines=5, follow=False)
    async with Pool(home.launchers) as pool:
        await pool.acquire(home.spec())
    [instance] = local.find()
    await asyncio.to_thread(local.stop, instance, timeout_s=10)
    lines = list(local.logs("fake", lines=50, follow=False))
    assert any("listens on" in line for line in lines)
    assert local.tail(instance, lines=50) == lines


def test_a_runtime_folder_of_others_is_not_used(home: EngineHome) -> None:
    home.locations.runtime.mkdir(mode=0o755)
    for action in (home.local.find, home.local.exclusive().__enter__):
        with pytest.raises(RuntimeFolderError, match="can be entered by others"):
            action()
    home.locations.runtime.chmod(0o700)


def test_a_path_that_is_too_long_starts_nothing(home: EngineHome) -> None:
    home.locations = replace(home.locations, runtime=home.folder / ("x" * 100))
    with pytest.raises(RuntimeFolderError, match="is too long"):
        LocalLauncher(home.locations).start(home.spec(), replica=0)


def test_a_number_in_use_is_passed_over(home: EngineHome) -> None:
    local = home.local
    first = local.start(home.spec(), replica=0)
    second = local.start(home.spec(), replica=0)
    assert (first.replica, second.replica) == (0, 1)
    assert first.address != second.address


def test_what_cannot_be_started_is_explained(home: EngineHome) -> None:
    entry = engine_entry(embedded=False)
    with pytest.raises(EngineStartError, match="its environment is not built"):
        home.local.start(home.spec(engine=entry), replica=0)
    assert list(home.locations.runtime.iterdir()) == []


def test_offline_nothing_is_built(home: EngineHome) -> None:
    spec = home.spec(engine=engine_entry(embedded=False))
    lines: list[str] = []
    with pytest.raises(EnvironmentMissingError, match="--offline forbids"):
        LocalLauncher(home.locations, offline=True).prepare(spec, Preparation(lines.append))
    assert lines == []


def test_an_engine_without_a_lock_is_explained(home: EngineHome) -> None:
    entry = engine_entry(embedded=False).replaced(folder=home.folder)
    with pytest.raises(LockMissingError, match=r"no requirements\.lock"):
        home.local.prepare(home.spec(engine=entry), Preparation(print))


def test_the_record_names_process_and_log(home: EngineHome) -> None:
    instance = home.local.start(home.spec(), replica=0)
    assert instance.address.socket is not None
    record = json.loads((instance.address.socket.parent / "instance.json").read_bytes())
    assert record["pid"] == process_of(instance).pid
    assert Path(record["log"]).name.endswith(f"-{record['pid']}.log")
    assert record["fingerprint"] == instance.fingerprint
