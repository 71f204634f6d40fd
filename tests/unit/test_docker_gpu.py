"""GPUs in containers: what is asked for, what is missing, and what a refusal means."""

from pathlib import Path
from typing import Any

import pytest

from dalston_cli.catalog.machine import Gpu
from dalston_cli.launchers.docker.daemon import DaemonFacts
from dalston_cli.launchers.docker.gpu.problem import GpuHost, gpu_problem, probe_gpu_host
from dalston_cli.launchers.docker.gpu.refusal import explain_refusal
from dalston_cli.launchers.docker.gpu.request import gpu_arguments, inner_device

NEW = Gpu(index=0, name="New", vram_mb=24_000, uuid="GPU-new", position=2)
OLD = Gpu(index=1, name="Old", vram_mb=8_000, uuid="GPU-old", position=0)
NAMELESS = Gpu(index=2, name="Nameless", vram_mb=8_000)
GPUS = (NEW, OLD, NAMELESS)

READY = GpuHost(driver=True, toolkit=True, cdi=True)
BARE = GpuHost(driver=False, toolkit=False, cdi=False)
DRIVER = GpuHost(driver=True, toolkit=False, cdi=False)
TOOLKIT = GpuHost(driver=True, toolkit=True, cdi=False)

CDI = {"CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]}


def facts(**changes: Any) -> DaemonFacts:
    """A daemon that was told nothing of GPUs."""
    plain: dict[str, Any] = {
        "product": "Docker",
        "version": "20.10.24",
        "rootless": False,
        "machine": "x86_64",
        "cpus": 8,
        "memory_mb": 32_000,
        "runtimes": frozenset({"runc"}),
    }
    return DaemonFacts(**(plain | changes))


TOLD = facts(runtimes=frozenset({"runc", "nvidia"}))
LISTS = facts(
    version="28.3.0",
    devices=("nvidia.com/gpu=0", "nvidia.com/gpu=GPU-new", "nvidia.com/gpu=all"),
    raw=CDI,
)
PODMAN = facts(product="Podman", version="5.4.0")
ROOTLESS = facts(rootless=True)
SNAP = facts(raw={"DockerRootDir": "/var/snap/docker/common/var-lib-docker"})
DESKTOP = facts(product="Docker Desktop")
READS_CDI = facts(version="28.1.0", raw=CDI)


@pytest.mark.parametrize(
    ("device", "daemon", "gpus", "driver", "ids", "count"),
    [
        pytest.param("cuda:0", TOLD, GPUS, "", ["GPU-new"], 0, id="by UUID"),
        pytest.param("cuda:2", TOLD, GPUS, "", ["2"], 0, id="by number without UUID"),
        pytest.param("cuda:1", TOLD, (), "", ["1"], 0, id="by number on another machine"),
        pytest.param("cuda", TOLD, GPUS, "", None, 1, id="any"),
        pytest.param("cuda:0", facts(), GPUS, "", ["GPU-new"], 0, id="though nobody was told"),
        pytest.param("cuda:0", LISTS, GPUS, "cdi", ["nvidia.com/gpu=GPU-new"], 0, id="CDI by UUID"),
        pytest.param("cuda:1", LISTS, GPUS, "cdi", ["nvidia.com/gpu=0"], 0, id="CDI by position"),
        pytest.param("cuda", LISTS, GPUS, "cdi", ["nvidia.com/gpu=0"], 0, id="CDI any"),
        pytest.param("cuda:1", PODMAN, GPUS, "cdi", ["nvidia.com/gpu=0"], 0, id="Podman"),
        pytest.param("cuda", PODMAN, (), "cdi", ["nvidia.com/gpu=0"], 0, id="Podman any"),
        pytest.param("cuda:0", READS_CDI, GPUS, "cdi", ["nvidia.com/gpu=2"], 0, id="CDI unlisted"),
    ],
)
def test_what_is_asked_for(
    device: str,
    daemon: DaemonFacts,
    gpus: tuple[Gpu, ...],
    driver: str,
    ids: list[str] | None,
    count: int,
) -> None:
    [request] = gpu_arguments(device, daemon, gpus)["device_requests"]
    assert (request["Driver"], request["DeviceIDs"] or None) == (driver, ids)
    assert request["Count"] == count
    assert request["Capabilities"] == ([] if driver == "cdi" else [["gpu"]])


def test_the_cpu_needs_no_request() -> None:
    assert gpu_arguments("cpu", LISTS, GPUS) == {}


@pytest.mark.parametrize(
    ("outside", "inside"), [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:3", "cuda:0")]
)
def test_a_container_sees_one_gpu(outside: str, inside: str) -> None:
    assert inner_device(outside) == inside


@pytest.mark.parametrize(
    ("daemon", "host", "missing", "command"),
    [
        pytest.param(TOLD, READY, None, "", id="told"),
        pytest.param(LISTS, TOOLKIT, None, "", id="lists devices"),
        pytest.param(TOLD, None, None, "", id="told, elsewhere"),
        pytest.param(READS_CDI, READY, None, "", id="reads the file that is there"),
        pytest.param(PODMAN, READY, None, "", id="Podman with a file"),
        pytest.param(PODMAN, None, None, "", id="Podman elsewhere tells nothing"),
        pytest.param(TOLD, BARE, "driver", "nvidia-smi", id="driver"),
        pytest.param(facts(), BARE, "driver", "nvidia-smi", id="driver first"),
        pytest.param(
            facts(),
            DRIVER,
            "toolkit",
            "sudo apt-get install nvidia-container-toolkit && sudo nvidia-ctk runtime configure "
            "--runtime=docker && sudo systemctl restart docker",
            id="toolkit",
        ),
        pytest.param(
            PODMAN,
            DRIVER,
            "toolkit",
            "&& sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
            id="toolkit for Podman",
        ),
        pytest.param(
            facts(),
            TOOLKIT,
            "runtime",
            "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
            id="runtime",
        ),
        pytest.param(facts(), READY, "runtime", "runtime configure", id="a file nobody reads"),
        pytest.param(facts(), None, "runtime", "runtime configure", id="runtime elsewhere"),
        pytest.param(
            ROOTLESS,
            TOOLKIT,
            "runtime",
            '--config="$HOME/.config/docker/daemon.json" && sudo nvidia-ctk config --set '
            "nvidia-container-cli.no-cgroups --in-place && systemctl --user restart docker",
            id="rootless",
        ),
        pytest.param(
            READS_CDI,
            TOOLKIT,
            "cdi",
            "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
            id="file",
        ),
        pytest.param(PODMAN, TOOLKIT, "cdi", "cdi generate", id="file for Podman"),
        pytest.param(READS_CDI, None, "cdi", "cdi generate", id="file elsewhere"),
        pytest.param(SNAP, TOOLKIT, "product", "sudo snap remove docker", id="snap"),
        pytest.param(DESKTOP, TOOLKIT, "product", "docker context use default", id="desktop"),
    ],
)
def test_what_is_missing(
    daemon: DaemonFacts, host: GpuHost | None, missing: str | None, command: str
) -> None:
    problem = gpu_problem(daemon, host)
    assert (problem and problem.missing) == missing
    assert problem is None or command in problem.hint


HOOK = "OCI runtime create failed: error running hook: exit status 1, stdout: , stderr: "


@pytest.mark.parametrize(
    ("said", "daemon", "host", "problem", "hint"),
    [
        pytest.param(
            'could not select device driver "" with capabilities: [[gpu]]',
            facts(),
            DRIVER,
            "container toolkit is not installed",
            "sudo apt-get install nvidia-container-toolkit && ",
            id="no toolkit",
        ),
        pytest.param(
            'could not select device driver "" with capabilities: [[gpu]]',
            facts(),
            TOOLKIT,
            "Docker was not told of",
            "sudo nvidia-ctk runtime configure",
            id="no runtime",
        ),
        pytest.param(
            'could not select device driver "nvidia" with capabilities: [[gpu]]',
            TOLD,
            READY,
            "was started before",
            "sudo systemctl restart docker",
            id="not restarted",
        ),
        pytest.param(
            'could not select device driver "" with capabilities: [[gpu]]',
            facts(),
            BARE,
            "driver is not installed",
            "nvidia-smi",
            id="no driver",
        ),
        pytest.param(
            'could not select device driver "" with capabilities: [[gpu]]',
            facts(),
            None,
            "on its machine",
            "there: sudo apt-get install nvidia-container-toolkit && ",
            id="elsewhere",
        ),
        pytest.param(
            "Unknown runtime specified nvidia",
            facts(),
            TOOLKIT,
            "Docker was not told of",
            "runtime configure",
            id="unknown runtime",
        ),
        pytest.param(
            "unknown or invalid runtime name: nvidia",
            facts(),
            TOOLKIT,
            "Docker was not told of",
            "runtime configure",
            id="unknown runtime of newer Docker",
        ),
        pytest.param(
            "failed to discover GPU vendor from CDI: no known GPU vendor found",
            READS_CDI,
            TOOLKIT,
            "no file describes the GPUs",
            "sudo nvidia-ctk cdi generate",
            id="Docker 29",
        ),
        pytest.param(
            'could not select device driver "cdi" with capabilities: []',
            facts(),
            READY,
            "Docker 20.10.24 does not speak CDI",
            "use Docker 28.3 or later",
            id="no CDI",
        ),
        pytest.param(
            "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=7",
            LISTS,
            READY,
            "do not describe that GPU",
            "nvidia-ctk cdi list",
            id="unresolvable",
        ),
        pytest.param(
            "setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=0",
            PODMAN,
            DRIVER,
            "toolkit is not installed",
            "cdi generate",
            id="unresolvable by Podman",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: initialization error: nvml error: driver/library "
            "version mismatch: unknown",
            TOLD,
            READY,
            "updated while it was in use",
            "sudo reboot",
            id="mismatch",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: initialization error: nvml error: driver not loaded",
            TOLD,
            READY,
            "driver is not loaded",
            "nvidia-smi",
            id="not loaded",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: initialization error: load library failed: "
            "libnvidia-ml.so.1: cannot open shared object file: no such file or directory",
            TOLD,
            None,
            "driver is not loaded",
            "nvidia-smi",
            id="no library",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: device error: 7: unknown device: unknown",
            TOLD,
            READY,
            "no such GPU",
            "--gpus N",
            id="no such GPU",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, "
            "please update your driver to a newer version",
            TOLD,
            READY,
            "older than the CUDA",
            "update",
            id="old driver",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: mount error: failed to add device rules: unable to "
            "find any existing device filters attached to the cgroup: "
            "bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted",
            ROOTLESS,
            READY,
            "may not change the container's cgroup",
            "nvidia-container-cli.no-cgroups",
            id="cgroup",
        ),
        pytest.param(
            'exec: "nvidia-container-runtime-hook": executable file not found in $PATH',
            TOLD,
            DRIVER,
            "programs of NVIDIA's container toolkit are missing",
            "apt-get install nvidia-container-toolkit",
            id="hook gone",
        ),
        pytest.param(
            HOOK + "nvidia-container-cli: ldcache error: process failed",
            TOLD,
            READY,
            "toolkit failed",
            "nvidia-smi",
            id="something else",
        ),
    ],
)
def test_what_a_refusal_means(
    said: str, daemon: DaemonFacts, host: GpuHost | None, problem: str, hint: str
) -> None:
    error = explain_refusal(said, daemon, host)
    assert error is not None
    assert (error.code, error.exit_code) == ("gpu_refused", 5)
    assert problem in error.message
    assert said in error.message
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    "said",
    [
        "No such image: dalston/fake:1.0.0-cpu",
        "Your kernel does not support memory limit capabilities or the cgroup is not mounted",
        "invalid mount config for type bind: bind source path does not exist: /models/nvidia",
    ],
)
def test_other_refusals_are_left_to_others(said: str) -> None:
    assert explain_refusal(said, TOLD, READY) is None


def test_this_machines_files(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    assert probe_gpu_host(tmp_path, str(tools)) == BARE

    driver = tmp_path / "proc/driver/nvidia/version"
    driver.parent.mkdir(parents=True)
    driver.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module")
    assert probe_gpu_host(tmp_path, str(tools)) == DRIVER

    (tools / "nvidia-ctk").touch(mode=0o755)
    folder = tmp_path / "etc/cdi"
    folder.mkdir(parents=True)
    (folder / "other.yaml").write_text("kind: vendor.example/device")
    (folder / "nvidia.yaml.old").write_text("kind: nvidia.com/gpu")
    assert probe_gpu_host(tmp_path, str(tools)) == TOOLKIT

    (folder / "nvidia.yaml").write_text("cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n")
    assert probe_gpu_host(tmp_path, str(tools)) == READY


def test_windows_lends_its_driver(tmp_path: Path) -> None:
    lent = tmp_path / "usr/lib/wsl/lib/nvidia-smi"
    lent.parent.mkdir(parents=True)
    lent.touch()
    assert probe_gpu_host(tmp_path, "").driver
