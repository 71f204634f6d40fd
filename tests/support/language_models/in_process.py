"""A model in the test's own process, whose context has an end; a ``Behaviour`` answers."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

from tests.support.language_models.answers import Behaviour, ModelRequest, correcting

from dalston_sdk.language_model.budget import TokenCounts
from dalston_sdk.language_model.completion import Completion, Prompt, no_batch
from dalston_sdk.language_model.text_chunks import estimate_tokens
from dalston_sdk.wire import Segment


@dataclass
class InProcessModel:
    """A provider that keeps what it is asked.

    Attributes:
        behave: Makes the answers.
        context_tokens: Prompts that have more are too long.
        max_segments: Answers about more segments are cut off.
        prompts: What it was asked.
        closed: True once it was closed.
    """

    behave: Behaviour = correcting
    context_tokens: int = 10**6
    max_segments: int = 10**6
    prompts: list[Prompt] = field(default_factory=list)
    closed: bool = False

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if estimate_tokens(prompt.system + prompt.text) > self.context_tokens:
            return Completion(text=None, tokens=None, problem="it is too long", is_too_long=True)
        request = asked(prompt, len(self.prompts) - 1)
        tokens = TokenCounts(input=100, output=50)
        if len(request.texts) > self.max_segments:
            return Completion(text=None, tokens=tokens, problem="cut off", is_too_long=True)
        answer = self.behave(request)
        await asyncio.sleep(answer.delay_s)
        return Completion(text=answer.text, tokens=tokens)

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        raise no_batch("tiny", len(prompts))

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Progress:
    """The context of one request, which is cancelled once ``cancel_at_s`` of it are done."""

    cancel_at_s: float = float("inf")
    done: list[tuple[float, float]] = field(default_factory=list)

    def progress(self, done_s: float, total_s: float) -> None:
        self.done.append((done_s, total_s))
        self.check_cancelled()

    def partial(self, segments: Sequence[Segment]) -> None:
        raise AssertionError("there are no segments to report")

    def check_cancelled(self) -> None:
        if self.done and self.done[-1][0] >= self.cancel_at_s:
            raise CancelledError


def asked(prompt: Prompt, number: int) -> ModelRequest:
    """Return a prompt as a request of OpenAI's API."""
    messages = [
        {"role": "system", "content": prompt.system},
        {"role": "user", "content": prompt.text},
    ]
    schema = {"json_schema": {"schema": prompt.schema}}
    body = {"messages": messages, "response_format": schema}
    return ModelRequest(api="chat", headers={}, body=body, number=number)
