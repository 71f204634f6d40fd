"""``phone-home``: reach anybody at all.

The addresses belong to the ranges for documentation (RFC 5737), where nobody listens; who asks
may name one more, where somebody does.
"""

import socket
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, attempt, saw
else:
    from attempts import Attempt, attempt, saw

NOBODY = (("192.0.2.1", 443), ("198.51.100.1", 80))
NAME = "example.org"
PATIENCE_S = 1.0


def phone_home(target: str) -> list[Attempt]:
    """Every way out.

    Args:
        target: ``HOST:PORT`` of somebody who listens; may be empty.
    """
    made = [
        attempt(f"resolve {NAME}", partial(socket.getaddrinfo, NAME, 443)),
        *(attempt(f"tcp {host}:{port}", partial(_connect, host, port)) for host, port in NOBODY),
        *(attempt(f"udp {host}:{port}", partial(_send, host, port)) for host, port in NOBODY),
        attempt("raw packets", _open_raw_socket),
        saw("interfaces", (name for _, name in socket.if_nameindex())),
    ]
    if target:
        host, _, port = target.rpartition(":")
        made.append(attempt(f"tcp {target}", partial(_connect, host, int(port))))
    return made


def _connect(host: str, port: int) -> str:
    """A packet that gets out and no answer is success enough."""
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
