"""Anthropic's Message Batches: many prompts at once, answered within a day at half the price.

Reference: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import anthropic

PRICE_SHARE = 0.5
"""Share of the price of the same prompts sent one by one."""

FIRST_POLL_S = 0.5
MAX_POLL_S = 60.0
DEADLINE_S = 25 * 3600.0
"""The provider ends every batch within a day."""

_BACKOFF = 1.5
_CANCEL_TIMEOUT_S = 10.0

_TRANSIENT = (
    anthropic.APIConnectionError,
    anthropic.InternalServerError,
    anthropic.RateLimitError,
)

_PROBLEMS = {
    "expired": "the provider did not get round to it within a day",
    "canceled": "the batch was cancelled at the provider",
}


async def run_batch(
    client: anthropic.AsyncAnthropic, prompts: Sequence[dict[str, Any]]
) -> list[Any]:
    """Send a batch and wait until it is processed.

    Args:
        client: The service.
        prompts: Arguments of ``messages.create``, one set per prompt.

    Returns:
        For each prompt a ``Message``, or the reason why there is none, which costs nothing.

    Raises:
        anthropic.APIError: The batch was refused, or the service cannot be reached.
    """
    requests: Any = [
        {"custom_id": str(number), "params": each} for number, each in enumerate(prompts)
    ]
    batch = await client.messages.batches.create(requests=requests)
    try:
        poll_s = FIRST_POLL_S
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        while batch.processing_status != "ended":
            if asyncio.get_running_loop().time() > deadline:
                return ["the provider did not end the batch within a day"] * len(prompts)
            await asyncio.sleep(poll_s)
            poll_s = min(MAX_POLL_S, _BACKOFF * poll_s)
            # The batch goes on while the service cannot be reached.
            with contextlib.suppress(*_TRANSIENT):
                batch = await client.messages.batches.retrieve(batch.id)
    except BaseException:
        # Prompts that are not processed yet are not paid for.
        with contextlib.suppress(anthropic.APIError, asyncio.TimeoutError):
            await asyncio.wait_for(client.messages.batches.cancel(batch.id), _CANCEL_TIMEOUT_S)
        raise
    answers: list[Any] = ["there is no answer in the batch"] * len(prompts)
    async for each in await client.messages.batches.results(batch.id):
        if each.custom_id.isdecimal() and int(each.custom_id) < len(answers):
            answers[int(each.custom_id)] = _answer(each.result)
    return answers


def _answer(result: Any) -> Any:  # noqa: ANN401 - one of the library's four types, or a newer one
    if result.type == "succeeded":
        return result.message
    if result.type == "errored":
        return f"the provider refuses it: {result.error.error.message}"
    return _PROBLEMS.get(result.type, f"the provider calls it {result.type}")
