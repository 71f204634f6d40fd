"""Commands with a store at an address: shards, Dask's workers, what is shown and removed."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Done, Shell
from tests.support.dask_cluster import DaskCluster, shell_at
from tests.support.pipeline_home import write_recording
from tests.support.remote_stores import BUCKET, KEY

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.records.journal import JOURNAL_NAME
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import store_of

NUM_RECORDINGS = 6
WORDS = ("transcribe", "in", "-o", "out", "-f", "txt,json", "--model", "speech")

Machine = Callable[[str], Shell]


@pytest.fixture
def machine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, bucket: str
) -> Iterator[Machine]:
    """Make machines with the same recordings and a store; they end with the test."""
    opened: list[Iterator[Shell]] = []

    def make(name: str) -> Shell:
        folder = tmp_path / name
        folder.mkdir()
        opened.append(shell_at(folder, tmp_path_factory.mktemp(name)))
        shell = next(opened[-1])
        del shell.environ["DALSTON_OFFLINE"]
        shell.environ |= {
            "DALSTON_STORE": f"{bucket}/results",
        }
        for number in range(NUM_RECORDINGS):
            write_recording(shell.work / "in" / f"{number}.wav", seed=number)
        return shell

    yield make
    for each in opened:
        next(each, None)


def num_requests(tmp_path: Path) -> int:
    """Return the number of requests to engines, as the journals of all machines know them."""
    number = 0
    for journal in tmp_path.glob(f"*/state/{JOURNAL_NAME}"):
        with closing(sqlite3.connect(journal)) as connection:
            number += connection.execute("SELECT count(*) FROM attempts").fetchone()[0]
    return number


def objects() -> list[str]:
    found: list[str] = store_of(Address(f"s3://{BUCKET}")).system.find(f"{BUCKET}/results")
    return found


def data(done: Done) -> Any:
    assert done.code == ExitCode.OK, done.err
    return json.loads(done.out.splitlines()[-1])["data"]


def row(shell: Shell, what: str) -> dict[str, Any]:
    [found] = [one for one in data(shell.call("store", "du", "--json")) if one["what"] == what]
    return dict(found)


def test_shards_fill_one_store_that_the_whole_run_finds(machine: Machine, tmp_path: Path) -> None:
    shells = [machine(f"m{number}") for number in (1, 2)]
    running = [
        shell.start(*WORDS, "--shard", f"{number}/2", "--json")
        for number, shell in enumerate(shells, 1)
    ]
    for process in running:
        process.communicate(timeout=200)
    assert [process.returncode for process in running] == [0, 0]
    assert num_requests(tmp_path) == NUM_RECORDINGS

    every = machine("m3").run(*WORDS, "--json")

    assert data(every)["counts"] == {"done": NUM_RECORDINGS}
    assert num_requests(tmp_path) == NUM_RECORDINGS
    assert row(shells[0], "results")["number"] == 2 * NUM_RECORDINGS


@pytest.mark.slow  # two runs at once, one with a cluster
def test_workers_of_dask_share_the_store(machine: Machine, tmp_path: Path, bucket: str) -> None:
    """With a run on this machine beside them: each stage is done once."""
    one, other = machine("m1"), machine("m2")
    beside = other.start(*WORDS, "--json")
    done = one.run(*WORDS, "--json", "--runner", "dask", "--replicas", "2")
    beside.communicate(timeout=200)
    assert (done.code, beside.returncode) == (0, 0), done.err
    assert num_requests(tmp_path) == NUM_RECORDINGS
    assert [name for name in objects() if not name.endswith(".json")] == []
    for number in range(NUM_RECORDINGS):
        texts = {(shell.work / "out" / f"{number}.txt").read_bytes() for shell in (one, other)}
        assert len(texts) == 1
    assert KEY.encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "m1" / "state").rglob("*") if path.is_file()
    )


@pytest.mark.slow  # a cluster, with one worker after the other
async def test_workers_need_no_folder_of_the_commands(
    machine: Machine, tmp_path: Path, bucket: str
) -> None:
    """A store at an address is all that they share, and one that finds another is told."""
    shell = machine("m1")
    (tmp_path / "dask").mkdir()
    cluster = DaskCluster(tmp_path / "dask", shell.environ)
    own = {"DALSTON_STATE_DIR": str(tmp_path / "of the worker")}
    elsewhere = own | {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    try:
        await cluster.start(0)
        cluster.add_worker(environ=elsewhere)
        words = (*WORDS, "--runner", "dask", "--scheduler", cluster.address)
        refused = shell.run(*words)
        assert refused.code == ExitCode.UNAVAILABLE
        assert f"the store of results {bucket}/results cannot be used" in refused.err
        cluster.workers[0].terminate()
        cluster.wait_for_workers_to_end()

        cluster.add_worker(environ=own)
        done = shell.run(*words)
    finally:
        cluster.close()

    assert done.code == 0, done.err
    assert num_requests(tmp_path) == NUM_RECORDINGS
    assert len([name for name in objects() if name.endswith(".json")]) == 2 * NUM_RECORDINGS
    assert not (tmp_path / "of the worker" / "store").exists()
    assert KEY not in done.err + refused.err + cluster.log()


def test_what_is_kept_is_shown_and_removed(machine: Machine, tmp_path: Path, bucket: str) -> None:
    shell = machine("m1")
    assert shell.run(*WORDS).code == ExitCode.OK
    kept = row(shell, "results")
    assert (kept["place"], kept["number"]) == (f"{bucket}/results", 2 * NUM_RECORDINGS)
    assert kept["size_bytes"] > 0
    assert row(shell, "copies of results")["size_bytes"] > 0

    [gone] = data(shell.call("store", "forget", "in/1.wav", "-y", "--json"))
    assert (gone["num_results"], gone["removed"]) == (2, True)
    assert row(shell, "results")["number"] == 2 * NUM_RECORDINGS - 2
    copies = list((tmp_path / "m1" / "cache" / "results").rglob("*.json"))
    assert len(copies) == 2 * NUM_RECORDINGS - 2
    assert shell.run(*WORDS).code == ExitCode.OK
    assert num_requests(tmp_path) == NUM_RECORDINGS, "the journal forgot one, and has a new one"

    assert not (tmp_path / "m1" / "state" / "store").exists()
    there = shell.call("store", "prune", "--max-size", "0", "-y", "--json")
    assert data(there)["num_results"] == 2 * NUM_RECORDINGS
    assert objects() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("results", "is no address"),
        ("https://example.org/results", "is no address at which results can be kept"),
        ("sftp://ada:open-sesame@host/results", "has a password, which settings must not"),
        ("s3://key:open-sesame@talks/results", "has a password, which settings must not"),
    ],
)
def test_what_is_no_place_for_results_is_refused(machine: Machine, given: str, words: str) -> None:
    shell = machine("m1")
    for command in (WORDS, ("plan", "in"), ("store", "du")):
        done = shell.call(*command, "--store", given)
        assert (done.code, words in done.err) == (ExitCode.USAGE, True), done.err
        assert "open-sesame" not in done.err


def test_offline_is_no_place_to_reach(machine: Machine, bucket: str) -> None:
    done = machine("m1").call(*WORDS, "--offline")
    assert (done.code, f"{bucket}/results is on another machine" in done.err) == (2, True)
