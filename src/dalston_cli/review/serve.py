"""Runs the review's server on this machine's loopback until it is stopped."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from dalston_cli.errors import UnavailableError

HOST = "127.0.0.1"


class PortTakenError(UnavailableError):
    """The port cannot be listened on."""

    code = "port_taken"

    def __init__(self, port: int, problem: OSError) -> None:
        super().__init__(
            f"cannot listen on {HOST}:{port}: {problem.strerror or problem}",
            hint="leave out --port to take a free one",
        )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which end the process by the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Return a socket that this machine's programs alone can reach; 0 takes a free port.

    Raises:
        PortTakenError: It cannot be listened on.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise PortTakenError(port, error) from error


def serve(app: Starlette, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or another signal to stop."""
    config = uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        limit_concurrency=64,
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
