"""Connections to Dask: a cluster on this machine, or a scheduler that runs somewhere.

A cluster on this machine is made for the run and ends with it. It speaks TLS with keys that exist
in memory only, because what reaches a scheduler can have its workers run anything.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli.pipeline.request import RunOptions
from dalston_cli.pipeline.runners.dask.errors import (
    DaskMissingError,
    DaskOptionError,
    DaskSettingsError,
    SchedulerUnreachableError,
)

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 10
_ANSWER_S = 30
_CLOSE_S = 2
_LOGGERS = ("distributed", "distributed.client", "distributed.scheduler", "tornado")
_QUIET: Mapping[str, Any] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.worker.profile.enabled": False,
}
"""Nothing is served to browsers, and nothing measured that is not looked at."""

_SUSPENDED = "60s"
"""A worker without a sign of life for so long is started anew, and others do its work."""


def check_options(options: RunOptions) -> None:
    """Refuse what cannot be had of workers, and a library that is missing.

    Raises:
        DaskOptionError: An option cannot be had.
        DaskMissingError: A library is not installed.
    """
    if options.max_cost_usd is not None:
        reason = "workers do not know what others spend"
        raise DaskOptionError("--max-cost", reason, "use --runner local")
    elsewhere = options.scheduler is not None
    if elsewhere and (options.gpus or options.device.startswith("cuda:")):
        raise DaskOptionError(
            "the number of a GPU",
            "each worker says itself which GPU it has",
            "use --device cuda, and start workers with CUDA_VISIBLE_DEVICES=N",
        )
    for library in ("distributed", *(() if elsewhere else ("cryptography",))):
        if find_spec(library) is None:
            raise DaskMissingError(library)


async def connect(stack: AsyncExitStack, address: str) -> "Client":
    """Return a client of the scheduler at an address; it is closed with ``stack``.

    Certificates are those of Dask's own configuration.

    Raises:
        SchedulerUnreachableError: It does not answer.
    """
    load_dask()
    from distributed import Client  # noqa: PLC0415 - asked for Dask only

    client = Client(address, asynchronous=True, timeout=_CONNECT_S, set_as_default=False)
    try:
        async with asyncio.timeout(_ANSWER_S):  # what takes a connection may be no scheduler
            return await stack.enter_async_context(client)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        await client.close(timeout=_CLOSE_S)
        reason = str(error) or f"what listens there says nothing within {_ANSWER_S} s"
        raise SchedulerUnreachableError(address, reason) from error


async def start_workers(
    stack: AsyncExitStack,
    variables: Sequence[Mapping[str, str]],
    folder: Path,
    *,
    threads: int,
    gpus: bool,
) -> "Client":
    """Return a client of workers on this machine; they end with ``stack``.

    Args:
        stack: What they end with.
        variables: Of each worker, beyond those of this process.
        folder: For files of theirs.
        threads: Recordings that each works on at the same time.
        gpus: Each offers one GPU.
    """
    load_dask()
    import dask  # noqa: PLC0415 - asked for Dask only
    from distributed import Client, Nanny, Scheduler, Security, SpecCluster  # noqa: PLC0415 - likewise

    place = {"host": "127.0.0.1", "protocol": "tls://", "security": Security.temporary()}
    served = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    scheduler = {"cls": Scheduler, "options": {**place, **served, "port": 0}}
    common = {
        **place,
        **served,
        "nthreads": threads,
        "memory_limit": 0,
        "silence_logs": logging.CRITICAL,
        "preload": ["dalston_cli.pipeline.runners.dask.preload"],
        "resources": {"GPU": 1} if gpus else None,
    }
    workers = {
        number: {"cls": Nanny, "options": {**common, "env": dict(more)}}
        for number, more in enumerate(variables)
    }
    own = {"temporary-directory": str(folder), "distributed.scheduler.worker-ttl": _SUSPENDED}
    with dask.config.set({**_QUIET, **own}):
        cluster = SpecCluster(
            workers=workers,
            scheduler=scheduler,
            security=place["security"],
            silence_logs=logging.CRITICAL,
            asynchronous=True,
        )
        await stack.enter_async_context(cluster)
        client = Client(cluster, asynchronous=True, set_as_default=False)
        return await stack.enter_async_context(client)


def load_dask() -> None:
    """Load Dask with its own settings, and keep it from writing between our lines.

    What matters is told as an event.

    Raises:
        DaskSettingsError: A file of its settings cannot be read.
    """
    try:
        import distributed  # noqa: F401, PLC0415 - sets its levels when it is imported
    except ValueError as error:
        raise DaskSettingsError(str(error)) from error
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
