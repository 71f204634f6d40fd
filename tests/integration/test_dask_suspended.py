"""Workers of Dask that are suspended: others do their work, within a bounded time."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.kills import slow_fake
from tests.cli.terminal import Shell
from tests.support.dask_cluster import DaskCluster, cluster_of, line_with, shell_at
from tests.support.pipeline_home import write_recording
from tests.support.waiting import eventually

from dalston_cli.errors import ExitCode

pytestmark = pytest.mark.slow  # silence takes its time to be noticed

WORDS = ("transcribe", "in", "-o", "out", "--model", "speech", "-f", "txt", "--runner", "dask")
NUM_RECORDINGS = 6


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    yield from shell_at(tmp_path, tmp_path_factory.mktemp("r"))


@pytest.fixture
def cluster(shell: Shell, tmp_path: Path) -> Iterator[DaskCluster]:
    yield from cluster_of(shell, tmp_path)


@pytest.fixture(autouse=True)
def recordings(shell: Shell) -> None:
    for number in range(NUM_RECORDINGS):
        write_recording(shell.work / "in" / f"{number}.wav", seconds=1.0, seed=number)


async def test_a_worker_that_says_nothing_of_itself_is_given_no_work(
    shell: Shell, cluster: DaskCluster
) -> None:
    await cluster.start(2)
    await eventually(lambda: cluster.log().count("Registered to") >= 2, timeout_s=120)
    cluster.workers[0].send_signal(signal.SIGSTOP)
    done = shell.run(*WORDS, "--scheduler", cluster.address)

    assert done.code == ExitCode.OK, done.err
    assert "says nothing within 30 s" in done.err
    assert "it is given no work" in done.err
    assert len(list((shell.work / "out").glob("*.txt"))) == NUM_RECORDINGS


async def test_the_work_of_a_worker_that_falls_silent_is_done_by_another_one(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    slow_fake(shell, tmp_path, run_s=1.0)
    cluster.environ.update(shell.environ)
    cluster.environ["DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"] = "5s"
    await cluster.start(2)
    await eventually(lambda: cluster.log().count("Registered to") >= 2, timeout_s=120)
    run = shell.start(*WORDS, "--json", "--scheduler", cluster.address)
    assert run.stdout is not None
    with run, run.stdout as out:
        line_with(out, '"stage":"transcribe"')
        cluster.workers[0].send_signal(signal.SIGSTOP)
        lines = out.readlines()

    assert run.returncode == ExitCode.OK
    assert json.loads(lines[-1])["data"]["counts"] == {"done": NUM_RECORDINGS}
    assert any('"worker_lost"' in line for line in lines)
