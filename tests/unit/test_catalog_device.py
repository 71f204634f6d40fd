import os
from pathlib import Path

import pytest
from tests.support.hub.entries import engine_entry, model_entry

from dalston_cli.catalog.device import (
    DeviceMissingError,
    DeviceNotSupportedError,
    InvalidDeviceError,
    RepeatedGpuError,
    check_device,
    choose_device,
    chosen_gpus,
    fits,
    only_gpus,
    spread_over,
)
from dalston_cli.catalog.machine import Gpu, Machine, probe_machine, visible_gpus
from dalston_cli.errors import DalstonError

BARE = Machine(cpus=2, ram_mb=4_000)
TINY = Machine(cpus=1, ram_mb=0)
TWO = Machine(
    cpus=8,
    ram_mb=64_000,
    gpus=(Gpu(index=0, name="Old", vram_mb=8_000), Gpu(index=1, name="New", vram_mb=24_000)),
)
LISTING = """\
0, GPU-aaa, NVIDIA H200, 143771
1, GPU-bbb, NVIDIA H200, 143771
2, GPU-ccc, NVIDIA T4, 15360
"""


@pytest.mark.parametrize(
    ("requested", "vram_mb", "machine", "device", "reason"),
    [
        pytest.param("auto", None, BARE, "cpu", "there is no GPU", id="no-gpu"),
        pytest.param("auto", None, TWO, "cuda:1", "New has room", id="largest-gpu"),
        pytest.param("auto", 30_000, TWO, "cpu", "needs 30000 MB, more than New has", id="no-room"),
        pytest.param("cpu", None, TWO, "cpu", "was asked for", id="cpu"),
        pytest.param("cuda", None, TWO, "cuda:1", "was asked for", id="any-gpu"),
        pytest.param("cuda:0", 30_000, TWO, "cuda:0", "was asked for", id="insisting"),
    ],
)
def test_device(
    requested: str, vram_mb: int | None, machine: Machine, device: str, reason: str
) -> None:
    model = model_entry(hardware={"vram_mb": vram_mb})
    choice = choose_device(requested, model, engine_entry(), machine)
    assert choice.device == device
    assert reason in choice.reason


@pytest.mark.parametrize(
    ("requested", "devices", "supports_cpu", "machine", "error", "message"),
    [
        pytest.param(
            "gpu", ["cpu"], True, TWO, InvalidDeviceError, "`gpu` is no device", id="word"
        ),
        pytest.param("cuda:", ["cpu"], True, TWO, InvalidDeviceError, "no device", id="no-number"),
        pytest.param(
            "cuda", ["cpu", "cuda"], True, BARE, DeviceMissingError, "but no GPU", id="no-gpu"
        ),
        pytest.param(
            "cuda:2", ["cuda"], True, TWO, DeviceMissingError, "but only 2 GPUs", id="no-such-gpu"
        ),
        pytest.param(
            "cuda",
            ["cpu"],
            True,
            TWO,
            DeviceNotSupportedError,
            "the engine example cannot run on a GPU",
            id="engine-without-gpu",
        ),
        pytest.param(
            "cpu",
            ["cuda"],
            True,
            TWO,
            DeviceNotSupportedError,
            "the engine example cannot run on the CPU",
            id="engine-without-cpu",
        ),
        pytest.param(
            "cpu",
            ["cpu", "cuda"],
            False,
            TWO,
            DeviceNotSupportedError,
            "the model tiny cannot run on the CPU",
            id="model-without-cpu",
        ),
        pytest.param(
            "auto",
            ["cpu", "cuda"],
            False,
            BARE,
            DeviceMissingError,
            "the model tiny needs a GPU",
            id="auto-needs-gpu",
        ),
    ],
)
def test_no_silent_fallback(
    requested: str,
    devices: list[str],
    supports_cpu: bool,
    machine: Machine,
    error: type[DalstonError],
    message: str,
) -> None:
    model = model_entry(hardware={"supports_cpu": supports_cpu})
    with pytest.raises(error, match=message) as raised:
        choose_device(requested, model, engine_entry(devices=devices), machine)
    assert raised.value.hint


def test_a_gpu_too_small_for_a_gpu_only_model_is_told() -> None:
    model = model_entry(hardware={"supports_cpu": False, "vram_mb": 80_000})
    with pytest.raises(DeviceNotSupportedError, match="cannot run on New with 24000 MB"):
        choose_device("auto", model, engine_entry(), TWO)


def test_check_device_accepts_what_is_there() -> None:
    for requested in ("auto", "cpu", "cuda", "cuda:0", "cuda:1"):
        check_device(requested, TWO)
    with pytest.raises(DeviceMissingError):
        check_device("cuda:7", TWO)


@pytest.mark.parametrize(
    ("requested", "hardware", "machine", "expected"),
    [
        pytest.param("auto", {}, BARE, True, id="unmeasured"),
        pytest.param("auto", {"ram_mb": 5_000}, BARE, False, id="too-little-ram"),
        pytest.param("auto", {}, TINY, False, id="unmeasured-but-larger-than-the-memory"),
        pytest.param("auto", {"ram_mb": 90_000, "vram_mb": 9_000}, TWO, True, id="gpu-instead"),
        pytest.param("cpu", {"ram_mb": 90_000, "vram_mb": 9_000}, TWO, False, id="cpu-asked"),
        pytest.param("cuda:0", {"vram_mb": 9_000}, TWO, False, id="the-smaller-gpu"),
        pytest.param("cuda", {"vram_mb": 9_000}, TWO, True, id="the-larger-gpu"),
        pytest.param("cuda", {}, BARE, False, id="no-gpu"),
    ],
)
def test_fits(requested: str, hardware: dict[str, int], machine: Machine, expected: bool) -> None:
    assert fits(requested, model_entry(hardware=hardware), engine_entry(), machine) is expected


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        pytest.param(None, ["NVIDIA H200", "NVIDIA H200", "NVIDIA T4"], id="all"),
        pytest.param("2,0", ["NVIDIA T4", "NVIDIA H200"], id="order"),
        pytest.param("GPU-ccc", ["NVIDIA T4"], id="uuid"),
        pytest.param("", [], id="none"),
        pytest.param("-1", [], id="minus-one"),
        pytest.param("2,9,0", ["NVIDIA T4"], id="up-to-the-first-unknown"),
    ],
)
def test_visible_gpus(visible: str | None, names: list[str]) -> None:
    gpus = visible_gpus(LISTING, visible)
    assert [gpu.name for gpu in gpus] == names
    assert [gpu.index for gpu in gpus] == list(range(len(names)))


def test_a_hidden_gpu_still_counts_for_the_driver() -> None:
    gpus = visible_gpus(LISTING, "2,0")
    assert [(gpu.index, gpu.position, gpu.uuid) for gpu in gpus] == [
        (0, 2, "GPU-ccc"),
        (1, 0, "GPU-aaa"),
    ]


@pytest.mark.parametrize(
    ("requested", "gpus", "chosen"),
    [
        pytest.param("auto", (1, 0), (1, 0), id="auto"),
        pytest.param("cuda", (1,), (1,), id="cuda"),
        pytest.param("cuda:1", (1,), (), id="one by its number"),
        pytest.param("cpu", (1,), (), id="cpu"),
        pytest.param("auto", (), (), id="none"),
    ],
)
def test_gpus_that_count(requested: str, gpus: tuple[int, ...], chosen: tuple[int, ...]) -> None:
    assert chosen_gpus(requested, gpus) == chosen


def test_a_gpu_twice_is_refused_whatever_the_device() -> None:
    with pytest.raises(RepeatedGpuError):
        chosen_gpus("cpu", (0, 0))


def test_a_machine_with_some_of_its_gpus() -> None:
    assert only_gpus(TWO, ()) == TWO
    first = only_gpus(TWO, (0,))
    assert first.largest_gpu == TWO.gpus[0]
    with pytest.raises(DeviceMissingError, match="cuda:1 was asked for, but only 1 GPU can"):
        check_device("cuda:1", first)
    with pytest.raises(DeviceMissingError, match="cuda:2 was asked for, but only 2 GPUs can"):
        only_gpus(TWO, (0, 2))


@pytest.mark.parametrize(
    ("device", "gpus", "devices"),
    [
        pytest.param("cpu", (0, 1), ("cpu",), id="cpu"),
        pytest.param("cuda:1", (), ("cuda:1",), id="one"),
        pytest.param("cuda:1", (0, 1, 3), ("cuda:1", "cuda:0", "cuda:3"), id="the chosen first"),
    ],
)
def test_replicas_are_spread(device: str, gpus: tuple[int, ...], devices: tuple[str, ...]) -> None:
    assert spread_over(device, gpus) == devices


def test_lines_that_are_no_gpus_are_passed_over() -> None:
    assert visible_gpus("No devices were found\n0, GPU-a, NVIDIA A, [N/A]\n", None) == ()


def test_a_containers_limits_count(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{512 * 1024 * 1024}\n")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    machine = probe_machine({"CUDA_VISIBLE_DEVICES": ""}, tmp_path)
    assert (machine.cpus, machine.ram_mb, machine.gpus) == (1, 512, ())


def test_without_limits_the_whole_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    machine = probe_machine({"CUDA_VISIBLE_DEVICES": ""}, tmp_path)
    assert 1 <= machine.cpus <= (os.cpu_count() or 1)
    assert machine.ram_mb > 512


@pytest.mark.parametrize(
    ("script", "number"),
    [
        pytest.param("echo '0, GPU-a, NVIDIA Test, 1000'", 1, id="answers"),
        pytest.param("echo driver mismatch; exit 9", 0, id="fails"),
    ],
)
def test_nvidia_smi_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, number: int
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert len(probe_machine({}, tmp_path).gpus) == number
