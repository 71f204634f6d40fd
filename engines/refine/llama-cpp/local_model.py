"""Prompts to a loaded model, each answered in the form of its schema and always alike."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from library import xllamacpp

from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.budget import TokenCounts
from dalston_sdk.language_model.completion import Completion, Prompt, no_batch
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.wire import ErrorCode

_TOO_LONG = "exceed_context_size_error"
_NOTHING = TokenCounts(input=0, output=0)
_COMPACT = {"x-guidance": {"whitespace_flexible": False}}
"""What the library takes in a schema, so that a model cannot write white space for ever."""


class LocalModel:
    """A model in memory.

    Args:
        server: The library's, which answers in this process.
        profile: What it can take at once.
        context_tokens: Length of its context.

    Attributes:
        profile: As given.
    """

    def __init__(
        self, server: "xllamacpp.Server", profile: ModelProfile, *, context_tokens: int
    ) -> None:
        self.profile = profile
        self._server = server
        self._context_tokens = context_tokens

    def provider(self) -> "LocalProvider":
        """Return what takes the prompts of one request."""
        return LocalProvider(self)

    def answer(self, prompt: Prompt, stop: threading.Event) -> Completion:
        """Have a prompt answered; an answer that is stopped is not whole.

        Raises:
            EngineError: ``internal``: the library refuses the prompt.
        """
        answer = _Answer(stop)
        self._server.handle_chat_completions(_request(prompt), answer.take)
        if error := answer.error:
            if error.get("type") == _TOO_LONG:
                problem = f"it is too long for the model's context of {self._context_tokens} tokens"
                return Completion(text=None, tokens=_NOTHING, problem=problem, is_too_long=True)
            raise EngineError(ErrorCode.INTERNAL, f"{self.profile.name}: {error.get('message')}")
        if answer.finish_reason != "stop":
            return Completion(
                text=None, tokens=answer.tokens, problem="the answer was cut off", is_too_long=True
            )
        return Completion(text=answer.text, tokens=answer.tokens)


class LocalProvider:
    """Answers in a thread, so that a request can be cancelled meanwhile."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model

    async def complete(self, prompt: Prompt) -> Completion:
        """Answer a prompt; a cancelled one is over when this ends."""
        stop = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._model.answer, prompt, stop))
        try:
            return await asyncio.shield(work)
        finally:
            stop.set()
            await asyncio.wait([work])

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Refuse: there is no service to wait for."""
        raise no_batch(self._model.profile.name, len(prompts))

    async def aclose(self) -> None:
        """Do nothing: the model stays loaded."""


class _Answer:
    """Collects what the library reports of an answer, event by event."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._pieces: list[str] = []
        self.error: Mapping[str, Any] | None = None
        self.finish_reason: str | None = None
        self.tokens: TokenCounts | None = None

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def take(self, event: Mapping[str, Any]) -> bool:
        """Take an event, and return True to end the answer."""
        self.error = event.get("error") or self.error
        for choice in event.get("choices") or ():
            self._pieces.append(choice["delta"].get("content") or "")
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        if usage := event.get("usage"):
            self.tokens = TokenCounts(
                input=usage["prompt_tokens"], output=usage["completion_tokens"]
            )
        return self._stop.is_set()


def answer_schema(prompt: Prompt) -> dict[str, Any]:
    """Return the schema of a prompt's answer, with the ids it has to have in their order."""
    schema: dict[str, Any] = {**_COMPACT, **prompt.schema}
    if not prompt.ids:
        return schema
    item = prompt.schema["properties"]["segments"]["items"]
    items = [
        {**item, "properties": {**item["properties"], "id": {"const": number}}}
        for number in prompt.ids
    ]
    segments = {
        "type": "array",
        "prefixItems": items,
        "minItems": len(items),
        "maxItems": len(items),
    }
    return {**schema, "properties": {"segments": segments}}


def _request(prompt: Prompt) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.text},
        ],
        "max_tokens": prompt.max_tokens,
        "grammar": xllamacpp.json_schema_to_grammar(answer_schema(prompt)),
        "chat_template_kwargs": {"enable_thinking": False},
        "temperature": 0,
        "seed": 0,
        "cache_prompt": False,  # what was computed with other prompts would be a little different
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }
