"""The services of ``compose.yaml`` are the repository's engines, as the launchers know them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.test_pages import script
from tests.support.launching import engine_entry

from dalston_cli import __version__
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.images.availability import usual_base
from dalston_cli.launchers.docker.images.context import engine_place
from dalston_cli.launchers.docker.images.torch_layer import torch_locks

ROOT = Path(__file__).resolve().parents[2]
PROFILES = {
    "transcribe": "core",
    "align": "speakers",
    "diarize": "speakers",
    "detect": "detect",
    "refine": "refine",
    "translate": "translate",
}
"""By the folder of an engine."""

GENERATOR = script("generate_compose_docs")
ENGINES = {
    path.parent.name: path.parent for path in sorted((ROOT / "engines").glob("*/*/engine.yaml"))
}


def stack_of(name: str) -> dict[str, dict[str, dict[str, Any]]]:
    stack: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
        (ROOT / name).read_text(encoding="utf-8")
    )
    return stack


STACK = stack_of("compose.yaml")
SERVER = {"gateway", "worker", "redis"}
SERVICES = {name: one for name, one in STACK["services"].items() if name not in SERVER}
CATALOG = load_catalog(CatalogPaths.from_environment({}))
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
    if entry.system_packages:
        arguments["SYSTEM_PACKAGES"] = " ".join(entry.system_packages)
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


@every_service
def test_no_profile_mixes_services_of_a_gpu_with_others(name: str) -> None:
    engine = SERVICES[name]["labels"][labels.ENGINE]
    profile = PROFILES.get(ENGINES[engine].parent.name, "speakers")
    expected = [profile] if name == engine else [f"{profile}-gpu", "gpu"]
    assert SERVICES[name]["profiles"] == expected


@every_service
def test_a_service_has_the_memory_that_its_models_take(name: str) -> None:
    service, engine = SERVICES[name], SERVICES[name]["labels"][labels.ENGINE]
    limit, reserved = GENERATOR.memory_of(engine, CATALOG)
    variable = f"DALSTON_{engine.upper().replace('-', '_')}"
    assert service["mem_limit"] == f"${{{variable}_MEMORY_MB:-{limit}}}m"
    assert service["memswap_limit"] == service["mem_limit"]  # no swap
    assert 256 <= reserved < limit
    resources = service.get("deploy", {}).get("resources", {}).get("reservations", {})
    found = resources["memory"] if resources else service["mem_reservation"]
    assert found == f"${{{variable}_RESERVED_MB:-{reserved}}}m"
    largest = max(model.size_mb for model in CATALOG.models.values() if model.engine == engine)
    assert limit >= 1.5 * largest + 1024


@every_service
def test_a_service_is_built_here_and_has_an_init_and_a_volume_with_a_name(name: str) -> None:
    service = SERVICES[name]
    assert (service["pull_policy"], service["init"]) == ("build", True)
    assert service["volumes"][0] == f"{name}-spool:/spool"
    assert f"{name}-spool" in STACK["volumes"]
    assert [each["target"] for each in service["volumes"][1:]] == ["/models"]


@pytest.mark.parametrize("name", sorted(SERVER))
def test_the_server_is_walled_in_and_healthy_or_not(name: str) -> None:
    service, engine = STACK["services"][name], SERVICES["pocketsphinx"]
    assert service["profiles"] == ["server"]
    assert service["image"] == f"dalston/server:{__version__}"
    for wall in ("user", "read_only", "cap_drop", "security_opt", "pids_limit", "init", "logging"):
        assert service[wall] == engine[wall]
    assert service["networks"] == ["server"]  # engines stay in one of their own
    assert service["healthcheck"]["test"]
    assert ("ports" in service) is (name == "gateway")
    for volume in service["volumes"]:
        if isinstance(volume, str):
            assert volume.partition(":")[0] in STACK["volumes"]


def test_every_service_has_a_gpu_of_its_own_choice() -> None:
    for name, service in SERVICES.items():
        if "deploy" not in service:
            continue
        gpu = f"${{DALSTON_{name.removesuffix('-gpu').upper().replace('-', '_')}_GPU:-0}}"
        [device] = service["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "device_ids": [gpu], "capabilities": ["gpu"]}
        assert service["labels"][labels.DEVICE] == f"cuda:{gpu}"


def test_the_page_of_services_is_current() -> None:
    stale = [file.name for file, page in GENERATOR.pages().items() if file.read_text() != page]
    assert stale == [], "run make docs"


def test_the_page_has_the_anchors_that_people_look_for() -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    for anchor in (
        *("## Profiles", "## Logs", "## Backup", "## Troubleshooting", "### GPU not available"),
        *("### Engine not processing", "### Out of memory", "docker compose logs -f"),
    ):
        assert f"\n{anchor}" in page or f" {anchor}" in page
    assert not re.search(r"\bdocker-compose (?:up|build|logs|down|ps)", page)
    for service in re.findall(r"docker compose (?:up -d|build|stop|logs -f) ([a-z][\w-]+)", page):
        assert service in STACK["services"]
    for profile in re.findall(r"--profile ([\w-]+)", page):
        assert any(profile in each["profiles"] for each in STACK["services"].values())


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
    mounted = stack_of("compose.dev.yaml")["services"]
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
