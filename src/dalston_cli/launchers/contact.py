"""Short questions to one engine, each on a connection of its own and with a time limit."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import Address, EngineInstance
from dalston_sdk.wire import Health

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
    """What the engine says about itself.

    Raises:
        NoAnswerError: It cannot be reached, refuses us or takes longer than ``timeout_s``.
    """
    from dalston_sdk.client import EngineClient  # noqa: PLC0415 - httpx2 is slow to import

    async def ask() -> Health:
        async with EngineClient(
            socket=address.socket, url=address.url, token=address.token
        ) as client:
            return await client.health()

    return await _within(ask(), address, timeout_s)


async def shut_down(address: Address, *, timeout_s: float = CONTACT_TIMEOUT_S) -> None:
    """Ask the engine to finish what runs and to end; returns when it has understood.

    Raises:
        NoAnswerError: It cannot be reached, refuses us or takes longer than ``timeout_s``.
    """
    from dalston_sdk.client import EngineClient  # noqa: PLC0415 - httpx2 is slow to import

    async def ask() -> None:
        async with EngineClient(
            socket=address.socket, url=address.url, token=address.token
        ) as client:
            await client.shutdown()

    await _within(ask(), address, timeout_s)


def device_of(instance: EngineInstance, health: Health) -> str:
    """Where it computes, as this machine counts its GPUs: to a container, its own is the first."""
    same_kind = instance.device.partition(":")[0] == health.device.partition(":")[0]
    return instance.device if same_kind else health.device


async def _within(question: Coroutine[None, None, T], address: Address, timeout_s: float) -> T:
    from dalston_sdk.client import EngineClientError  # noqa: PLC0415 - httpx2 is slow to import

    try:
        async with asyncio.timeout(timeout_s):
            return await question
    except TimeoutError:
        raise NoAnswerError(address, f"nothing for {timeout_s:g} s") from None
    except EngineClientError as error:
        raise NoAnswerError(address, error.message) from error


def run_aside(question: Coroutine[None, None, T]) -> T:
    """Wait for a question from code that is not asynchronous, whether or not a loop runs here."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, question).result()
