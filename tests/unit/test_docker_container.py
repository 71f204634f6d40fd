"""Arguments that a container is created with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import engine_entry

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.sandbox import (
    ContainerPlan,
    LimitUnsupportedError,
    User,
    WeightsPlaceError,
    can_limit_memory,
    container_arguments,
    container_user,
    secrets_of,
)
from dalston_cli.launchers.docker.daemon import DaemonFacts
from dalston_cli.launchers.docker.options import DockerOptions

FACTS = DaemonFacts(
    product="Docker", version="28.0", rootless=False, machine="x86_64", cpus=8, memory_mb=10_000
)
ROOTLESS = replace(FACTS, rootless=True)
PODMAN = replace(FACTS, product="Podman")
FOLDER = Path("/run/user/1000/dalston/c/fake-01234567-0")


def plan(*, engine: dict[str, Any] | None = None, **changes: Any) -> ContainerPlan:
    """A container of the fake engine; names of changes to its spec start with ``spec_``."""
    of_spec = {name: value for name, value in changes.items() if name.startswith("spec_")}
    spec = EngineSpec(
        engine=engine_entry(**(engine or {})),
        models_dir=Path("/models"),
        **{name.removeprefix("spec_"): value for name, value in of_spec.items()},
    )
    usual: dict[str, Any] = {
        "image": "sha256:0123",
        "fingerprint": "0123456789",
        "replica": 0,
        "home": "/run/user/1000/dalston",
        "user": User(name="1000:1000"),
        "cores": 4,
        "models": Path("/home/user/models/fake"),
        "models_mark": "77",
        "state": Path("/home/user/state/containers/fake/cpu"),
        "folder": FOLDER,
    }
    others = {name: value for name, value in changes.items() if name not in of_spec}
    return ContainerPlan(spec=spec, **usual | others)


def arguments(
    made: ContainerPlan | None = None,
    facts: DaemonFacts = FACTS,
    options: DockerOptions = DockerOptions(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    return container_arguments(made or plan(), facts, options)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("read_only", True),
        ("cap_drop", ["ALL"]),
        ("security_opt", ["no-new-privileges"]),
        ("network_mode", "none"),
        ("user", "1000:1000"),
        ("pids_limit", 1024),
        ("tmpfs", {"/tmp": "mode=1777,exec"}),
        ("use_config_proxy", False),
    ],
)
def test_every_container_is_held(name: str, expected: object) -> None:
    assert arguments()[name] == expected


@pytest.mark.parametrize(
    "name",
    ["auto_remove", "cap_add", "devices", "ipc_mode", "pid_mode", "ports", "privileged", "volumes"],
)
def test_no_container_is_given(name: str) -> None:
    assert name not in arguments()


@pytest.mark.parametrize(
    ("facts", "uid", "expected"),
    [
        pytest.param(FACTS, 1000, User(name="1000:100"), id="user"),
        pytest.param(FACTS, 0, User(name="65532:65532", owner=65532), id="root"),
        pytest.param(ROOTLESS, 1000, User(name="0:0"), id="rootless"),
        pytest.param(
            replace(PODMAN, rootless=True),
            1000,
            User(name="1000:100", namespace="keep-id"),
            id="rootless-podman",
        ),
        pytest.param(PODMAN, 0, User(name="65532:65532", owner=65532), id="podman"),
    ],
)
def test_an_engine_is_never_root_of_this_machine(
    facts: DaemonFacts, uid: int, expected: User
) -> None:
    assert container_user(facts, uid=uid, gid=100) == expected


def test_a_namespace_is_asked_for_where_users_are_kept() -> None:
    kept = plan(user=User(name="1000:1000", namespace="keep-id"))
    assert arguments(kept)["userns_mode"] == "keep-id"
    assert "userns_mode" not in arguments()


def test_memory_is_limited() -> None:
    found = arguments(plan(memory_mb=3000))
    assert found["mem_limit"] == found["memswap_limit"] == 3_000_000_000


def test_memory_is_not_limited_where_its_size_is_unknown() -> None:
    assert not can_limit_memory(replace(FACTS, memory_mb=0))
    assert "mem_limit" not in arguments(facts=replace(FACTS, memory_mb=0))


@pytest.mark.parametrize(
    ("cpus", "replicas", "threads", "nano"),
    [
        pytest.param(None, 1, "4", None, id="all"),
        pytest.param(None, 2, "2", None, id="shared-by-replicas"),
        pytest.param(2.5, 1, "2", 2_500_000_000, id="as-set"),
        pytest.param(2.5, 2, "2", 2_500_000_000, id="as-set-for-each"),
        pytest.param(0.5, 1, "1", 500_000_000, id="less-than-one"),
        pytest.param(6.0, 1, "4", 6_000_000_000, id="more-than-there-are"),
    ],
)
def test_cores_are_limited(cpus: float | None, replicas: int, threads: str, nano: int) -> None:
    found = arguments(plan(spec_replicas=replicas), options=DockerOptions(cpus=cpus))
    assert found.get("nano_cpus") == nano
    assert found["environment"]["OMP_NUM_THREADS"] == threads


@pytest.mark.parametrize(
    ("options", "unable", "setting"),
    [
        (DockerOptions(memory_mb=100), "MemoryLimit", "DALSTON_ENGINE_MEMORY_MB"),
        (DockerOptions(cpus=1), "CpuCfsQuota", "DALSTON_ENGINE_CPUS"),
    ],
    ids=["memory", "cores"],
)
def test_a_limit_that_cannot_be_kept_is_refused(
    options: DockerOptions, unable: str, setting: str
) -> None:
    with pytest.raises(LimitUnsupportedError) as caught:
        arguments(facts=replace(FACTS, raw={unable: False}), options=options)
    assert setting in str(caught.value.hint)


@pytest.mark.parametrize(
    ("unable", "name"),
    [("MemoryLimit", "mem_limit"), ("PidsLimit", "pids_limit")],
    ids=["memory", "processes"],
)
def test_a_limit_of_our_own_is_left_out_where_it_cannot_be_kept(unable: str, name: str) -> None:
    assert name not in arguments(facts=replace(FACTS, raw={unable: False}))


def test_mounts_are_weights_and_a_folder_of_its_own() -> None:
    found = arguments(plan(spec_weights=(Path("/data/w"), Path("/data/w"), Path("/data/one.bin"))))
    mounts = {each["Target"]: each for each in found["mounts"]}
    assert len(mounts) == len(found["mounts"]) == 6
    assert mounts["/spool"] == {"Type": "volume", "Target": "/spool"}
    assert (mounts["/run/dalston"]["Source"], mounts["/run/dalston"]["ReadOnly"]) == (
        str(FOLDER),
        False,
    )
    assert (mounts["/state"]["Source"], mounts["/state"]["ReadOnly"]) == (
        "/home/user/state/containers/fake/cpu",
        False,
    )
    weights = {"/models/fake": "/home/user/models/fake"}
    weights |= {"/data/w": "/data/w", "/data/one.bin": "/data/one.bin"}
    for target, source in weights.items():
        expected = {"Type": "bind", "Source": source, "Target": target, "ReadOnly": True}
        assert mounts[target] == expected


@pytest.mark.parametrize("path", ["/", "/usr", "/opt", "/models", "/tmp", "/run", "/state"])
def test_weights_never_hide_what_the_engine_needs(path: str) -> None:
    with pytest.raises(WeightsPlaceError, match=f"weights in {path} "):
        arguments(plan(spec_weights=(Path(path),)))


def test_the_command_names_places_of_the_container() -> None:
    found = arguments(plan(spec_keep_alive_s=-1.0))["command"]
    options = dict(zip(found[::2], found[1::2], strict=True))
    assert options == {
        "--runtime-dir": "/run/dalston",
        "--models-dir": "/models",
        "--spool-dir": "/spool",
        "--state-dir": "/state",
        "--device": "cpu",
        "--keep-alive": "-1",
        "--fingerprint": "0123456789",
    }


def test_a_gpu_is_the_first_one_inside() -> None:
    request = {"device_requests": ["one"]}
    found = arguments(plan(spec_device="cuda:1", gpu=request))
    assert found["device_requests"] == ["one"]
    assert "cuda:0" in found["command"]
    assert found["labels"][labels.DEVICE] == "cuda:1"


@pytest.mark.parametrize(
    ("relayed", "url"),
    [(True, "http://127.0.0.1:11434"), (False, "http://host.docker.internal:11434")],
)
def test_a_server_of_this_machine_has_another_name_inside_without_a_relay(
    monkeypatch: pytest.MonkeyPatch, relayed: bool, url: str
) -> None:
    monkeypatch.setenv("LLM_URL", "http://127.0.0.1:11434")
    service = {"url": "LLM_URL", "key": "LLM_KEY"}
    made = plan(engine={"secrets": ("LLM_URL",), "services": (service,)}, relayed=relayed)
    assert secrets_of(made) == {"LLM_URL": url}


def test_variables_are_few_and_secrets_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LLM_KEY", "HF_TOKEN", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "LC_ALL"):
        monkeypatch.setenv(name, f"{name}-of-the-user")
    made = plan(
        engine={"secrets": ("LLM_KEY", "OTHER")}, spec_environment={"DALSTON_FAKE_SLOTS": "2"}
    )
    given = arguments(made)
    assert secrets_of(made) == {"LLM_KEY": "LLM_KEY-of-the-user"}
    assert given["stdin_open"]
    assert "--secrets-on-stdin" in given["command"]
    found = given["environment"]
    assert found["DALSTON_FAKE_SLOTS"] == "2"
    assert found["HOME"] == "/tmp"
    assert found["HF_HUB_OFFLINE"] == "1"
    assert "of-the-user" not in str(given)
    assert "PATH" not in found


def test_without_secrets_nothing_is_read() -> None:
    given = arguments()
    assert not given["stdin_open"]
    assert "--secrets-on-stdin" not in given["command"]


def test_an_engine_with_a_relay_has_no_network() -> None:
    given = arguments(plan(engine={"network": True}, relayed=True))
    assert given["network_mode"] == "none"
    assert not given["use_config_proxy"]
    assert given["environment"]["ENGINE_SERVICE_SOCKETS"] == "/run/dalston/services"


@pytest.mark.parametrize(
    ("network", "token", "expected"),
    [
        pytest.param(False, None, {"network_mode": "none"}, id="socket"),
        pytest.param(True, None, {"network_mode": "bridge"}, id="socket-with-network"),
        pytest.param(False, "t", {"network": "dalston"}, id="port"),
        pytest.param(True, "t", {"network_mode": "bridge"}, id="port-with-network"),
    ],
)
def test_the_network_is_what_it_takes(
    network: bool, token: str | None, expected: dict[str, str]
) -> None:
    folder = None if token else FOLDER
    found = arguments(plan(engine={"network": network}, token=token, folder=folder))
    names = ("network", "network_mode")
    assert {name: found[name] for name in names if name in found} == expected
    assert found["use_config_proxy"] is network
    published = {"8400/tcp": ("127.0.0.1", None)} if token else None
    assert found.get("ports") == published


def test_a_port_is_opened_by_a_token_that_only_the_environment_holds() -> None:
    made = plan(token="opens-it", folder=None)
    found = arguments(made)
    assert found["environment"]["DALSTON_ENGINE_TOKEN"] == "opens-it"
    assert found["command"][-2:] == ["--tcp", "0.0.0.0:8400"]
    assert "/tmp/dalston" in found["command"]
    assert labels.FOLDER not in found["labels"]
    assert "opens-it" not in f"{found['command']} {found['labels']} {made!r}"
    assert "/run/dalston" not in {each["Target"] for each in found["mounts"]}


def test_labels_say_whose_it_is() -> None:
    assert arguments(plan(replica=3))["labels"] == {
        "dalston.engine": "fake",
        "dalston.fingerprint": "0123456789",
        "dalston.replica": "3",
        "dalston.device": "cpu",
        "dalston.home": "/run/user/1000/dalston",
        "dalston.models": "77:/home/user/models/fake",
        "dalston.folder": str(FOLDER),
    }
