"""The parts of Dask's runner that need no cluster: claims, places of workers."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.runners.dask import claims
from dalston_cli.pipeline.runners.dask.claims import WorkerClaims, forget_the_dead, lock_file
from dalston_cli.pipeline.runners.dask.errors import work_error
from dalston_cli.pipeline.runners.dask.place import of_worker
from dalston_cli.settings.locations import Locations


@pytest.mark.parametrize(
    ("error", "is_lost", "code"),
    [
        (CommClosedError("in <TCP (closed)>: Stream is closed"), False, "scheduler_lost"),
        (FutureCancelledError("key", "unknown"), False, "work_cancelled"),
        (FutureCancelledError("key", "unknown"), True, "scheduler_lost"),
        (FutureCancelledError("key", "scheduler-connection-lost"), False, "scheduler_lost"),
    ],
)
def test_the_scheduler_s_end_is_told_as_such(error: Exception, is_lost: bool, code: str) -> None:
    found = work_error(error, "a.wav", "tcp://10.0.0.5:8786", is_lost=is_lost)
    assert found.code == code
    assert found.exit_code == ExitCode.UNAVAILABLE


HOLD = """
import sys
from pathlib import Path
from dalston_cli.pipeline.runners.dask.claims import lock_file
assert lock_file(Path(sys.argv[1])) is not None
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_holder_without_a_sign_of_life_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_TOUCH_S", 0.1)
    monkeypatch.setattr(claims, "_SILENT_S", 0.5)
    with claimed_by_another(tmp_path / "key"):
        async with asyncio.timeout(20), WorkerClaims(tmp_path).held("key"):
            assert lock_file(tmp_path / "key") is None, "it still has the claim"
    async with WorkerClaims(tmp_path).held("key"):
        second = asyncio.create_task(holds(tmp_path))
        await asyncio.sleep(1.0)
        assert not second.done(), "who works shows it"
    assert await second


async def holds(folder: Path) -> bool:
    async with WorkerClaims(folder).held("key"):
        return True


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@contextmanager
def claimed_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process claim a result, which shows no sign of life, until the end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def claim_and_die(path: Path) -> None:
    """Have another process claim a result, look that it has it, and kill that process."""
    with claimed_by_another(path) as other:
        assert lock_file(path) is None
        forget_the_dead(path.parent)
        assert path.exists(), "its holder lives"
        other.kill()


async def test_a_claim_of_a_killed_process_is_free(tmp_path: Path) -> None:
    claim_and_die(tmp_path / "key")
    async with WorkerClaims(tmp_path).held("key"):
        assert lock_file(tmp_path / "key") is None
    assert files_in(tmp_path) == []


async def test_one_works_while_others_wait(tmp_path: Path) -> None:
    at_work, most = 0, 0

    async def work() -> None:
        nonlocal at_work, most
        async with WorkerClaims(tmp_path).held("key"):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.01)
            at_work -= 1

    await asyncio.gather(*(work() for _ in range(4)))
    assert most == 1
    assert files_in(tmp_path) == []


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    forget_the_dead(tmp_path)
    assert files_in(tmp_path) == []


async def test_without_a_folder_both_work(tmp_path: Path) -> None:
    async with WorkerClaims(tmp_path / "gone").held("key"):
        assert not (tmp_path / "gone").exists()


def test_workers_of_one_machine_have_engines_of_their_own(tmp_path: Path) -> None:
    names = ("config", "cache", "state", "catalog", "models")
    folders = {name: tmp_path / name for name in names}
    locations = Locations(**folders, runtime=tmp_path / "run")
    first, second = of_worker(locations, "tcp://one"), of_worker(locations, "tcp://two")

    assert first == locations, "the engines that are there without Dask, too"
    assert second.runtime == tmp_path / "run.worker1" / "run"
    assert of_worker(locations, "tcp://two") == second
