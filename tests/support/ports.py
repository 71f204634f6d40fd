"""Ports for programs that cannot say which free one they took."""

import random
import socket
from contextlib import suppress

_FIRST, _LAST = 20_000, 32_000
"""Below those that the system gives to whoever asks for any (on Linux from 32,768 on)."""


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nothing listens on, and that no other program is given by chance.

    One that the system chose, and that was let go of, may be given to another test before it is
    used.
    """
    for port in random.sample(range(_FIRST, _LAST), 1000):
        with suppress(OSError), socket.create_server((address, port)):
            return port
    raise AssertionError(f"no port between {_FIRST} and {_LAST} is free")
