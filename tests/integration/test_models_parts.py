"""Models made of several repositories: placed in folders, all their terms checked beforehand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.hub import Fault, HubFile, HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_entry

from dalston_cli.catalog.entry import WrongEntryError
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.audit import disk_usage, remove, verify
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.failures import (
    BrokenDownloadError,
    GatedModelError,
    HubRefusedError,
    NoSpaceError,
)
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.catalog.weights.pull_options import PullOptions

SIZE = 100_000
STRANGER = "hf_stranger"
TERMS = "https://huggingface.co/"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    repos = {
        "test/pipeline": HubRepo(files={"config.yaml": HubFile(content=b"steps: [a, b]\n")}),
        "test/segmentation": HubRepo.tiny(SIZE, gated=True, seed=2),
        "test/embedding": HubRepo.tiny(SIZE, gated=True, seed=3),
        "test/open": HubRepo.tiny(SIZE, seed=4),
    }
    with running_hub(repos) as server:
        yield server


def _part(name: str, *, gated: bool = True, **changes: object) -> dict[str, object]:
    part = {"repo": f"test/{name}", "revision": "main", "files": ["model.bin"], "folder": name}
    return part | {"gated": gated} | changes


def _model(*parts: dict[str, object], **changes: object) -> ModelEntry:
    source = {"kind": "hf", "repo": "test/pipeline", "revision": "main", "parts": list(parts)}
    return model_entry(source=source, **changes)


MODEL = _model(_part("segmentation"), _part("embedding"), _part("open", gated=False))


def _options(
    hub: HubServer, token: str | None = "hf_good", free_bytes: int | None = None
) -> PullOptions:
    variables = {"PYTHONWARNINGS": "error"} | ({"HF_TOKEN": token} if token else {})
    environment = {**os.environ, **hub.environment, **variables}
    return PullOptions(environment=environment, timeout_s=60, free_bytes=free_bytes)


def _asked(hub: HubServer) -> list[str]:
    return [asked.path.partition("?")[0] for asked in hub.state.asked]


def test_each_part_lies_in_its_folder(hub: HubServer, tmp_path: Path) -> None:
    seen: list[PullProgress] = []
    found = pull(MODEL, tmp_path, _options(hub), seen.append)
    assert found.path is not None
    files = [path for path in found.path.rglob("*") if path.is_file()]
    assert sorted(path.relative_to(found.path).as_posix() for path in files) == [
        "config.yaml",
        "embedding/model.bin",
        "manifest.json",
        "open/model.bin",
        "segmentation/model.bin",
    ]
    for name in ("segmentation", "embedding", "open"):
        content = hub.state.repos[f"test/{name}"].files["model.bin"].content
        assert (found.path / name / "model.bin").read_bytes() == content
    assert found.size == 3 * SIZE + len(b"steps: [a, b]\n")
    assert (seen[-1].done, seen[-1].total) == (found.size, found.size)


def test_the_other_commands_know_the_parts(hub: HubServer, tmp_path: Path) -> None:
    found = pull(MODEL, tmp_path, _options(hub))
    assert verify(MODEL, tmp_path).problems == ()
    weights = tmp_path / "example" / "tiny" / "embedding" / "model.bin"
    content = bytearray(weights.read_bytes())
    content[77] ^= 1
    weights.write_bytes(content)
    problem = "embedding/model.bin has another content than what was pulled"
    assert verify(MODEL, tmp_path).problems == (problem,)
    repaired = pull(MODEL, tmp_path, _options(hub))
    assert repaired.digest == found.digest
    assert hub.sent("model.bin") == 4 * SIZE
    assert disk_usage(tmp_path)[0].size > found.size
    weights.unlink()
    damaged = installed(MODEL, tmp_path)
    assert damaged is not None
    assert damaged.problems == ("embedding/model.bin is missing",)
    remove(ModelFolder.of(MODEL, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_without_a_token_every_page_is_named_and_no_server_asked(
    hub: HubServer, tmp_path: Path
) -> None:
    with pytest.raises(GatedModelError, match="test/segmentation and test/embedding") as raised:
        pull(MODEL, tmp_path, _options(hub, token=None))
    pages = f"{TERMS}test/segmentation and on {TERMS}test/embedding"
    assert f"accept the terms on {pages}" in (raised.value.hint or "")
    assert "HF_TOKEN" in (raised.value.hint or "")
    assert hub.state.asked == []


def test_the_terms_of_all_parts_are_checked_before_any_download(
    hub: HubServer, tmp_path: Path
) -> None:
    with pytest.raises(GatedModelError, match="not accepted the terms") as raised:
        pull(MODEL, tmp_path, _options(hub, STRANGER))
    assert f"{TERMS}test/segmentation and on {TERMS}test/embedding" in (raised.value.hint or "")
    assert _asked(hub) == [
        "/api/models/test/segmentation/auth-check",
        "/api/models/test/embedding/auth-check",
    ]


def test_only_the_part_that_is_closed_is_named(hub: HubServer, tmp_path: Path) -> None:
    known = frozenset({STRANGER})
    hub.state.repos["test/segmentation"] = HubRepo(
        files=HubRepo.tiny(SIZE).files, gated=True, allowed_tokens=known
    )
    with pytest.raises(GatedModelError, match="the terms of test/embedding,") as raised:
        pull(MODEL, tmp_path, _options(hub, STRANGER))
    assert "segmentation" not in (raised.value.hint or "")
    assert hub.sent("config.yaml") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_gated_part_that_the_catalog_takes_for_open(hub: HubServer, tmp_path: Path) -> None:
    model = _model(_part("open", gated=False), _part("segmentation", gated=False))
    with pytest.raises(GatedModelError, match="test/segmentation") as raised:
        pull(model, tmp_path, _options(hub, STRANGER))
    assert f"accept the terms on {TERMS}test/segmentation;" in (raised.value.hint or "")
    assert hub.state.sent == {}


def test_a_gated_first_repository_comes_first(hub: HubServer) -> None:
    model = _model(_part("embedding"), gated=True)
    assert model.gated_repos == ("test/pipeline", "test/embedding")


def test_a_part_that_does_not_exist(hub: HubServer, tmp_path: Path) -> None:
    model = _model(_part("open", gated=False), _part("gone", gated=False))
    with pytest.raises(HubRefusedError, match=r"test/gone.* does not exist"):
        pull(model, tmp_path, _options(hub))
    assert hub.state.sent == {}


def test_a_part_without_the_files(hub: HubServer, tmp_path: Path) -> None:
    model = _model(_part("open", gated=False, files=["*.ckpt"]))
    with pytest.raises(HubRefusedError, match=r"there is no \*.ckpt in test/open@main"):
        pull(model, tmp_path, _options(hub))
    assert hub.state.sent == {}


def test_the_room_for_all_parts_is_checked_beforehand(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError, match=r"300 kB are needed and 250 kB are free"):
        pull(MODEL, tmp_path, _options(hub, free_bytes=250_000))
    assert hub.state.sent == {}


def test_an_interrupted_pull_goes_on_in_the_part_where_it_was(
    hub: HubServer, tmp_path: Path
) -> None:
    hub.state.faults.append(Fault(path="test/embedding/resolve", cut_after=SIZE // 2))
    with pytest.raises(BrokenDownloadError, match=r"embedding/model\.bin ended after"):
        pull(MODEL, tmp_path, _options(hub))
    hub.state.faults.clear()
    assert pull(MODEL, tmp_path, _options(hub)).ok
    assert hub.sent("model.bin") == 3 * SIZE


def test_another_part_in_the_catalog_is_not_what_was_pulled(hub: HubServer, tmp_path: Path) -> None:
    pull(MODEL, tmp_path, _options(hub))
    fewer = installed(_model(_part("open", gated=False)), tmp_path)
    assert fewer is not None
    assert "the catalog now names another source" in fewer.problems[0]


@pytest.mark.parametrize("path", ["../model.bin", "/etc/model.bin"])
def test_a_part_cannot_write_beside_its_folder(hub: HubServer, tmp_path: Path, path: str) -> None:
    hub.state.repos["test/open"] = HubRepo(files={path: HubFile(content=b"x", lfs=True)})
    with pytest.raises(BrokenDownloadError, match="which leads elsewhere"):
        pull(_model(_part("open", gated=False, files=["*"])), tmp_path, _options(hub))


def test_two_repositories_cannot_have_the_same_file(hub: HubServer, tmp_path: Path) -> None:
    file = HubFile(content=b"the pipeline's own")
    hub.state.repos["test/pipeline"] = HubRepo(files={"open/model.bin": file})
    with pytest.raises(BrokenDownloadError, match=r"open/model\.bin"):
        pull(_model(_part("open", gated=False)), tmp_path, _options(hub))


@pytest.mark.parametrize("folder", ["", ".", "..", "../up", "/abs", "a/../b", "a//b", ".hidden"])
def test_folders_that_are_none(folder: str) -> None:
    with pytest.raises(WrongEntryError, match="folder"):
        _model(_part("open", folder=folder))


def test_two_parts_cannot_share_a_folder() -> None:
    with pytest.raises(WrongEntryError, match="two parts have the folder both"):
        _model(_part("open", folder="both"), _part("embedding", folder="both"))
