"""Anthropic's Message Batches: many questions handed in at once, answered within a day, half price.

Reference: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import anthropic

PRICE_SHARE = 0.5
"""Of what the same questions cost one by one."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
PATIENCE_S = 25 * 3600.0
"""Providers give a batch up after a day."""

_GROWTH = 1.5
_CANCEL_S = 10.0

_PASSING = (
    anthropic.APIConnectionError,
    anthropic.InternalServerError,
    anthropic.RateLimitError,
)

_PROBLEMS = {
    "expired": "the provider did not get round to it within a day",
    "canceled": "the batch was cancelled at the provider",
}


async def run_batch(
    client: anthropic.AsyncAnthropic, questions: Sequence[dict[str, Any]]
) -> list[Any]:
    """Hand in questions and wait for all answers, however long it takes.

    Args:
        client: Who is asked.
        questions: Arguments of ``messages.create``, one for each.

    Returns:
        For each question a ``Message``, or as text why there is none, which costs nothing.

    Raises:
        anthropic.APIError: The batch was refused, or the service cannot be reached any more.
    """
    requests: Any = [
        {"custom_id": str(number), "params": each} for number, each in enumerate(questions)
    ]
    batch = await client.messages.batches.create(requests=requests)
    try:
        pause_s = FIRST_PAUSE_S
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while batch.processing_status != "ended":
            if asyncio.get_running_loop().time() > deadline:
                return ["the provider did not end the batch within a day"] * len(questions)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, _GROWTH * pause_s)
            # A connection that is lost for a while costs nothing: the batch goes on without us.
            with contextlib.suppress(*_PASSING):
                batch = await client.messages.batches.retrieve(batch.id)
    except BaseException:
        # Whatever is not begun yet need not be paid for.
        with contextlib.suppress(anthropic.APIError, asyncio.TimeoutError):
            await asyncio.wait_for(client.messages.batches.cancel(batch.id), _CANCEL_S)
        raise
    answers: list[Any] = ["there is no answer in the batch"] * len(questions)
    async for each in await client.messages.batches.results(batch.id):
        if each.custom_id.isdecimal() and int(each.custom_id) < len(answers):
            answers[int(each.custom_id)] = _answer(each.result)
    return answers


def _answer(result: Any) -> Any:  # noqa: ANN401 - one of the library's four kinds, or a newer one
    if result.type == "succeeded":
        return result.message
    if result.type == "errored":
        return f"the provider refuses it: {result.error.error.message}"
    return _PROBLEMS.get(result.type, f"the provider calls it {result.type}")
