"""Runs the server of an engine from its start to its end."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from socket import socket

import uvicorn

from dalston_sdk.engine import Engine
from dalston_sdk.server.app import make_app
from dalston_sdk.server.folder import RuntimeFolder
from dalston_sdk.server.listen import listen_tcp, listen_unix
from dalston_sdk.server.memory import return_freed_memory
from dalston_sdk.server.service import ServerSettings, Service
from dalston_sdk.server.upload import discard_leftovers

log = logging.getLogger("dalston.engine")

LOOK_INTERVAL_S = 1.0
"""Seconds between two checks of an idle engine that its folder still exists."""

TRIM_AFTER_S = 5.0
"""Idle time after which freed memory goes back to the kernel: not between the files of a run."""

STOP_GRACE_S = 3.0
"""Seconds that a cancelled request may take to end."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: ours cancel the requests first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(engine: Engine, settings: ServerSettings, folder: RuntimeFolder) -> None:
    """Serve until the engine is told to stop or has been idle for long enough.

    If a thread still works for a request that did not end when it was cancelled, this does not
    return: the process exits after the folder was removed.

    Raises:
        CannotListenError: The address cannot be listened on.
    """
    if settings.spool_dir is not None:
        discard_leftovers(settings.spool_dir)
    if settings.tcp is None:
        listener = listen_unix(folder.socket)
        address = {"socket": str(folder.socket)}
    else:
        listener, url = listen_tcp(*settings.tcp)
        address = {"url": url}
    service = Service(engine, settings)
    asyncio.run(_serve(service, folder, listener, address))
    engine.batch_sizes.end()
    folder.remove()
    if service.threads.busy or service.device.threads.busy:
        # The interpreter would wait for these threads at exit, perhaps for ever.
        log.warning("stopped although something was still running")
        sys.stderr.flush()
        os._exit(0)


async def _serve(
    service: Service, folder: RuntimeFolder, listener: socket, address: dict[str, str]
) -> None:
    server = _Server(
        uvicorn.Config(
            make_app(service),
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Longer than any client keeps an idle connection, so that only clients close them.
            timeout_keep_alive=120,
            timeout_graceful_shutdown=2,
        )
    )
    _handle_signals(service)
    service.device.begin()
    ending = asyncio.create_task(_end_in_time(service, folder, server))
    folder.write_ready(
        {
            "pid": os.getpid(),
            **address,
            "engine": service.engine.name,
            "started_at": datetime.now(timezone.utc).isoformat(),
        }
    )
    log.info("engine %s listens on %s", service.engine.name, *address.values())
    await server.serve(sockets=[listener])
    service.lifetime.stop()
    await ending
    service.threads.close()
    service.device.threads.close()


def _handle_signals(service: Service) -> None:
    def stop_now() -> None:
        log.info("stopping on a signal")
        service.lifetime.stop(hurry=True)
        service.jobs.cancel_all()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop_now)


async def _end_in_time(service: Service, folder: RuntimeFolder, server: uvicorn.Server) -> None:
    """Wait for a reason to stop, let running requests finish, and end the server."""
    lifetime = service.lifetime
    trimmed = False
    while not lifetime.stopping:
        is_idle = lifetime.idle_s() >= TRIM_AFTER_S
        if is_idle and not trimmed:
            return_freed_memory()
        trimmed = is_idle
        if not folder.exists():
            log.warning("the runtime folder was removed: stopping")
            lifetime.stop()
            break
        left_s = lifetime.expires_in_s()
        if left_s == 0:
            log.info("nothing to do for %g s: stopping", lifetime.keep_alive_s)
            lifetime.stop()
            break
        await lifetime.wait_for_change(timeout_s=min(left_s or LOOK_INTERVAL_S, LOOK_INTERVAL_S))
    await lifetime.wait_until_idle(grace_s=STOP_GRACE_S)
    service.jobs.abandon_all()
    server.should_exit = True
