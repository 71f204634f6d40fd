"""Targets of ``models export`` that cannot be written, and what must not be written through."""

import resource
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.hub import HubRepo, running_hub
from tests.support.hub.entries import model_entry, model_fields, write_catalog
from tests.support.in_process import run_dalston

from dalston_cli.catalog.weights.export import ExportError, export_models

MODEL = model_entry()


@dataclass(frozen=True)
class Machine:
    """A machine with the model ``tiny``, and an empty folder to work in."""

    environ: dict[str, str]
    models: Path
    work: Path

    def export(self, target: str) -> Any:
        return run_dalston("models", "export", "tiny", target, environ=self.environ, cwd=self.work)

    @property
    def left(self) -> list[str]:
        return sorted(path.relative_to(self.work).as_posix() for path in self.work.rglob("*"))


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Have every larger write fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pulled")
    with running_hub({"test/tiny": HubRepo.tiny(50_000)}) as hub:
        environ = write_catalog(home, model_fields()) | hub.environment
        assert run_dalston("models", "pull", "tiny", "-y", environ=environ).returncode == 0
    return home / "models"


@pytest.fixture
def machine(tmp_path: Path, pulled: Path) -> Machine:
    environ = write_catalog(tmp_path / "home", model_fields())
    models = Path(shutil.copytree(pulled, tmp_path / "home" / "models"))
    (tmp_path / "work").mkdir()
    return Machine(environ, models, tmp_path / "work")


@pytest.mark.parametrize(
    ("target", "problem", "hint"),
    [
        ("none/a.tar", "No such file or directory", "mkdir -p none"),
        ("folder.tar", "Is a directory", "name a folder, or a file that ends in .tar"),
        ("file", "Not a directory", "name a folder, or a file that ends in .tar"),
    ],
)
def test_targets_that_cannot_be_written(
    machine: Machine, target: str, problem: str, hint: str
) -> None:
    (machine.work / "folder.tar").mkdir()
    (machine.work / "file").write_text("keep")
    done = machine.export(target)
    assert done.returncode == 5
    assert f"{target} cannot be written: {problem}" in done.stderr
    assert hint in done.stderr
    assert machine.left == ["file", "folder.tar"]


@pytest.mark.parametrize("target", ["old.tar", "new/folder", "old"])
def test_a_full_disk_leaves_what_was_there_and_nothing_half(machine: Machine, target: str) -> None:
    """The limit on a file's size stands for the disk: the system refuses the same calls."""
    for name in ("old.tar", "old"):
        assert machine.export(name).returncode == 0
    before = {name: (machine.work / name).stat() for name in machine.left}
    with _largest_file(20_000), pytest.raises(ExportError, match="File too large") as raised:
        export_models([MODEL], machine.models, machine.work / target)
    assert "make room there" in (raised.value.hint or "")
    assert {name: (machine.work / name).stat().st_size for name in machine.left} == {
        name: status.st_size for name, status in before.items()
    }


def test_nothing_is_written_through_a_link_that_waits_for_the_archive(machine: Machine) -> None:
    victim = machine.work / "victim"
    victim.write_text("keep")
    for name in (".a.tar.part", "a.tar"):
        (machine.work / name).symlink_to(victim)
    assert machine.export("a.tar").returncode == 0
    assert victim.read_text() == "keep"
    assert (machine.work / "a.tar").is_file()
    assert not (machine.work / "a.tar").is_symlink()


def test_two_exports_of_one_archive_do_not_share_a_file(machine: Machine) -> None:
    target, barrier = machine.work / "a.tar", threading.Barrier(2)
    threads = [
        threading.Thread(
            target=export_models,
            args=([MODEL], machine.models, target, lambda _: barrier.wait(10) and None),
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.left == ["a.tar"]
    elsewhere = {**machine.environ, "DALSTON_MODELS_DIR": str(machine.work / "models")}
    assert run_dalston("models", "import", target, environ=elsewhere).returncode == 0


def test_an_archive_has_the_permissions_of_any_new_file(machine: Machine) -> None:
    machine.export("a.tar")
    (machine.work / "plain").touch()
    modes = {(machine.work / name).stat().st_mode for name in ("a.tar", "plain")}
    assert len(modes) == 1
