"""Workers that cannot work for a command: named, with the reason, before anything is lost."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.dask_cluster import DaskCluster, cluster_of, shell_at
from tests.support.pipeline_home import write_recording
from tests.support.waiting import eventually

from dalston_cli import __version__
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.runners.dask import cluster as dask_cluster
from dalston_cli.pipeline.runners.dask import connection
from dalston_cli.pipeline.runners.dask.errors import SchedulerUnreachableError

pytestmark = pytest.mark.slow  # a cluster of several processes

WORDS = ("transcribe", "in", "-o", "out", "--model", "speech", "-f", "txt", "--runner", "dask")
NAMESPACE = ("unshare", "--mount") + (() if os.geteuid() == 0 else ("--map-root-user",))


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    yield from shell_at(tmp_path, tmp_path_factory.mktemp("r"))


@pytest.fixture
def cluster(shell: Shell, tmp_path: Path) -> Iterator[DaskCluster]:
    yield from cluster_of(shell, tmp_path)


@pytest.fixture(autouse=True)
def recording(shell: Shell) -> Path:
    return write_recording(shell.work / "in" / "n.wav", seconds=1.0)


def can_mount() -> bool:
    tried = subprocess.run(
        [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


needs_mounts = pytest.mark.skipif(not can_mount(), reason="unshare cannot mount another disk here")


def without_sight_of(folder: Path, *, instead: Path | None = None) -> tuple[str, ...]:
    """Return what starts a program on a machine that has something else in a folder."""
    what = f"--bind '{instead}'" if instead else "-t tmpfs none"
    return *NAMESPACE, "sh", "-c", f"mount {what} '{folder}' && exec \"$@\"", "sh"


async def test_a_worker_of_another_version_is_refused(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    (tmp_path / "older.py").write_text("import dalston_cli\ndalston_cli.__version__ = '0.0.9'\n")
    await cluster.start(0)
    cluster.add_worker("--preload", str(tmp_path / "older.py"))
    done = shell.run(*WORDS, "--scheduler", cluster.address)

    assert done.code == ExitCode.UNAVAILABLE
    assert f"has Dalston 0.0.9, and this is {__version__}" in done.err
    assert f"pip install 'dalston[dask]=={__version__}'" in done.err
    assert not (shell.work / "out").exists() or not list((shell.work / "out").iterdir())

    cluster.add_worker()
    await eventually(lambda: cluster.log().count("Registered to") >= 2, timeout_s=120)
    both = shell.run(*WORDS, "--scheduler", cluster.address)

    assert both.code == ExitCode.OK, both.err
    assert "has Dalston 0.0.9" in both.err
    assert "it is given no work" in both.err
    assert (shell.work / "out" / "n.txt").exists()


@needs_mounts
async def test_a_worker_that_does_not_share_the_store_is_refused(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    await cluster.start(1, through=without_sight_of(state))
    done = shell.run(*WORDS, "--scheduler", cluster.address)

    assert done.code == ExitCode.UNAVAILABLE
    assert f"does not see the command's folder of results, {state}" in done.err
    assert "DALSTON_STATE_DIR" in done.err


@needs_mounts
async def test_a_worker_with_other_bytes_is_passed_over(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    write_recording(tmp_path / "others" / "n.wav", seconds=1.0, seed=9)
    blind = without_sight_of(shell.work / "in", instead=tmp_path / "others")
    await cluster.start(1, through=blind)
    alone = shell.run(*WORDS, "--scheduler", cluster.address)

    assert alone.code == ExitCode.UNAVAILABLE
    assert f"sees other bytes in {shell.work}/in/n.wav than the command does" in alone.err
    assert not (shell.work / "out" / "n.txt").exists()

    cluster.add_worker()
    for number in range(4):
        write_recording(shell.work / "in" / f"m{number}.wav", seconds=1.0, seed=20 + number)
    both = shell.run(*WORDS, "--scheduler", cluster.address)
    assert both.code == ExitCode.OK, both.err
    assert len(list((shell.work / "out").glob("*.txt"))) == 5


def test_a_cluster_without_workers_or_scheduler_is_said(
    shell: Shell, cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands in this process, which have seconds of patience instead of half a minute."""
    monkeypatch.setattr(connection, "_CONNECT_S", 2)
    monkeypatch.setattr(dask_cluster, "_FIRST_WORKER_S", 2)
    nowhere = shell.call(*WORDS, "--scheduler", "tcp://127.0.0.1:9")
    assert nowhere.code == ExitCode.UNAVAILABLE
    assert "no scheduler of Dask answers at tcp://127.0.0.1:9" in nowhere.err

    asyncio.run(cluster.start(0))
    done = shell.call(*WORDS, "--scheduler", cluster.address)
    assert done.code == ExitCode.UNAVAILABLE
    assert f"the scheduler at {cluster.address} has no worker" in done.err
    assert f"dask worker {cluster.address} --nthreads 2" in done.err


@pytest.mark.parametrize("library", ["distributed", "cryptography"])
def test_a_missing_library_is_said_with_the_command_to_install_it(
    shell: Shell, library: str
) -> None:
    program = (
        f"import sys; sys.modules['{library}'] = None\n"
        "from dalston_cli.app import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *WORDS],
        cwd=shell.work,
        env=shell.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == ExitCode.UNAVAILABLE, done.stderr
    assert f"--runner dask needs the library {library}" in done.stderr
    assert f"-m pip install 'dalston[dask]=={__version__}'" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--scheduler", "tcp://h:1", "--device", "cuda:1"),
            "each worker says itself which GPU it has",
        ),
        (("--scheduler", "somewhere"), "should be the address of a scheduler"),
        (("--scheduler", "http://h:80"), "should be the address of a scheduler"),
    ],
)
def test_options_that_workers_cannot_have_are_refused(
    shell: Shell, words: tuple[str, ...], message: str
) -> None:
    done = shell.call(*WORDS, *words)
    assert done.code == ExitCode.USAGE
    assert message in done.err


@pytest.mark.parametrize("words", [(), ("--scheduler", "tcp://127.0.0.1:9")])
def test_a_damaged_file_of_dask_s_settings_is_named(
    shell: Shell, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask" / "own.yaml").write_text("a: [b\n")
    done = shell.run(*WORDS, *words, environ={"DASK_CONFIG": str(tmp_path / "dask")})
    assert done.code == ExitCode.CONFIGURATION
    assert f"'{tmp_path}/dask/own.yaml' is malformed" in done.err
    assert "Traceback" not in done.err


def test_a_connection_without_encryption_is_refused_where_dask_wants_it(shell: Shell) -> None:
    wanted = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}
    done = shell.run(*WORDS, "--scheduler", "tcp://127.0.0.1:9", environ=wanted)
    assert done.code == ExitCode.UNAVAILABLE
    assert "encryption required by Dask configuration" in done.err


async def test_what_is_silent_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_ANSWER_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        async with AsyncExitStack() as stack:
            with pytest.raises(SchedulerUnreachableError, match="says nothing within 2 s"):
                await connection.connect(stack, address)
