"""``phone-home``: try to reach any other machine.

The addresses belong to the ranges for documentation (RFC 5737), where no machine answers; the
request may name one more at which a server listens.
"""

import socket
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, attempt, saw
else:
    from attempts import Attempt, attempt, saw

UNUSED = (("192.0.2.1", 443), ("198.51.100.1", 80))
NAME = "example.org"
PATIENCE_S = 1.0


def phone_home(target: str) -> list[Attempt]:
    """Try every way out.

    Args:
        target: ``HOST:PORT`` of a server; may be empty.
    """
    made = [
        attempt(f"resolve {NAME}", partial(socket.getaddrinfo, NAME, 443)),
        *(attempt(f"tcp {host}:{port}", partial(_connect, host, port)) for host, port in UNUSED),
        *(attempt(f"udp {host}:{port}", partial(_send, host, port)) for host, port in UNUSED),
        attempt("raw packets", _open_raw_socket),
        saw("interfaces", (name for _, name in socket.if_nameindex())),
    ]
    if target:
        host, _, port = target.rpartition(":")
        made.append(attempt(f"tcp {target}", partial(_connect, host, int(port))))
    return made


def _connect(host: str, port: int) -> str:
    """Send a packet; it counts as done even without an answer."""
    try:
        socket.create_connection((host, port), timeout=PATIENCE_S).close()
    except TimeoutError:
        return "sent, nobody answered"
    except ConnectionRefusedError:
        return "reached, nobody listens"
    return "connected"


def _send(host: str, port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", (host, port))
    return "sent"


def _open_raw_socket() -> str:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    return "opened"
