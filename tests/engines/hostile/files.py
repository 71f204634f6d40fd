"""Files: ``write-weights``, ``write-root``, ``read-secrets``."""

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, attempt, saw
else:
    from attempts import Attempt, attempt, saw

ROOT_TARGETS = (
    Path("/hostile"),
    Path("/etc/hostile"),
    Path("/usr/bin/hostile"),
    Path("/root") / "hostile",
    Path("/var/tmp/hostile"),
    Path("/opt/hostile"),
)
PASSWORDS = Path("/etc/shadow")
DAEMON_SOCKETS = (Path("/var/run/docker.sock"), Path("/run/podman/podman.sock"))
_KERNELS = frozenset({"cgroup", "cgroup2", "devpts", "mqueue", "overlay", "proc", "sysfs", "tmpfs"})


def write_weights(weights: str | None) -> list[Attempt]:
    """Change, rename and remove the weights that every other engine of this kind loads.

    Args:
        weights: Folder of the model's files.
    """
    if weights is None:
        return [Attempt(outcome="done", what="find the weights", why="there are none")]
    folder = Path(weights)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    made = [
        saw("weights", (path.name for path in files)),
        attempt("add a file to the weights", (folder / "hostile").touch),
        attempt("add a file beside the weights", (folder.parent / "hostile").touch),
        attempt("make the weights' folder writable", partial(folder.chmod, 0o777)),
    ]
    for path in files:
        made += [
            attempt(f"write {path.name}", partial(_append, path)),
            attempt(f"rename {path.name}", partial(path.rename, folder / "hostile")),
            attempt(f"remove {path.name}", path.unlink),
        ]
    return made


def write_root(code: Path) -> list[Attempt]:
    """Leave something for the next user of this container or image.

    Args:
        code: The engine's own.
    """
    return [
        *(attempt(f"write {path}", path.touch) for path in ROOT_TARGETS),
        attempt("write /etc/passwd", partial(_append, Path("/etc/passwd"))),
        attempt("write its own code", partial(_append, code)),
        attempt("remove its own code", code.unlink),
    ]


def read_secrets(host_file: str) -> list[Attempt]:
    """Read what an engine should not see; of variables only the names are reported.

    Args:
        host_file: A file of the host that must not be visible; may be empty.
    """
    made = [
        saw("environment", _variable_names()),
        saw("mounts", _mounted()),
        saw("processes", _other_processes()),
        attempt(f"read {PASSWORDS}", PASSWORDS.read_bytes),
        *(attempt(f"open {path}", partial(_connect, path)) for path in DAEMON_SOCKETS),
    ]
    if host_file:
        made.append(attempt(f"read {host_file}", Path(host_file).read_bytes))
    return made


def _append(path: Path) -> str:
    with path.open("ab") as file:
        file.write(b"#")
    return "written"


def _variable_names() -> Iterator[str]:
    """Yield the variables of this process, now and at its start, and of the first process."""
    yield from os.environ
    for process in ("self", "1"):
        text = Path(f"/proc/{process}/environ").read_text(encoding="utf-8", errors="replace")
        yield from (line.partition("=")[0] for line in text.split("\0") if line)


def _mounted() -> Iterator[str]:
    """Yield the mount points at which something of the host is visible."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place, _, source = line.partition(" - ")
        if source.split()[0] not in _KERNELS:
            yield place.split()[4]


def _other_processes() -> Iterator[str]:
    """Yield the names of running processes other than this engine's."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            command = (folder / "cmdline").read_bytes()
            if command and b"dalston_sdk" not in command:
                yield (folder / "comm").read_text(encoding="utf-8").strip()


def _connect(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    return "connected"
