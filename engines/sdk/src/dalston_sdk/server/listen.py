"""Opens the socket that an engine listens on."""

import os
import socket
import stat
from pathlib import Path

BACKLOG = 128


class CannotListenError(Exception):
    """Listening on the address failed; the message says why."""


def listen_tcp(host: str, port: int) -> tuple[socket.socket, str]:
    """Listen on TCP.

    Args:
        host: Name or address of this machine.
        port: From 0 to 65535; 0 takes any free one.

    Returns:
        The socket and its URL.

    Raises:
        CannotListenError: The address is unknown or taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host}:{port}: {error}") from error
    name = f"[{host}]" if family == socket.AF_INET6 else host
    return listener, f"http://{name}:{listener.getsockname()[1]}"


def listen_unix(path: Path) -> socket.socket:
    """Listen on a Unix socket that only this user may connect to.

    The socket of an engine that died is replaced.

    Raises:
        CannotListenError: The path is too long, or another engine listens there.
    """
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise CannotListenError(f"cannot listen on {path}: {error}") from error
    finally:
        os.umask(previous)
    listener.listen(BACKLOG)
    return listener


def _remove_stale(path: Path) -> None:
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()
            return
    raise CannotListenError(f"another engine listens on {path}")
