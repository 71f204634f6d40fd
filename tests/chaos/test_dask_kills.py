"""Workers and schedulers of Dask are killed at any moment, then a plain re-run: nothing is lost.

``scripts/chaos`` does 50 kills; ``make test-all`` a few.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.kills import slow_fake
from tests.cli.terminal import Shell
from tests.support.dask_cluster import DaskCluster, cluster_of, shell_at
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

KILLS = int(os.environ.get("DALSTON_CHAOS_DASK_KILLS", "3"))
SEED = int(os.environ.get("DALSTON_CHAOS_SEED", "10"))
PER_FOLDER = 5
NUM_RECORDINGS = 4
"""New ones for each kill, so that there is always something in work."""

_MOST_EVENTS = 30
_END_S = 300

pytestmark = pytest.mark.slow  # each kill is a run, and often a cluster, of its own


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    yield from shell_at(tmp_path, tmp_path_factory.mktemp("r"))


@pytest.fixture
def cluster(shell: Shell, tmp_path: Path) -> Iterator[DaskCluster]:
    yield from cluster_of(shell, tmp_path)


class Killer:
    """Kills workers, schedulers and commands; the seed decides which, and when.

    Attributes:
        stored: How often the result of a stage of a recording was told to be stored.
        kills: By what was killed.
    """

    def __init__(self, shell: Shell, cluster: DaskCluster, chance: random.Random) -> None:
        self._shell = shell
        self._cluster = cluster
        self._chance = chance
        self.stored: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()

    async def kill_once(self, folder: str) -> None:
        """Begin a run over a folder, kill something, and wait for the end."""
        run = self._shell.start(*self.words(folder))
        assert run.stdout is not None
        lines = [run.stdout.readline() for _ in range(self._chance.randrange(1, _MOST_EVENTS))]
        await asyncio.sleep(self._chance.random() * 0.3)
        kind = self._chance.choice(("worker", "worker", "scheduler", "command"))
        self.kills[kind] += 1
        if kind == "worker":
            worker = self._cluster.workers.pop(self._chance.randrange(2))
            worker.kill()
            worker.wait()
            self._cluster.add_worker()
        elif kind == "scheduler":
            self._cluster.kill_scheduler()
        else:
            run.kill()
        lines += run.stdout.readlines()
        run.stdout.close()
        code = run.wait(_END_S)
        out = "".join(lines)
        self.note(out)
        ends = {ExitCode.OK, ExitCode.UNAVAILABLE} if kind == "scheduler" else {ExitCode.OK}
        assert code in ends or kind == "command", f"{kind} killed: {code}, {out}"
        if kind == "scheduler":
            self._cluster.wait_for_workers_to_end()
            await self._cluster.start(2)

    def words(self, folder: str) -> tuple[str, ...]:
        dask = ("--runner", "dask", "--scheduler", self._cluster.address)
        formats = ("-f", "txt,json", "--json", "--model", "speech")
        return "transcribe", folder, "-o", f"{folder}-out", *formats, *dask

    def note(self, out: str) -> None:
        """Count what was stored, and hold the rest to what it must not be."""
        for event in _events(out):
            done = (event.get("stage"), event.get("status")) == ("transcribe", "done")
            if event.get("event") == "stage_finished" and done and not event.get("reused"):
                self.stored[event["recording"]] += 1
        for word in ("Traceback", "this is a bug", '"bug"', "output_exists"):
            assert word not in out, out


def _events(out: str) -> list[dict[str, Any]]:
    found = []
    for line in out.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # the command was killed while it printed this
    return found


async def test_kills_lose_nothing_and_repeat_nothing(
    shell: Shell, cluster: DaskCluster, tmp_path: Path
) -> None:
    log = slow_fake(shell, tmp_path, run_s=0.4)
    cluster.environ.update(shell.environ)
    await cluster.start(2)
    killer = Killer(shell, cluster, random.Random(SEED))
    num_recordings = 0
    while (left := KILLS - killer.kills.total()) > 0:
        folder, before = f"batch{num_recordings}", num_recordings
        for _ in range(min(left, PER_FOLDER)):
            for _ in range(NUM_RECORDINGS):
                path = shell.work / folder / f"n{num_recordings}.wav"
                write_recording(path, seconds=1.0, seed=num_recordings)
                num_recordings += 1
            await killer.kill_once(folder)
        last = shell.run(*killer.words(folder))
        assert last.code == ExitCode.OK, last.out + last.err
        killer.note(last.out)
        for suffix in ("txt", "json"):
            found = list((shell.work / f"{folder}-out").glob(f"*.{suffix}"))
            assert len(found) == num_recordings - before
    assert {name: count for name, count in killer.stored.items() if count > 1} == {}, "done again"
    ran = log.read_text("utf-8").count("run ")
    at_work = 2 * killer.kills.total()  # an engine each; what it had in work is lost with a kill
    assert num_recordings <= ran <= num_recordings + at_work
    told = f"{num_recordings} recordings, {ran} runs of engines"
    sys.stdout.write(f"dask, seed {SEED}: {dict(killer.kills)}, {told}\n")
