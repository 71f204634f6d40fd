"""The sandbox of an engine, as seen from inside and by the daemon."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.docker.launching import DockerHome, docker_of, made_home
from tests.support.launching import engine_entry

from dalston_cli.launchers.base import EngineInstance
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.sandbox import (
    MODELS_PLACE,
    RUNTIME_PLACE,
    SPOOL_PLACE,
    STATE_PLACE,
)

pytestmark = pytest.mark.docker

MEMORY_MB = 400
CORES = 1.5
SECRETS = {"HF_TOKEN": "hf-secret", "AWS_SECRET_ACCESS_KEY": "aws-secret", "LLM_KEY": "llm-secret"}
"""The engine gets the last one only, and the daemon shows it to no one."""

LOOK = """
import errno, json, os, pathlib, socket, tempfile

def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

def put(folder):
    return attempt(lambda: (pathlib.Path(folder) / "x").write_text("x"))

def limit(*names):
    for name in names:
        path = pathlib.Path("/sys/fs/cgroup") / name
        if path.exists():
            return path.read_text().strip()

engine = dict(
    line.split(":\\t") for line in pathlib.Path("/proc/1/status").read_text().splitlines()
    if line.startswith(("Uid", "Cap", "NoNewPrivs", "Seccomp:"))
)
print(json.dumps({
    "uid": os.getuid(),
    "groups": os.getgroups(),
    "engine": engine,
    "environment": dict(os.environ),
    "home": os.path.expanduser("~"),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "routes": pathlib.Path("/proc/net/route").read_text().splitlines()[1:],
    "connect": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=3)),
    "put": {folder: put(folder) for folder in FOLDERS},
    "memory": limit("memory.max", "memory/memory.limit_in_bytes"),
    "processes": limit("pids.max", "pids/pids.max"),
}))
"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One engine in its container.

    Attributes:
        inside: Output of a program that runs in it.
        outside: The daemon's description of it.
    """

    home: DockerHome
    instance: EngineInstance
    weights: Path
    inside: dict[str, Any]
    outside: dict[str, Any]


@pytest.fixture(scope="module")
def look(docker_daemon: str) -> Iterator[Look]:
    with made_home(docker_daemon) as home, pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        weights = home.folder / "weights"
        weights.mkdir()
        (weights / "model.bin").write_bytes(b"weights")
        launcher = docker_of(home.with_docker(memory_mb=MEMORY_MB, cpus=CORES))
        entry = engine_entry(secrets=("LLM_KEY", "OTHER_KEY"))
        instance = home.start(launcher, engine=entry, weights=(weights,))
        for folder in (weights, home.locations.models / "fake"):
            folder.chmod(0o777)  # nothing but the mount is to keep the engine from writing
        folders = ["/", "/etc", "/opt/dalston/engine", "/opt/engine", "/var/tmp", "/run"]
        folders += [f"{MODELS_PLACE}/fake", str(weights), RUNTIME_PLACE, SPOOL_PLACE, STATE_PLACE]
        folders += ["/tmp"]
        found = launcher._containers.inspect(instance.identity)
        assert found is not None
        yield Look(
            home=home,
            instance=instance,
            weights=weights,
            inside=home.inside(instance, f"FOLDERS = {folders!r}\n{LOOK}"),
            outside=found,
        )


def test_there_is_no_network(look: Look) -> None:
    assert look.inside["interfaces"] == ["lo"]
    assert look.inside["routes"] == []
    assert look.inside["connect"] == "ENETUNREACH"
    assert look.outside["HostConfig"]["NetworkMode"] == "none"
    assert not look.outside["NetworkSettings"]["Ports"]


def test_only_its_own_folders_can_be_written(look: Look) -> None:
    writable = {folder for folder, outcome in look.inside["put"].items() if outcome == "done"}
    assert writable == {RUNTIME_PLACE, SPOOL_PLACE, STATE_PLACE, "/tmp"}
    refused = set(look.inside["put"].values()) - {"done"}
    assert refused <= {"EROFS", "EACCES"}
    assert look.outside["HostConfig"]["ReadonlyRootfs"]


def test_weights_can_be_read_and_not_written(look: Look) -> None:
    for folder in (f"{MODELS_PLACE}/fake", str(look.weights)):
        assert look.inside["put"][folder] == "EROFS"
    assert [path.name for path in look.weights.iterdir()] == ["model.bin"]
    program = f"import json; print(json.dumps(open('{look.weights}/model.bin').read()))"
    assert look.home.inside(look.instance, program) == "weights"


def test_nothing_else_of_this_machine_is_seen(look: Look) -> None:
    binds = {mount["Source"] for mount in look.outside["Mounts"] if mount["Type"] == "bind"}
    socket = look.instance.address.socket
    assert socket is not None
    models = look.home.locations.models / "fake"
    state = look.home.locations.state / "containers" / "fake" / "cpu"
    assert binds == {str(look.weights), str(models), str(socket.parent), str(state)}


def test_what_it_notes_is_there_for_other_containers(look: Look) -> None:
    state = look.home.locations.state / "containers" / "fake" / "cpu"
    assert state.stat().st_mode & 0o777 == 0o700
    assert state.stat().st_uid == look.inside["uid"]
    note = (
        "import json; from pathlib import Path; from dalston_sdk.batch_sizes import BatchSizes\n"
        f"sizes = BatchSizes(Path('{STATE_PLACE}')); sizes.begin('key', None)\n"
    )
    fail = "sizes.does_not_fit('key', 16, reason='no memory', free_mb=None); print('{}')"
    look.home.inside(look.instance, note + fail)
    other = look.home.start()
    assert other.identity != look.instance.identity
    assert look.home.inside(other, note + "print(json.dumps(sizes.limit('key')))") == 8


def test_it_has_no_rights(look: Look) -> None:
    engine = look.inside["engine"]
    caller = os.getuid() or 65532
    assert look.inside["uid"] == caller != 0
    assert engine["Uid"].split() == [str(caller)] * 4
    assert {int(engine[name], 16) for name in engine if name.startswith("Cap")} == {0}
    assert engine["NoNewPrivs"] == "1"
    assert engine["Seccomp"] == "2"
    host = look.outside["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert not host["Devices"]
    assert [each.partition(":")[0] for each in host["SecurityOpt"]] == ["no-new-privileges"]


def test_it_sees_only_the_secrets_that_it_names(look: Look) -> None:
    seen = look.inside["environment"]
    assert not {"LLM_KEY", "HF_TOKEN", "OTHER_KEY"} & set(seen), "it is not in the environment"
    words = json.dumps([seen, look.outside])
    assert not [secret for secret in SECRETS.values() if secret in words]
    assert "--secrets-on-stdin" in look.outside["Config"]["Cmd"]
    # Nothing of the user's own environment.
    assert "/run/dalston" not in seen["PATH"]
    assert str(Path.home()) not in "".join(value for name, value in seen.items() if name != "HOME")


def test_it_has_a_home_and_is_told_to_be_quiet(look: Look) -> None:
    seen = look.inside["environment"]
    assert look.inside["home"] == "/tmp"
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYANNOTE_METRICS_ENABLED": "0",
    }
    assert quiet.items() <= seen.items()
    assert seen["OMP_NUM_THREADS"] == "1"


def test_it_has_limits(look: Look) -> None:
    assert int(look.inside["memory"]) // 1_000_000 in {MEMORY_MB, MEMORY_MB - 1}
    assert int(look.inside["processes"]) == 1024
    host = look.outside["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == MEMORY_MB * 1_000_000
    assert host["NanoCpus"] == CORES * 1e9
    assert host["PidsLimit"] == 1024


def test_it_is_kept_for_its_log_which_cannot_grow_for_ever(look: Look) -> None:
    host = look.outside["HostConfig"]
    assert not host["AutoRemove"]
    assert host["RestartPolicy"]["Name"] in {"", "no"}
    assert host["LogConfig"]["Config"]["max-size"]


def test_its_labels_say_whose_it_is(look: Look) -> None:
    found = look.outside["Config"]["Labels"]
    socket = look.instance.address.socket
    assert socket is not None
    expected = {
        labels.ENGINE: "fake",
        labels.FINGERPRINT: look.instance.fingerprint,
        labels.REPLICA: "0",
        labels.DEVICE: "cpu",
        labels.HOME: str(look.home.locations.runtime),
        labels.FOLDER: str(socket.parent),
        labels.VARIANT: "cpu",
    }
    assert expected.items() <= found.items()


def test_only_an_engine_that_says_so_has_a_network(docker_daemon: str) -> None:
    with made_home(docker_daemon) as home:
        instance = home.start(engine=engine_entry(network=True))
        program = "import json, socket; print(json.dumps([n for _, n in socket.if_nameindex()]))"
        assert set(home.inside(instance, program)) > {"lo"}
