"""Variables of an engine's process."""

import os

import psutil
import pytest

from dalston_cli.catalog.machine import usable_cpus
from dalston_cli.launchers.variables import process_variables, thread_variables

USER = {
    "PATH": "/bin",
    "HOME": "/home/user",
    "LC_ALL": "C.UTF-8",
    "NVIDIA_VISIBLE_DEVICES": "all",
    "CUDA_VISIBLE_DEVICES": "1",
    "HF_TOKEN": "hf_secret",
    "LC_API_TOKEN": "secret",
    "NVIDIA_API_KEY": "nvapi-secret",
    "COVERAGE_TOKEN": "secret",
    "ANTHROPIC_API_KEY": "sk-secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "PYTHONPATH": "/somewhere",
    "HTTPS_PROXY": "http://proxy",
    "HF_HUB_OFFLINE": "0",
    "OMP_NUM_THREADS": "64",
}


def test_only_named_variables_pass() -> None:
    found = process_variables(secrets=(), extra={}, replicas=1, environ=USER)
    passed = {name for name in USER if found.get(name) == USER[name]}
    assert passed == {"PATH", "HOME", "LC_ALL", "NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"}
    assert "secret" not in "".join(found.values())


def test_secrets_pass_where_the_engine_names_them() -> None:
    names = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
    found = process_variables(secrets=names, extra={}, replicas=1, environ=USER)
    assert found["ANTHROPIC_API_KEY"] == "sk-secret"
    assert not {"HF_TOKEN", "OPENAI_API_KEY"} & found.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_HUB_OFFLINE", "1"),
        ("ORT_DISABLE_TELEMETRY", "1"),
        ("TRANSFORMERS_OFFLINE", "1"),
        ("PYANNOTE_METRICS_ENABLED", "0"),
        ("DO_NOT_TRACK", "1"),
        ("PYTHONSAFEPATH", "1"),
        ("PYTHONNOUSERSITE", "1"),
    ],
)
def test_libraries_are_told_to_stay_offline_and_quiet(name: str, value: str) -> None:
    found = process_variables(secrets=(), extra={}, replicas=1, environ=USER)
    assert found[name] == value


def test_gpus_are_counted_as_the_driver_counts_them() -> None:
    theirs = USER | {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}
    for environ in (USER, theirs):
        found = process_variables(secrets=(), extra={}, replicas=1, environ=environ)
        assert found["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_what_the_caller_wants_wins() -> None:
    extra = {"OMP_NUM_THREADS": "3", "HF_HUB_OFFLINE": "0"}
    found = process_variables(secrets=(), extra=extra, replicas=1, environ=USER)
    assert extra.items() <= found.items()


@pytest.mark.parametrize("replicas", [1, 2, 1000])
def test_replicas_share_the_cores(replicas: int) -> None:
    cores = min(psutil.cpu_count(logical=False) or 1, usable_cpus())
    found = process_variables(secrets=(), extra={}, replicas=replicas, environ=USER)
    assert int(found["OMP_NUM_THREADS"]) == max(1, min(cores, 8) // replicas)
    assert found["MKL_NUM_THREADS"] == found["OMP_NUM_THREADS"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are given on Linux only")
def test_only_cores_that_the_process_may_use_count() -> None:
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})
    try:
        found = process_variables(secrets=(), extra={}, replicas=1, environ=USER)
    finally:
        os.sched_setaffinity(0, usable)
    assert found["OMP_NUM_THREADS"] == "1"


def test_threads_that_the_user_sets_win_over_the_cores() -> None:
    assert thread_variables(0) == {}
    wanted = thread_variables(3)
    assert set(wanted.values()) == {"3"}
    found = process_variables(secrets=(), extra=wanted, replicas=2, environ=USER)
    assert found["OMP_NUM_THREADS"] == "3"
    assert {found[name] for name in wanted} == {"3"}
