"""``become-root``: every way to more privileges, each tried in a process of its own."""

import ctypes
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, attempt
else:
    from attempts import Attempt, attempt

# From Linux' sched.h: a namespace in which one is root.
_NEW_USER_NAMESPACE = 0x10000000
_KERNELS_OWN = ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches")
_DEVICES = ("/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/fuse")
_CAPABILITY_SETS = frozenset({"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})


def become_root() -> list[Attempt]:
    """Try in a child process, so that the effect of a success ends with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            found = [asdict(made) for made in _tries()]
            os.write(writer, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        text = answers.read()
    os.waitpid(child, 0)
    return [Attempt(**made) for made in json.loads(text)]


def _tries() -> Iterator[Attempt]:
    own = Path(f"/tmp/hostile-{os.getpid()}")
    own.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    yield attempt("hold a capability", _capabilities)
    yield attempt("gain rights from setuid programs", _may_gain)
    yield attempt("setgroups", partial(os.setgroups, [0]))
    yield attempt("setgid", partial(os.setgid, 0))
    yield attempt("setuid", partial(os.setuid, 0))
    yield attempt("give a file to root", partial(os.chown, own, 0, 0))
    yield attempt("make a disk", partial(os.mknod, own / "d", stat.S_IFBLK, os.makedev(8, 0)))
    yield attempt("mount", partial(_mount, libc, own))
    yield attempt("name the machine", partial(_call, libc.sethostname, b"hostile", 7))
    yield attempt("be root in a namespace", partial(_call, libc.unshare, _NEW_USER_NAMESPACE))
    for path in (*_KERNELS_OWN, *_DEVICES):
        yield attempt(f"open {path}", partial(_open, path))
    yield attempt("chroot", partial(os.chroot, own))
    shutil.rmtree(own, ignore_errors=True)


def _capabilities() -> str:
    """Return the capabilities of any set.

    Raises:
        PermissionError: There is none.
    """
    held = {name: value for name, value in _status() if name in _CAPABILITY_SETS}
    if not any(int(value, base=16) for value in held.values()):
        raise PermissionError(1, "no capability")
    return " ".join(f"{name}={value}" for name, value in held.items())


def _may_gain() -> str:
    """Return if the kernel lets a setuid program have its owner's rights.

    Raises:
        PermissionError: It does not.
    """
    if dict(_status()).get("NoNewPrivs") == "1":
        raise PermissionError(1, "no new privileges")
    return "it may"


def _status() -> Iterator[tuple[str, str]]:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        yield name, value.strip()


def _mount(libc: ctypes.CDLL, folder: Path) -> None:
    _call(libc.mount, b"tmpfs", os.fsencode(folder), b"tmpfs", 0, None)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _open(path: str) -> str:
    """Open the file for writing without writing anything."""
    os.close(os.open(path, os.O_WRONLY))
    return "opened"
