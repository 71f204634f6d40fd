"""The services of ``compose.yaml`` are the repository's engines, as the launchers know them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.launching import engine_entry

from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.images.availability import usual_base
from dalston_cli.launchers.docker.images.context import engine_place
from dalston_cli.launchers.docker.images.torch_layer import torch_locks

ROOT = Path(__file__).resolve().parents[2]
PROFILES = {"core", "gpu", "speakers", "detect"}
ENGINES = {
    path.parent.name: path.parent for path in sorted((ROOT / "engines").glob("*/*/engine.yaml"))
}


def services_of(name: str) -> dict[str, dict[str, Any]]:
    stack: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
        (ROOT / name).read_text(encoding="utf-8")
    )
    return stack["services"]


SERVICES = services_of("compose.yaml")
every_service = pytest.mark.parametrize("name", SERVICES)


def about(engine: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        (ENGINES[engine] / "engine.yaml").read_text(encoding="utf-8")
    )
    return found


def expected_arguments(engine: str, variant: str) -> dict[str, str]:
    """Return the build arguments of the launcher."""
    entry = engine_entry(ENGINES[engine])
    arguments = {"ENGINE": engine_place(entry)}
    if torch_locks(entry.folder):
        arguments["PYTORCH"] = "yes"
    base = usual_base(entry, variant)
    if variant == "cuda" and base == usual_base(entry, "cpu"):
        arguments["BASE_IMAGE"] = base
    return arguments


@every_service
def test_a_service_is_an_engine_of_this_version(name: str) -> None:
    service = SERVICES[name]
    engine = service["labels"][labels.ENGINE]
    variant = "cpu" if service["labels"][labels.DEVICE] == "cpu" else "cuda"
    assert name == (engine if variant == "cpu" else f"{engine}-gpu")
    assert service["image"] == f"dalston/{engine}:{about(engine)['version']}-{variant}"
    assert service["build"]["args"] == expected_arguments(engine, variant)
    assert service["build"]["dockerfile"] == f"dockerfiles/{variant}.Dockerfile"
    assert variant in about(engine)["devices"]
    assert service["labels"][labels.SERVICE] == "compose"
    assert labels.HOME not in service["labels"]
    assert set(service["profiles"]) <= PROFILES


def test_every_engine_has_a_service_for_each_kind_of_device() -> None:
    offered = {
        (each["labels"][labels.ENGINE], each["labels"][labels.DEVICE].partition(":")[0])
        for each in SERVICES.values()
    }
    # One that reaches the network works with its user's own keys, and at its user's cost.
    served = [name for name in ENGINES if not about(name).get("network")]
    assert offered == {(name, device) for name in served for device in about(name)["devices"]}


@every_service
def test_a_service_of_a_gpu_asks_for_it_and_no_other_does(name: str) -> None:
    service = SERVICES[name]
    on_gpu = service["labels"][labels.DEVICE] != "cpu"
    assert ("deploy" in service) is on_gpu
    assert service["command"].endswith(f"--device {'cuda:0' if on_gpu else 'cpu'}")
    assert f"--tcp 0.0.0.0:{labels.PORT} " in service["command"]


@every_service
def test_no_service_has_a_name_or_port_that_only_one_replica_can_have(name: str) -> None:
    service = SERVICES[name]
    variable = f"DALSTON_{name.upper().replace('-', '_')}_PORT"
    assert service["ports"] == [f"${{DALSTON_BIND:-127.0.0.1}}:${{{variable}:-}}:{labels.PORT}"]
    assert "container_name" not in service


def test_the_source_of_every_service_can_be_mounted() -> None:
    mounted = services_of("compose.dev.yaml")
    assert set(mounted) == set(SERVICES)
    for name, service in mounted.items():
        folder = ENGINES[SERVICES[name]["labels"][labels.ENGINE]].relative_to(ROOT)
        sdk = "engines/sdk/src/dalston_sdk"
        assert service == {
            "volumes": [
                f"./{sdk}:/opt/dalston/sdk/dalston_sdk:ro",
                f"./{folder}:/opt/dalston/engine:ro",
            ]
        }
        assert (ROOT / sdk).is_dir()
