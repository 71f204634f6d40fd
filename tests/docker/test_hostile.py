"""An engine that tries to do harm is held, and told of; the other recordings are finished.

One run over a manifest has the hostile engine try everything it knows; the tests look at what it
has to say, at the host, and at a container of another user.
"""

import csv
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from docker.models.containers import Container
from tests.docker.daemon import connected
from tests.docker.user import DockerUser, made_user
from tests.engines.hostile.attempts import LET_IT, MARKER, NOTHING
from tests.support.pipeline_home import write_recording

pytestmark = [pytest.mark.slow]

HOSTILE = Path(__file__).resolve().parents[1] / "engines" / "hostile"
ATTACKS = (
    *("phone-home", "write-weights", "write-root", "read-secrets", "become-root"),
    *("fork-bomb", "eat-memory", "fill-disk"),
)
TOO_GREEDY = {"eat-memory", "fill-disk"}
"""``/tmp`` of a container is in its memory."""

INNOCENTS = ("innocent-before", "innocent-after")
MEMORY_MB = 512
SECRETS = {"AWS_SECRET_ACCESS_KEY": "a", "HF_TOKEN": "b", "SSH_AUTH_SOCK": "/c"}
MAY_SEE = {
    *("/etc/hostname", "/etc/hosts", "/etc/resolv.conf"),
    *("/run/dalston", "/spool", "/state", "/models/hostile"),
}


@dataclass
class Neighbour:
    """A server on the host, where containers with a network could reach it.

    Attributes:
        calls: Addresses that called.
    """

    server: socket.socket
    calls: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        host, port = self.server.getsockname()
        return f"{host}:{port}"

    def listen(self) -> None:
        """Until the socket is closed."""
        while True:
            try:
                connection, address = self.server.accept()
            except OSError:
                return
            self.calls.append(address)
            connection.close()


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """State after the one run that tries everything."""

    user: DockerUser
    result: CompletedProcess[str]
    out: Path
    weights: Path
    host_file: Path
    neighbour: Neighbour
    bystander: Container

    def transcript(self, name: str) -> list[str]:
        """The text of each segment."""
        found = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))
        return [segment["text"] for segment in found["segments"]]

    def refused(self, name: str) -> dict[str, str]:
        """Return the reasons by attempt; nothing may have been done."""
        made = [line.split(" | ") for line in self.transcript(name)]
        assert [line for line in made if line[0] == "done"] == []
        return {what: why for outcome, what, why in made if outcome == "refused"}

    def seen(self, name: str, what: str) -> set[str]:
        """Names that were to be seen."""
        [names] = [
            line.split(" | ")[2].split()
            for line in self.transcript(name)
            if line.startswith(f"saw | {what} | ")
        ]
        return set(names) - {NOTHING}


@pytest.fixture(scope="module")
def neighbour(docker_daemon: str) -> Iterator[Neighbour]:
    with connected(docker_daemon) as client:
        bridge = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    host = next(ip_network(bridge["Subnet"]).hosts())
    with socket.create_server((str(host), 0)) as server:
        listener = Neighbour(server)
        thread = threading.Thread(target=listener.listen)
        thread.start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(scope="module")
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        yield made


@pytest.fixture(scope="module")
def bystander(user: DockerUser) -> Iterator[Container]:
    """A container of another user, which runs at the same time."""
    image = os.environ["DALSTON_BASE_IMAGE"]
    container = user.client.containers.run(image, ["sleep", "600"], detach=True, network="none")
    container.reload()
    yield container
    container.remove(force=True)


def write_catalog(folder: Path, weights: Path) -> None:
    """A model for each attack, and one that does nothing bad; all with weights worth attacking."""
    folder.mkdir()
    for name in (*ATTACKS, "innocent"):
        entry = {
            "id": name,
            "engine": "hostile",
            "runtime_model_id": name,
            "stages": ["transcribe"],
            "name": name,
            "licence": "Apache-2.0",
            "source": {"kind": "file", "path": str(weights)},
            "size_mb": 0,
            "capabilities": {"prompts": True},
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")


def write_manifest(folder: Path, prompts: dict[str, str]) -> Path:
    """Recordings named for what is tried on them, an innocent one at each end."""
    rows = [{"path": f"{INNOCENTS[0]}.wav", "model": "innocent", "prompt": ""}]
    rows += [
        {"path": f"{name}.wav", "model": name, "prompt": prompts.get(name, "")} for name in ATTACKS
    ]
    rows += [{"path": f"{INNOCENTS[1]}.wav", "model": "innocent", "prompt": ""}]
    for number, row in enumerate(rows):
        write_recording(folder / row["path"], seconds=6 - number / 4, seed=number)
    manifest = folder / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["path", "model", "prompt"])
        writer.writeheader()
        writer.writerows(rows)
    return manifest


@pytest.fixture(scope="module")
def aftermath(user: DockerUser, bystander: Container, neighbour: Neighbour) -> Aftermath:
    base = user.folder
    weights, host_file = base / "weights", base / "diary.txt"
    weights.mkdir()
    # Nothing but the mount is to keep the engine from writing.
    weights.chmod(0o777)
    (weights / "model.bin").write_bytes(b"weights")
    (weights / "model.bin").chmod(0o666)
    host_file.write_text("dear diary", encoding="utf-8")
    write_catalog(base / "catalog", weights)
    manifest = write_manifest(
        base / "in", {"phone-home": neighbour.address, "read-secrets": str(host_file)}
    )
    user.environ |= SECRETS | {
        MARKER: LET_IT,
        "DALSTON_ENGINES_PATH": str(HOSTILE),
        "DALSTON_CATALOG_PATH": str(base / "catalog"),
        "DALSTON_ENGINE_MEMORY_MB": str(MEMORY_MB),
    }
    pulled = user.run("models", "pull", *ATTACKS, "innocent")
    assert pulled.returncode == 0, pulled.stderr
    out = base / "out"
    result = user.run(
        *("transcribe", "--manifest", manifest, "-o", out, "-f", "json"),
        *(
            "--jobs",
            "1",
            "--order",
            "given",
            "--align",
            "never",
            "--keep-doubtful",
        ),  # its reports are no speech
    )
    return Aftermath(
        user=user,
        result=result,
        out=out,
        weights=weights,
        host_file=host_file,
        neighbour=neighbour,
        bystander=bystander,
    )


def test_the_others_are_finished_and_the_exit_code_says_so(aftermath: Aftermath) -> None:
    assert aftermath.result.returncode == 7, aftermath.result.stderr
    written = {path.stem for path in aftermath.out.iterdir()}
    assert written == {*ATTACKS, *INNOCENTS} - TOO_GREEDY, aftermath.result.stderr
    for name in INNOCENTS:
        assert aftermath.transcript(name) == ["hello"]


def test_taking_too_much_memory_is_named_with_the_setting(aftermath: Aftermath) -> None:
    told = aftermath.result.stderr
    why = "was killed because it took more memory than it may"
    for name in TOO_GREEDY:
        assert re.search(rf"{name}.wav.* {why}", told)
    times = 3 * len(TOO_GREEDY)
    assert told.count(why) == times, "each is tried twice, not for ever, and named at the end"
    assert "DALSTON_ENGINE_MEMORY_MB" in told


def test_no_address_is_reached(aftermath: Aftermath) -> None:
    refused = aftermath.refused("phone-home")
    assert refused[f"tcp {aftermath.neighbour.address}"] == "ENETUNREACH"
    assert refused["udp 192.0.2.1:443"] == "ENETUNREACH"
    assert refused["raw packets"] == "EPERM"
    assert aftermath.seen("phone-home", "interfaces") == {"lo"}
    assert aftermath.neighbour.calls == []


def test_weights_stay_as_they_are(aftermath: Aftermath) -> None:
    refused = aftermath.refused("write-weights")
    assert aftermath.seen("write-weights", "weights") == {"model.bin"}
    assert refused["write model.bin"] == "EROFS"
    assert refused["remove model.bin"] == "EROFS"
    assert [path.name for path in aftermath.weights.iterdir()] == ["model.bin"]
    assert (aftermath.weights / "model.bin").read_bytes() == b"weights"


def test_the_system_and_the_engines_code_stay_as_they_are(aftermath: Aftermath) -> None:
    refused = aftermath.refused("write-root")
    assert refused["write /hostile"] == "EROFS"
    assert set(refused.values()) <= {"EROFS", "EACCES"}


def test_no_secret_is_seen(aftermath: Aftermath) -> None:
    refused = aftermath.refused("read-secrets")
    names = aftermath.seen("read-secrets", "environment")
    assert MARKER in names, "what engine.yaml names is there"
    assert not names & SECRETS.keys()
    assert not [name for name in names if name.startswith("DALSTON_") and name != MARKER]
    assert refused[f"read {aftermath.host_file}"] == "ENOENT"
    assert refused["read /etc/shadow"] == "EACCES"


def test_nothing_of_the_host_is_seen_but_weights(aftermath: Aftermath) -> None:
    mounts = aftermath.seen("read-secrets", "mounts")
    assert mounts <= MAY_SEE | {str(aftermath.weights)}
    processes = aftermath.seen("read-secrets", "processes")
    assert processes <= {"docker-init"}


def test_there_is_no_way_to_more_rights(aftermath: Aftermath) -> None:
    refused = aftermath.refused("become-root")
    expected = ("setuid", "setgid", "mount", "chroot", "hold a capability", "make a disk")
    assert {refused[name] for name in expected} == {"EPERM"}


def test_processes_have_an_end(aftermath: Aftermath) -> None:
    [processes] = aftermath.refused("fork-bomb").values()
    assert processes.startswith("EAGAIN after ")
    assert int(processes.split()[-1]) < 1024


def test_the_container_of_another_user_goes_on(aftermath: Aftermath) -> None:
    before = aftermath.bystander.attrs["State"]["StartedAt"]
    aftermath.bystander.reload()
    state = aftermath.bystander.attrs["State"]
    assert (state["Status"], state["StartedAt"]) == ("running", before)


def test_it_could_do_harm_where_nothing_holds_it(
    aftermath: Aftermath, neighbour: Neighbour
) -> None:
    """Without this, attempts that never succeed anywhere would pass for a sandbox."""
    [image] = aftermath.user.images("hostile")
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, "/opt/dalston/engine")
from files import read_secrets, write_root, write_weights
from network import phone_home
from privileges import become_root
Path("/tmp/w").mkdir()
Path("/tmp/w/model.bin").touch()
code = Path("/opt/dalston/engine/engine.py")
for made in (*phone_home({neighbour.address!r}), *write_weights("/tmp/w"), *write_root(code),
             *read_secrets(""), *become_root()):
    print(made)
"""
    output = aftermath.user.client.containers.run(
        image, ["-c", script], entrypoint="python", user="0:0", remove=True, network="bridge"
    )
    done = {line.split(" | ")[1] for line in output.decode().splitlines() if line[:4] == "done"}
    assert f"tcp {neighbour.address}" in done
    assert {"udp 192.0.2.1:443", "raw packets", "write model.bin", "write /hostile"} <= done
    assert {"write its own code", "read /etc/shadow", "setuid", "setgid", "chroot"} <= done
    assert {"hold a capability", "make a disk", "give a file to root"} <= done
    assert neighbour.calls
    neighbour.calls.clear()
