"""Runs a server until it is stopped: the review's, on loopback, and that of ``dalston serve``."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Literal

import uvicorn
from starlette.applications import Starlette

from dalston_cli.errors import UnavailableError

HOST = "127.0.0.1"


class PortTakenError(UnavailableError):
    """The port cannot be listened on."""

    code = "port_taken"

    def __init__(self, port: int, problem: OSError, host: str = HOST) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {problem.strerror or problem}",
            hint="take a free one: --port 0",
        )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which end the process by the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int, host: str = HOST) -> socket.socket:
    """Return a socket that listens; by default one that this machine's programs alone can reach.

    Args:
        port: 0 takes a free one.
        host: An address of this machine, or a name of one.

    Raises:
        PortTakenError: It cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise PortTakenError(port, error, host) from error


def serve(
    app: Starlette,
    listener: socket.socket,
    on_ready: Callable[[], None],
    *,
    most_requests: int = 64,
    patience_s: int = 2,
    lifespan: Literal["on", "off"] = "off",
) -> None:
    """Serve until Ctrl-C or another signal to stop.

    Args:
        app: What answers.
        listener: What it is asked on.
        on_ready: Called when it begins.
        most_requests: At the same time; those beyond are refused.
        patience_s: For requests in progress at the end.
        lifespan: ``on`` for an application that begins and ends with the server.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=patience_s,
        limit_concurrency=most_requests,
    )
    asyncio.run(_serve(_Server(config), listener, on_ready))


async def _serve(
    server: uvicorn.Server, listener: socket.socket, on_ready: Callable[[], None]
) -> None:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    on_ready()
    await server.serve(sockets=[listener])
