"""The stage store on other machines: in a real S3 store, by SFTP, and in memory."""

import json
import logging
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome
from tests.support.remote_stores import BUCKET, KEY, requests_for

from dalston_cli.pipeline.events import StageFinished, WarningRaised
from dalston_cli.pipeline.forecast.report import make_report
from dalston_cli.pipeline.records.result_cache import CACHE_NAME
from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteMissingError
from dalston_cli.pipeline.remote.stores import store_of


@pytest.fixture(scope="module")
def second_home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


@pytest.fixture
def homes(home: PipelineHome, second_home: PipelineHome) -> tuple[PipelineHome, PipelineHome]:
    """Two machines: nothing is one's that the other has."""
    second_home.renew()
    return home, second_home


def objects(below: str = "results") -> dict[str, bytes]:
    """Return what is in the bucket."""
    system = store_of(Address(f"s3://{BUCKET}")).system
    found = system.find(f"{BUCKET}/{below}")
    return {name.removeprefix(f"{BUCKET}/{below}/"): system.cat_file(name) for name in found}


def results() -> list[str]:
    return [name for name in objects() if name.endswith(".json")]


def put(name: str, data: bytes) -> None:
    store_of(Address(f"s3://{BUCKET}")).system.pipe_file(f"{BUCKET}/results/{name}", data)


def warnings(home: PipelineHome, code: str) -> list[str]:
    return [one.message for one in home.of(WarningRaised) if one.code == code]


def transcript(home: PipelineHome, name: str) -> dict[str, Any]:
    """A transcript without what every run says of itself."""
    found: dict[str, Any] = json.loads((home.outputs / f"{name}.json").read_bytes())
    for stage in found["stages"]:
        stage.pop("elapsed_s", None)
        stage.pop("engine_fingerprint", None)
    del found["digest"]  # of all of it
    return found


async def test_what_one_machine_did_another_one_has(
    homes: tuple[PipelineHome, PipelineHome], bucket: str
) -> None:
    first, second = homes
    store = Address(f"{bucket}/results")
    report = await first.run(first.record(2), store=store)
    assert report.counts == {"done": 2}
    assert first.num_engine_runs == 2
    assert len(results()) == 4, "the audio and the text of each"
    assert not list((first.locations.state / "store").rglob("*.json"))

    again = await second.run(second.record(2), store=store)

    assert again.counts == {"done": 2}
    assert second.num_engine_runs == 0
    assert all(one.reused for one in second.of(StageFinished) if one.stage == "transcribe")
    assert transcript(second, "note 00") == transcript(first, "note 00")
    assert [name for name in objects() if not name.endswith(".json")] == [], "claims are let go of"


async def test_results_are_those_of_a_store_here(
    homes: tuple[PipelineHome, PipelineHome], bucket: str
) -> None:
    here, there = homes
    for home, store in ((here, None), (there, Address(f"{bucket}/results"))):
        await home.run(home.record(2), store=store)
    local = here.locations.state / "store"
    stored = sorted(str(path.relative_to(local)) for path in local.rglob("*.json"))
    assert sorted(results()) == stored
    assert transcript(here, "note 01") == transcript(there, "note 01")
    assert (here.outputs / "note 01.txt").read_bytes() == (
        there.outputs / "note 01.txt"
    ).read_bytes()


@pytest.mark.parametrize("damage", [b"", b"\xff", b"torn", b"changed"])
async def test_what_was_torn_or_changed_is_told_and_made_again(
    homes: tuple[PipelineHome, PipelineHome], bucket: str, damage: bytes
) -> None:
    first, second = homes
    store = Address(f"{bucket}/results")
    await first.run(first.record(1), store=store)
    [name] = [name for name, data in objects().items() if b"word0" in data]
    whole = objects()[name]
    put(
        name,
        {b"torn": whole[:-20], b"changed": whole.replace(b"word0", b"theirs")}.get(damage, damage),
    )

    report = await second.run(second.record(1), store=store)

    assert report.counts == {"done": 1}
    assert second.num_engine_runs == 1
    [told] = set(warnings(second, "stored_result_damaged"))
    assert f"{bucket}/results/{name}" in told
    assert b"theirs" not in objects()[name]
    assert transcript(second, "note 00") == transcript(first, "note 00")


async def test_what_was_read_is_not_read_again(
    homes: tuple[PipelineHome, PipelineHome], bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = homes
    caplog.set_level(logging.INFO, "werkzeug")
    store = Address(f"{bucket}/results")
    await first.run(first.record(1), store=store)
    await second.run(second.record(1), store=store)
    caplog.clear()
    await second.run(second.record(1), store=store, formats=("srt",))
    assert [path for path in requests_for(caplog.text, "GET") if ".json" in path] == []
    assert second.num_engine_runs == 0


async def test_a_plan_knows_what_is_stored(
    homes: tuple[PipelineHome, PipelineHome], bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    home, _ = homes
    store = Address(f"{bucket}/results")
    recordings = home.record(2)
    await home.run(recordings[:1], store=store)
    for folder in (home.outputs, home.locations.cache / CACHE_NAME):
        shutil.rmtree(folder)
    caplog.set_level(logging.INFO, "werkzeug")
    caplog.clear()
    report = make_report(recordings, home.options(store=store), home.environment())
    [known, new] = report.recordings
    assert known.done == ("prepare", "transcribe")
    assert new.done == ()
    gets = [path for path in requests_for(caplog.text, "GET") if ".json" in path]
    assert len(gets) == 2, "what the list does not have is not asked for"


async def test_a_store_that_is_missing_ends_the_run_before_it_begins(
    homes: tuple[PipelineHome, PipelineHome], bucket: str
) -> None:
    home, _ = homes
    with pytest.raises(RemoteMissingError, match="s3://nowhere-at-all does not exist"):
        await home.run(home.record(1), store=Address("s3://nowhere-at-all/results"))
    assert home.num_engine_runs == 0


async def test_a_store_that_goes_away_ends_the_run(
    homes: tuple[PipelineHome, PipelineHome], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = homes
    monkeypatch.setattr("dalston_cli.pipeline.remote.patience.PAUSES_S", (0.01,))
    monkeypatch.setattr("dalston_cli.pipeline.session.check_reachable", lambda _: None)
    report = await home.run(home.record(2), store=Address("s3://nowhere-at-all/results"))
    assert report.exit_code == 5
    assert {error.code for error in report.errors} == {"store_unusable"}
    assert KEY not in repr(home.events)


async def test_a_store_without_conditions_is_told_and_used(
    homes: tuple[PipelineHome, PipelineHome], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as an old MinIO: it takes the condition, and writes."""
    home, _ = homes
    system = store_of(Address(bucket)).system
    plain = system.pipe_file
    monkeypatch.setattr(system, "pipe_file", lambda path, data, **_: plain(path, data))
    report = await home.run(home.record(1), store=Address(f"{bucket}/results"))
    assert report.counts == {"done": 1}
    [told] = warnings(home, "no_claims")
    assert f"{bucket}/results knows no conditional writes" in told
    assert [name for name in objects() if not name.endswith(".json")] == []


async def test_a_store_in_memory(homes: tuple[PipelineHome, PipelineHome]) -> None:
    home, other = homes
    stores.forget_all()
    store = Address("memory://results")
    await home.run(home.record(1), store=store)
    await other.run(other.record(1), store=store)
    assert (home.num_engine_runs, other.num_engine_runs) == (1, 0)
    system = store_of(store).system
    system.rm("/results", recursive=True)
    stores.forget_all()
