"""Weights from a mirror, and carried as a folder or an archive to a machine without network."""

import hashlib
import io
import json
import os
import random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.hub import Fault, HubFile, HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_entry, model_fields, write_catalog
from tests.support.in_process import run_dalston

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.audit import verify
from dalston_cli.catalog.weights.failures import BrokenDownloadError, MirrorError, OfflineError
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder

MODEL = model_entry()
PLACE = "example/tiny"


@dataclass(frozen=True)
class Carried:
    """A machine with the model, the folder it was exported to, and the hub it came from."""

    hub: HubServer
    home: Path
    environ: dict[str, str]
    folder: Path

    def run(self, *words: str | Path, **environ: str) -> Any:
        return run_dalston("models", *words, environ=self.environ | environ)

    def options(self, mirror: str | Path, *, offline: bool = False) -> PullOptions:
        return PullOptions(
            environment={**os.environ, **self.hub.environment},
            timeout_s=60,
            offline=offline,
            order=SourceOrder(mirror=str(mirror)),
        )


@contextmanager
def _machine(folder: Path) -> Iterator[Carried]:
    with running_hub({"test/tiny": HubRepo.tiny(50_000)}) as hub:
        environ = write_catalog(folder / "home", model_fields()) | hub.environment
        yield Carried(hub, folder / "home", environ, folder / "carried")


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Carried:
    with _machine(tmp_path_factory.mktemp("pulled")) as machine:
        assert machine.run("pull", "tiny", "-y").returncode == 0
        assert machine.run("export", "tiny", machine.folder).returncode == 0
    return machine


@pytest.fixture
def carried(tmp_path: Path, pulled: Carried) -> Iterator[Carried]:
    with _machine(tmp_path) as machine:
        shutil.copytree(pulled.home / "models", machine.home / "models")
        shutil.copytree(pulled.folder, machine.folder)
        yield machine


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_folder_is_carried_to_a_machine_without_network(carried: Carried) -> None:
    assert set(_files(carried.folder)) == {
        f"{PLACE}/{name}" for name in ("config.json", "model.bin", "manifest.json")
    }
    elsewhere = {"DALSTON_MODELS_DIR": str(carried.home / "elsewhere")}
    done = carried.run("import", carried.folder, **elsewhere)
    assert done.returncode == 0, done.stderr
    assert "tiny is installed, 50 kB in" in done.stderr
    trusted = f"tiny is taken as {carried.folder} has it: the catalog has no digests to check"
    assert trusted in done.stderr
    assert carried.hub.state.asked == []
    assert carried.run("verify", **elsewhere).returncode == 0
    shown = carried.run("show", "tiny", **elsewhere).stdout
    assert f"came from:  hf:test/tiny@main *.bin *.json, through {carried.folder}" in shown
    digests = {
        json.loads(carried.run("show", "tiny", "--json", **places).stdout)["data"]["installation"][
            "digest"
        ]
        for places in ({}, elsewhere)
    }
    assert len(digests) == 1
    assert "installed already" in carried.run("import", carried.folder, **elsewhere).stderr


def test_an_archive_is_the_same_each_time_and_is_imported(carried: Carried) -> None:
    one, two = carried.home / "one.tar", carried.home / "two.tar"
    for archive in (one, two):
        assert carried.run("export", "tiny", archive).returncode == 0
    assert one.read_bytes() == two.read_bytes()
    elsewhere = {"DALSTON_MODELS_DIR": str(carried.home / "elsewhere")}
    done = carried.run("import", one, **elsewhere)
    assert done.returncode == 0, done.stderr
    assert f"through {one}" in carried.run("show", "tiny", **elsewhere).stdout
    assert list((carried.home / "elsewhere").iterdir()) == [carried.home / "elsewhere/example"]


def _flip(folder: Path) -> None:
    weights = folder / PLACE / "model.bin"
    content = bytearray(weights.read_bytes())
    content[77] ^= 1
    weights.write_bytes(content)


def _link(folder: Path) -> None:
    (folder / PLACE / "model.bin").unlink()
    (folder / PLACE / "model.bin").symlink_to("/etc/passwd")


def _link_above(folder: Path) -> None:
    (folder / PLACE).rename(folder / "moved")
    (folder / PLACE).symlink_to(folder / "moved")


def _path_outside(folder: Path) -> None:
    _replace(folder, "model.bin", "../outside.bin")


def _other_source(folder: Path) -> None:
    _replace(folder, "hf:test/tiny@main", "hf:test/other@main")


def _other_model(folder: Path) -> None:
    _replace(folder, '"model": "tiny"', '"model": "large"')


def _no_json(folder: Path) -> None:
    (folder / PLACE / "manifest.json").write_text("{")


def _missing(folder: Path) -> None:
    (folder / PLACE / "model.bin").unlink()


def _fifo(folder: Path) -> None:
    _missing(folder)
    os.mkfifo(folder / PLACE / "model.bin")


def _no_files(folder: Path) -> None:
    _change(folder, lambda manifest: manifest.update(files=[]))


def _negative(folder: Path) -> None:
    _change(folder, lambda manifest: manifest["files"][0].update(size=-1))


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / PLACE / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


def _replace(folder: Path, old: str, new: str) -> None:
    manifest = folder / PLACE / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(_flip, "model.bin is not what it must be (wrong digest)", id="flipped byte"),
        pytest.param(_link, "model.bin is a link or no plain file", id="link"),
        pytest.param(
            _path_outside,
            "list of files has '../outside.bin', which leads elsewhere",
            id="path outside",
        ),
        pytest.param(_other_source, "the catalog names another source", id="other source"),
        pytest.param(_other_model, "it is large of engine example", id="other model"),
        pytest.param(_no_json, "manifest.json: ", id="no manifest"),
        pytest.param(_missing, "does not have it", id="missing file"),
        pytest.param(_fifo, "model.bin is a link or no plain file", id="pipe"),
        pytest.param(_no_files, "its manifest.json names no files", id="no files"),
        pytest.param(_negative, "Expected `int` >= 0", id="negative size"),
    ],
)
def test_what_is_not_the_model_is_refused(
    carried: Carried, change: Callable[[Path], None], problem: str
) -> None:
    change(carried.folder)
    elsewhere = carried.home / "elsewhere"
    done = carried.run("import", carried.folder, DALSTON_MODELS_DIR=str(elsewhere))
    assert done.returncode == 5
    assert problem in done.stderr
    assert not (elsewhere / "example").exists()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("a\0b", "which has a control character"),
        ("./model.bin", "which is not the plain name of a file"),
        ("model.bin", "twice"),
        ("model.bin/x", "where a file and a folder would have one name"),
        ("manifest.json/x", "which is Dalston's own"),
        ("a" * 300, "which is too long"),
    ],
)
def test_a_manifest_with_a_path_that_cannot_be_is_refused(
    carried: Carried, path: str, problem: str
) -> None:
    (one, two) = json.loads((carried.folder / PLACE / "manifest.json").read_bytes())["files"]
    weights = one if one["path"] == "model.bin" else two
    _change(carried.folder, lambda manifest: manifest["files"].append({**weights, "path": path}))
    elsewhere = carried.home / "elsewhere"
    done = carried.run("import", carried.folder, DALSTON_MODELS_DIR=str(elsewhere))
    assert done.returncode == 5
    assert f"its list of files has {path!r}, {problem}" in done.stderr.replace("\n", " ")
    assert not (elsewhere / "example").exists()


def test_a_file_is_not_copied_past_its_size(carried: Carried) -> None:
    with (carried.folder / PLACE / "model.bin").open("r+b") as weights:
        weights.truncate(2**40)  # a hole, which takes no room here and would there
    done = carried.run("import", carried.folder, DALSTON_MODELS_DIR=str(carried.home / "elsewhere"))
    assert done.returncode == 5
    assert "model.bin is not what it must be" in done.stderr


def test_links_above_the_files_do_not_matter_to_the_model(carried: Carried) -> None:
    _link_above(carried.folder)
    elsewhere = {"DALSTON_MODELS_DIR": str(carried.home / "elsewhere")}
    assert carried.run("import", carried.folder, **elsewhere).returncode == 0


def _member(name: str, **changes: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in changes.items():
        setattr(info, field, value)
    return info


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        pytest.param(_member("../x/y/z"), "is no file of a model", id="above"),
        pytest.param(_member("/tmp/dalston/x"), "is no file of a model", id="absolute"),
        pytest.param(_member("x"), "is no file of a model", id="not in a model"),
        pytest.param(
            _member("example/tiny/x", type=tarfile.SYMTYPE, linkname="/etc"),
            "is a link or a device",
            id="symbolic link",
        ),
        pytest.param(
            _member("example/tiny/x", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
            "is a link or a device",
            id="hard link",
        ),
        pytest.param(
            _member("example/tiny/x", type=tarfile.FIFOTYPE), "is a link or a device", id="pipe"
        ),
    ],
)
def test_archives_that_are_refused(
    carried: Carried, tmp_path: Path, member: tarfile.TarInfo, problem: str
) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.addfile(member, io.BytesIO())
    done = carried.run("import", tmp_path / "bad.tar")
    assert done.returncode == 3
    assert problem in done.stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"no archive at all", "no archive that can be read"), (b"", "no archive that can be read")],
)
def test_what_is_no_archive(carried: Carried, tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "bad.tar").write_bytes(content)
    done = carried.run("import", tmp_path / "bad.tar")
    assert done.returncode == 3
    assert problem in done.stderr
    assert carried.run("import", tmp_path / "gone.tar").returncode == 3


def test_a_pipe_is_not_waited_for(carried: Carried, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tar")
    done = carried.run("import", tmp_path / "pipe.tar")
    assert done.returncode == 3
    assert "it is neither a folder nor a file" in done.stderr


@pytest.mark.parametrize("name", ["example/tiny/x", "example/tiny/x/y"])
def test_an_archive_with_one_name_twice(carried: Carried, tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        for each in ("example/tiny/x", name):
            archive.addfile(_member(each), io.BytesIO())
    done = carried.run("import", tmp_path / "bad.tar")
    assert done.returncode == 3
    assert f"{name} in it comes twice" in done.stderr


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_packed_archive_with_broken_bytes(carried: Carried, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bad.tar.{kind}"
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload] # three literals
        content = random.Random(1).randbytes(100_000)
        archive.addfile(_member("example/tiny/x", size=len(content)), io.BytesIO(content))
    broken = bytearray(path.read_bytes())
    broken[50_000:51_000] = bytes(1000)
    path.write_bytes(broken)
    done = carried.run("import", path)
    assert done.returncode in {3, 5}
    assert "this is a bug" not in done.stderr
    assert "cannot be imported" in done.stderr


def test_models_that_nobody_knows_are_refused_before_any_is_imported(carried: Carried) -> None:
    (carried.folder / PLACE).rename(carried.folder / "example/unknown")
    done = carried.run("import", carried.folder)
    assert done.returncode == 3
    assert "the catalog has no model unknown" in done.stderr


def test_damaged_models_are_not_exported(carried: Carried) -> None:
    weights = carried.home / "models" / PLACE / "model.bin"
    weights.write_bytes(bytes(weights.stat().st_size))
    done = carried.run("export", "tiny", carried.home / "again")
    assert done.returncode == 5
    assert "weights are damaged" in done.stderr
    assert not (carried.home / "again").exists()


def test_a_folder_as_mirror_is_asked_first_and_offline_too(
    carried: Carried, tmp_path: Path
) -> None:
    found = pull(MODEL, tmp_path / "models", carried.options(carried.folder, offline=True))
    assert found.ok
    assert (found.source, found.mirror) == ("hf:test/tiny@main *.bin *.json", str(carried.folder))
    assert verify(MODEL, tmp_path / "models").problems == ()
    assert carried.hub.state.asked == []


def test_without_a_mirror_offline_stays_offline(carried: Carried, tmp_path: Path) -> None:
    with pytest.raises(OfflineError):
        pull(MODEL, tmp_path / "models", carried.options("https://example.org", offline=True))


def test_a_mirror_without_the_model_leads_on_to_the_hub(carried: Carried, tmp_path: Path) -> None:
    notes: list[str] = []
    options = carried.options(tmp_path / "nothing")
    found = pull(MODEL, tmp_path / "models", options, lambda one: notes.append(one.note))
    assert found.mirror is None
    told = f"tiny is taken from the hub: the mirror {tmp_path}/nothing does not have it"
    assert [note for note in notes if note] == [told]


def test_a_web_server_as_mirror(carried: Carried, tmp_path: Path) -> None:
    for name, content in _files(carried.folder).items():
        carried.hub.state.plain[f"/mirror/{name}"] = HubFile(content=content)
    cut = Fault(path="/mirror/example/tiny/model.bin", cut_after=20_000, times=1)
    carried.hub.state.faults.append(cut)
    mirror = f"{carried.hub.url}/mirror"
    found = pull(MODEL, tmp_path / "models", carried.options(mirror))
    assert found.ok
    assert found.mirror == mirror
    assert {one.path.partition("/example")[0] for one in carried.hub.state.asked} == {"/mirror"}
    assert carried.hub.sent(f"/mirror/{PLACE}/model.bin") == 50_000


def test_a_wrong_byte_in_a_mirror_is_told_and_not_passed_over(
    carried: Carried, tmp_path: Path
) -> None:
    _flip(carried.folder)
    with pytest.raises(BrokenDownloadError, match="wrong digest"):
        pull(MODEL, tmp_path / "models", carried.options(carried.folder))


def test_the_setting(carried: Carried) -> None:
    elsewhere = {"DALSTON_MODELS_DIR": str(carried.home / "elsewhere")}
    mirror = {"DALSTON_WEIGHTS_MIRROR": str(carried.folder)}
    assert carried.run("pull", "tiny", "-y", "--offline", **elsewhere, **mirror).returncode == 0
    assert carried.hub.state.asked == []
    refused = carried.run("pull", "tiny", "-y", DALSTON_WEIGHTS_MIRROR="http://example.org/models")
    assert refused.returncode == 4
    assert "an absolute folder or https://HOST" in refused.stderr


def _pinned(**changes: Any) -> dict[str, Any]:
    """A model whose digests the catalog has."""
    files = HubRepo.tiny(50_000).files
    entries = [
        {"url": "https://example.org/x", "sha256": files[name].sha256, "path": name}
        for name in ("config.json", "model.bin")
    ]
    return model_fields(**{"source": {"kind": "https", "files": entries}} | changes)


def test_a_mirror_of_files_from_another_source_counts_where_the_digests_are_known(
    carried: Carried, tmp_path: Path
) -> None:
    model, notes = ModelEntry.read(_pinned()), list[str]()
    options = replace(carried.options(carried.folder), offline=True)
    assert pull(model, tmp_path / "models", options, lambda one: notes.append(one.note)).ok
    assert not any(notes)


def test_other_bytes_are_refused_where_a_source_pins_them_whatever_the_manifest_says(
    carried: Carried, tmp_path: Path
) -> None:
    weights = b"not what they were"
    (carried.folder / PLACE / "model.bin").write_bytes(weights)
    facts = {"sha256": hashlib.sha256(weights).hexdigest(), "size": len(weights)}

    def forge(manifest: dict[str, Any]) -> None:
        (file,) = (one for one in manifest["files"] if one["path"] == "model.bin")
        file.update(facts)

    _change(carried.folder, forge)
    model = ModelEntry.read(model_fields(mirrors=[_pinned()["source"]]))
    options = replace(carried.options(carried.folder), offline=True)
    with pytest.raises(MirrorError, match="not those whose digests the catalog has"):
        pull(model, tmp_path / "models", options)
    assert not (tmp_path / "models/example").exists()
    found = pull(model, tmp_path / "models", carried.options(carried.folder))
    assert found.mirror is None  # taken from the hub


def test_files_that_were_here_before_need_no_word_of_trust(
    carried: Carried, tmp_path: Path
) -> None:
    notes: list[str] = []
    for _ in range(2):
        options = replace(carried.options(carried.folder), again=True)
        pull(MODEL, tmp_path / "models", options, lambda one: notes.append(one.note))
    (note,) = [note for note in notes if note]
    assert note.startswith(f"tiny is taken as {carried.folder} has it: the catalog has no digests")
