"""Which lock an environment is made from, by device, interpreter, processor and wheels at hand."""

from pathlib import Path

import pytest

from dalston_cli.launchers.lock import CUDA_LOCK_NAME, choose_lock, cpu_wheels, uv_variables
from dalston_sdk.identity import LOCK_NAME

FOR_311 = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in (FOR_311, "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl", "numpy.whl"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("device", "where", "named", "expected"),
    [
        pytest.param("cpu", "cpython-3.11 x86_64", True, LOCK_NAME, id="cpu-with-a-wheel"),
        pytest.param("cpu", "cpython-3.11 x86_64", False, CUDA_LOCK_NAME, id="cpu-without"),
        pytest.param("cpu", "cpython-3.12 x86_64", True, CUDA_LOCK_NAME, id="another-python"),
        pytest.param("cuda:0", "cpython-3.11 x86_64", True, CUDA_LOCK_NAME, id="gpu"),
        pytest.param("cpu", "cpython-3.11 arm64", False, LOCK_NAME, id="macos"),
    ],
)
def test_the_lock_follows_from_device_and_wheels(
    wheels: Path, device: str, where: str, named: bool, expected: str
) -> None:
    engine = wheels.parent
    (engine / CUDA_LOCK_NAME).touch()
    python, machine = where.split()
    environ = {"UV_FIND_LINKS": f"/nowhere {wheels}"} if named else {}
    lock = choose_lock(engine, device=device, python=python, machine=machine, environ=environ)
    assert lock == engine / expected


def test_an_engine_without_pytorch_has_one_lock(tmp_path: Path) -> None:
    for device in ("cpu", "cuda"):
        lock = choose_lock(tmp_path, device=device, python="cpython-3.11", machine="x86_64")
        assert lock == tmp_path / LOCK_NAME


def test_only_a_build_for_a_cpu_and_this_interpreter_counts(wheels: Path) -> None:
    environ = {"UV_FIND_LINKS": str(wheels)}
    assert cpu_wheels("cpython-3.11", "x86_64", environ) == (wheels / FOR_311,)
    assert cpu_wheels("cpython-3.13", "x86_64", environ) == ()
    assert cpu_wheels("cpython-3.11", "x86_64", {}) == ()


def test_where_cuda_is_wanted_uv_does_not_see_the_wheels(tmp_path: Path) -> None:
    environ = {"UV_FIND_LINKS": "wheels", "UV_INDEX_URL": "index"}
    assert uv_variables(tmp_path / LOCK_NAME, environ) == environ
    assert uv_variables(tmp_path / CUDA_LOCK_NAME, environ) == {"UV_INDEX_URL": "index"}
