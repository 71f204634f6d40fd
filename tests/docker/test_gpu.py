"""GPUs and a real daemon without any: what is asked for is refused, and the refusal explained.

The daemon of these tests knows nothing of NVIDIA, whatever the machine has.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.docker.daemon import IMAGE
from tests.support.launching import EngineHome

from dalston_cli.catalog.machine import Gpu
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.daemon import Daemon, DaemonFacts, DaemonRefusedError
from dalston_cli.launchers.docker.gpu.problem import GpuHost, gpu_problem
from dalston_cli.launchers.docker.gpu.refusal import GpuRefusedError, explain_refusal
from dalston_cli.launchers.docker.gpu.request import gpu_arguments
from dalston_cli.launchers.docker.labels import HOME
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions

GPUS = (Gpu(index=0, name="Any", vram_mb=24_000, uuid="GPU-5d5ba0d6-0000-0000-0000-000000000000"),)
TOOLKIT = GpuHost(driver=True, toolkit=True, cdi=False)
DRIVER = GpuHost(driver=True, toolkit=False, cdi=False)


@pytest.fixture(scope="module")
def daemon(docker_daemon: str) -> Daemon:
    made = Daemon({"DOCKER_HOST": docker_daemon})
    if "nvidia" in made.facts.runtimes or made.facts.devices:
        pytest.skip("the daemon of the tests has a GPU; its refusals are what is tested here")
    return made


def refusal(daemon: Daemon, arguments: dict[str, Any]) -> str:
    """Return the daemon's answer to a container with ``arguments``."""
    container = daemon.client.containers.create(
        os.environ[IMAGE], ["true"], network_mode="none", **arguments
    )
    try:
        with pytest.raises(DaemonRefusedError) as caught, daemon.explained():
            container.start()
    finally:
        container.remove(force=True)
    return caught.value.explanation


@pytest.mark.parametrize(
    ("device", "gpus"),
    [
        pytest.param("cuda", GPUS, id="any"),
        pytest.param("cuda:0", GPUS, id="by UUID"),
        pytest.param("cuda:1", (), id="by number"),
    ],
)
@pytest.mark.parametrize(
    ("host", "problem", "hint"),
    [
        pytest.param(
            DRIVER,
            "NVIDIA's container toolkit is not installed",
            "sudo apt-get install nvidia-container-toolkit && sudo nvidia-ctk runtime configure",
            id="no toolkit",
        ),
        pytest.param(
            TOOLKIT,
            "Docker was not told of NVIDIA's container runtime",
            "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
            id="no runtime",
        ),
    ],
)
def test_a_gpu_is_refused_with_the_way_to_have_it(
    daemon: Daemon, device: str, gpus: tuple[Gpu, ...], host: GpuHost, problem: str, hint: str
) -> None:
    said = refusal(daemon, gpu_arguments(device, daemon.facts, gpus))
    error = explain_refusal(said, daemon.facts, host)
    assert isinstance(error, GpuRefusedError), said
    assert problem in error.message
    assert hint in str(error.hint)
    foreseen = gpu_problem(daemon.facts, host)
    assert foreseen is not None
    assert (foreseen.message in error.message, foreseen.hint) == (True, error.hint)


def test_cdi_is_refused_by_a_daemon_that_does_not_speak_it(daemon: Daemon) -> None:
    podman = DaemonFacts(
        product="Podman", version="5", rootless=False, machine="", cpus=1, memory_mb=1
    )
    if daemon.facts.raw.get("CDISpecDirs"):
        pytest.skip(f"Docker {daemon.facts.version} speaks CDI; this is for one that does not")
    said = refusal(daemon, gpu_arguments("cuda:0", podman, GPUS))
    error = explain_refusal(said, daemon.facts, TOOLKIT)
    assert isinstance(error, GpuRefusedError), said
    assert f"Docker {daemon.facts.version} does not speak CDI" in error.message
    assert "use Docker 28.3 or later" in str(error.hint)


def test_a_runtime_that_is_not_configured_is_refused(daemon: Daemon) -> None:
    with pytest.raises(DaemonRefusedError) as caught, daemon.explained():
        daemon.client.containers.create(os.environ[IMAGE], ["true"], runtime="nvidia").start()
    error = explain_refusal(caught.value.explanation, daemon.facts, TOOLKIT)
    assert isinstance(error, GpuRefusedError), caught.value.explanation
    assert "sudo nvidia-ctk runtime configure" in str(error.hint)


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


def test_an_engine_that_gets_no_gpu_does_not_start(home: EngineHome, daemon: Daemon) -> None:
    options = DockerOptions(base_image=os.environ[IMAGE])
    launcher = DockerLauncher(home.locations, options, offline=False, daemon=daemon)
    spec = home.spec(device="cuda:0")
    launcher.prepare(spec, Preparation(print))
    with launcher.exclusive(), pytest.raises(GpuRefusedError) as caught:
        launcher.start(spec, replica=0)
    assert 'could not select device driver "" with capabilities: [[gpu]]' in caught.value.message
    assert "nvidia" in str(caught.value.hint)
    ours = f"{HOME}={home.locations.runtime}"
    assert (
        daemon.client.containers.list(all=True, ignore_removed=True, filters={"label": ours}) == []
    )
    assert list(home.locations.runtime.glob("c/*")) == []
