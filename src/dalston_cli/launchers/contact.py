"""Short questions to one engine, each on a connection of its own and with a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import Address, EngineInstance
from dalston_sdk.wire import Health

if TYPE_CHECKING:
    from dalston_sdk.client import EngineClient

T = TypeVar("T")
CONTACT_TIMEOUT_S = 3.0


class NoAnswerError(EngineUnavailableError):
    """An engine does not answer a question that is always answered at once."""

    code = "no_answer"

    def __init__(self, address: Address, problem: str) -> None:
        super().__init__(
            f"no answer from the engine at {address.url or address.socket}: {problem}",
            hint="dalston engines status",
        )
        self.problem = problem


async def ask_health(address: Address, *, timeout_s: float = CONTACT_TIMEOUT_S) -> Health:
    """Ask the engine for its health.

    Raises:
        NoAnswerError: It cannot be reached, refuses us or takes longer than ``timeout_s``.
    """
    return await _ask(address, lambda client: client.health(), timeout_s)


async def shut_down(address: Address, *, timeout_s: float = CONTACT_TIMEOUT_S) -> None:
    """Ask the engine to finish what runs and to end; return when it has accepted that.

    Raises:
        NoAnswerError: It cannot be reached, refuses us or takes longer than ``timeout_s``.
    """
    await _ask(address, lambda client: client.shutdown(), timeout_s)


def device_of(instance: EngineInstance, health: Health) -> str:
    """Return the device as this machine counts GPUs; in a container its own is the first."""
    same_kind = instance.device.partition(":")[0] == health.device.partition(":")[0]
    return instance.device if same_kind else health.device


async def _ask(
    address: Address, question: "Callable[[EngineClient], Awaitable[T]]", timeout_s: float
) -> T:
    from dalston_sdk.client import (  # noqa: PLC0415 - slow to import
        EngineClient,
        EngineClientError,
    )

    try:
        async with (
            asyncio.timeout(timeout_s),
            EngineClient(socket=address.socket, url=address.url, token=address.token) as client,
        ):
            return await question(client)
    except TimeoutError:
        raise NoAnswerError(address, f"nothing for {timeout_s:g} s") from None
    except EngineClientError as error:
        raise NoAnswerError(address, error.message) from error


def run_aside(question: Coroutine[None, None, T]) -> T:
    """Wait for a question from code that is not asynchronous, even if a loop runs here."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, question).result()
