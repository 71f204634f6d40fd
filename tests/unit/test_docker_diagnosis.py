"""``dalston doctor`` and Docker, where there is none to be asked."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dalston_cli.catalog.machine import Machine
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.launchers.docker import daemon as daemon_module
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.diagnosis import diagnose_docker
from dalston_cli.pipeline.diagnosis import look_at_gpus

NOTHING_LOADED = """
import sys
from dalston_cli.launchers.docker.diagnosis import diagnose_docker
from dalston_cli.launchers.docker.daemon import Daemon
[finding] = diagnose_docker(Daemon({"DOCKER_HOST": sys.argv[1]}), required=False)
assert finding.status == "warn", finding
assert not {"docker", "requests", "urllib3"} & set(sys.modules), sorted(sys.modules)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for a socket's sake."""
    with tempfile.TemporaryDirectory(prefix="dk-") as made:
        yield Path(made)


def examine(host: str | None, **options: Any) -> list[Diagnosis]:
    environ = {} if host is None else {"DOCKER_HOST": host}
    return list(diagnose_docker(Daemon(environ), **{"required": False} | options))


def test_without_docker_all_is_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_module, "_USUAL_SOCKET", folder / "none.sock")
    monkeypatch.setenv("HOME", str(folder))
    [finding] = examine(None)
    assert (finding.status, finding.hint) == ("ok", None)
    assert finding.message == "not installed; engines run as processes of this machine"


@pytest.mark.parametrize(("required", "status"), [(False, "warn"), (True, "fail")])
def test_a_daemon_that_is_not_there(folder: Path, required: bool, status: str) -> None:
    host = f"unix://{folder}/none.sock"
    [finding] = examine(host, required=required)
    assert (finding.name, finding.status) == ("docker", status)
    assert finding.message == f"there is no daemon at {host}"
    assert "sudo systemctl start docker" in str(finding.hint)


@pytest.mark.parametrize(("required", "status"), [(False, "warn"), (True, "fail")])
def test_a_daemon_that_hangs_keeps_nobody_waiting(
    folder: Path, required: bool, status: str
) -> None:
    path = folder / "hangs.sock"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        [finding] = examine(f"unix://{path}", required=required, timeout_s=0.3)
    assert (finding.name, finding.status) == ("docker", status)
    assert finding.message == f"no answer from unix://{path} within 0.3 s"
    assert "sudo systemctl status docker" in str(finding.hint)


def test_the_library_is_not_loaded_in_vain(folder: Path) -> None:
    command = [sys.executable, "-c", NOTHING_LOADED, f"unix://{folder}/none.sock"]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("driver", "hidden", "status", "message"),
    [
        pytest.param(False, False, "ok", "none seen", id="no driver"),
        pytest.param(True, False, "warn", "the NVIDIA driver is loaded", id="no answer"),
        pytest.param(True, True, "ok", "none seen", id="hidden by the user"),
    ],
)
def test_a_driver_without_gpus(
    tmp_path: Path, driver: bool, hidden: bool, status: str, message: str
) -> None:
    file = tmp_path / "version"
    if driver:
        file.touch()
    finding = look_at_gpus(Machine(cpus=2, ram_mb=4_000), hidden=hidden, driver=file)
    assert finding.status == status
    assert message in finding.message
