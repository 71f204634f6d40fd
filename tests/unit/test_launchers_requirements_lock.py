"""The choice of a lock, by device, interpreter, processor and wheels at hand."""

from pathlib import Path

import pytest

from dalston_cli.launchers.requirements_lock import (
    CUDA_LOCK_NAME,
    choose_lock,
    cpu_wheels,
    fitting_locks,
    uv_variables,
)
from dalston_sdk.identity import LOCK_NAME

FOR_311 = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
OLDER = "torch-2.12.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
LOCK = "numpy==2.4.6\ntorch==2.13.0+cpu ; sys_platform == 'linux'\n"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (tmp_path / LOCK_NAME).write_text(LOCK)
    for name in (FOR_311, OLDER, "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl", "numpy.whl"):
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


@pytest.mark.parametrize(
    ("device", "machine", "expected"),
    [
        pytest.param("cpu", "x86_64", (LOCK_NAME, CUDA_LOCK_NAME), id="either-on-a-cpu"),
        pytest.param("cuda:1", "x86_64", (CUDA_LOCK_NAME,), id="gpu"),
        pytest.param("cpu", "arm64", (LOCK_NAME,), id="macos"),
    ],
)
def test_an_environment_of_either_lock_serves_a_cpu(
    tmp_path: Path, device: str, machine: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / CUDA_LOCK_NAME).touch()
    locks = fitting_locks(tmp_path, device=device, machine=machine)
    assert locks == tuple(tmp_path / name for name in expected)


def test_an_engine_without_pytorch_has_one_lock(tmp_path: Path) -> None:
    for device in ("cpu", "cuda"):
        lock = choose_lock(tmp_path, device=device, python="cpython-3.11", machine="x86_64")
        assert lock == tmp_path / LOCK_NAME


def test_only_the_build_that_the_lock_names_and_this_interpreter_takes_counts(
    wheels: Path,
) -> None:
    engine, environ = wheels.parent, {"UV_FIND_LINKS": str(wheels)}

    def found(python: str, environ: dict[str, str]) -> tuple[Path, ...]:
        return cpu_wheels(engine, python=python, machine="x86_64", environ=environ)

    assert found("cpython-3.11", environ) == (wheels / FOR_311,)
    assert found("cpython-3.13", environ) == ()
    assert found("cpython-3.11", {}) == ()
    (engine / LOCK_NAME).write_text("numpy==2.4.6\n")
    assert found("cpython-3.11", environ) == ()


def test_where_cuda_is_wanted_uv_does_not_see_the_wheels(tmp_path: Path) -> None:
    environ = {"UV_FIND_LINKS": "wheels", "UV_INDEX_URL": "index"}
    assert uv_variables(tmp_path / LOCK_NAME, environ) == environ
    assert uv_variables(tmp_path / CUDA_LOCK_NAME, environ) == {"UV_INDEX_URL": "index"}
