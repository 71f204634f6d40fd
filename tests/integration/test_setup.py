"""``dalston setup``: proposes models for this machine; in scripts it downloads what it is told."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.hub import HubFile, HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_fields, write_catalog
from tests.support.in_process import run_dalston

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.catalog.proposals import propose
from dalston_cli.catalog.sources import HubSource
from dalston_cli.catalog.starter import STARTER
from dalston_sdk.wire import Stage

CATALOG = load_catalog(CatalogPaths.from_environment({}))
LAPTOP = Machine(cpus=4, ram_mb=16_000)
SERVER = Machine(cpus=16, ram_mb=64_000, gpus=(Gpu(index=0, name="H200", vram_mb=140_000),))
TINY = Machine(cpus=1, ram_mb=1_000)
TWO_CORES = Machine(cpus=2, ram_mb=16_000)


@pytest.mark.parametrize("machine", [LAPTOP, SERVER], ids=["laptop", "server"])
def test_one_model_for_each_stage_that_needs_no_terms(machine: Machine) -> None:
    found = propose(CATALOG, machine, ())
    others = [Stage.DIARIZE, Stage.ALIGN]
    assert [one.stage for one in found] == [Stage.TRANSCRIBE, Stage.TRANSCRIBE, *others]
    assert [one.wanted for one in found] == [True, False, True, False]
    assert found[1].model.id == STARTER
    assert not any(one.model.gated_repos or one.installed for one in found)


@pytest.mark.parametrize("machine", [TINY, TWO_CORES], ids=["tiny", "two cores"])
def test_a_small_machine_gets_a_small_model_and_a_better_one_is_named(machine: Machine) -> None:
    first, second, *_ = propose(CATALOG, machine, ())
    assert (first.model.id, first.wanted) == (STARTER, True)
    assert (second.stage, second.wanted) == (Stage.TRANSCRIBE, False)
    assert second.model.rank > first.model.rank
    assert "better, but slowly here" in second.use


def test_a_language_that_the_small_model_does_not_know_is_left_to_others() -> None:
    found = propose(CATALOG, TWO_CORES, (), "yue")
    assert STARTER not in [one.model.id for one in found]
    assert found[0].wanted


def test_what_is_installed_is_told() -> None:
    best = propose(CATALOG, LAPTOP, ())[0].model.id
    found = propose(CATALOG, LAPTOP, (best,))
    assert [one.installed for one in found] == [True, False, False, False]


@dataclass(frozen=True)
class User:
    """A user whose hub has small files under the names of the proposed models."""

    hub: HubServer
    environ: dict[str, str]

    def run(self, *words: str, code: int = 0) -> tuple[str, Any]:
        """Return what stderr said, and the data of ``--json``."""
        done = run_dalston("setup", *words, environ=self.environ)
        assert done.returncode == code, done.stderr
        return done.stderr, json.loads(done.stdout)["data"] if "--json" in words else None


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    repos = {"test/tiny": HubRepo.tiny(20_000)}
    with running_hub(repos) as hub:
        environ = write_catalog(tmp_path, model_fields()) | hub.environment
        environ["DALSTON_DEVICE"] = "cpu"
        found = User(hub, environ)
        for row in found.run("--json")[1]["proposals"]:
            source = CATALOG.model(row["model"]).source
            assert isinstance(source, HubSource)
            names = [name.replace("*", "x") for name in source.files]
            files = {name: HubFile(content=name.encode(), lfs=True) for name in names}
            repos[source.repo] = HubRepo(files=files, commit=source.revision)
        hub.state.repos.update(repos)
        hub.state.asked.clear()
        yield found


def test_a_script_is_shown_the_models_and_nothing_is_downloaded(user: User) -> None:
    done = run_dalston("setup", environ=user.environ)
    told = done.stdout + done.stderr
    assert "this machine: " in done.stderr
    assert "faster-whisper-large-v3-turbo" in done.stdout
    assert "faster-whisper-large-v3-turbo" in told
    assert "MIT" in told
    assert "nothing is downloaded" in told
    assert "dalston setup -y" in told
    assert user.hub.state.asked == []


def test_yes_downloads_what_most_people_want_and_again_nothing(user: User) -> None:
    _, data = user.run("-y", "--json")
    wanted = [row["model"] for row in data["proposals"] if row["wanted"]]
    assert len(wanted) == 2
    assert [one["id"] for one in data["installed"]] == wanted
    told, _ = user.run("-y")
    assert "Downloading" not in told
    _, data = user.run("--json")
    assert [row["model"] for row in data["proposals"] if row["installed"]] == wanted


def test_named_models_are_downloaded_and_nothing_else(user: User) -> None:
    _, data = user.run("--models", "tiny", "--json")
    assert [one["id"] for one in data["installed"]] == ["tiny"]
    assert {one.path.split("/")[-2] for one in user.hub.state.asked if "resolve" in one.path} == {
        HubRepo.tiny().commit
    }


def test_an_unknown_name_is_refused_before_anything_is_downloaded(user: User) -> None:
    told, _ = user.run("--models", "tiny,tinny", code=2)
    assert "there is no model `tinny`" in told
    assert user.hub.state.asked == []


def test_offline_says_so(user: User) -> None:
    told, _ = user.run("--models", "tiny", "--offline", code=5)
    assert "the network may not be used" in told
