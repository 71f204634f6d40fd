"""The two languages in which models are asked: Anthropic's Messages, OpenAI's chat completions.

Retries, waiting and connections are the providers' own libraries' business. A key comes from the
environment, goes into a request's header, and appears nowhere else.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
from batches import run_batch
from cost import Tokens
from questions import Provider, Question, Reply

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

MAX_RETRIES = 4
TIMEOUT_S = 180.0
"""Seconds for one attempt."""

_NO_KEY = "none"
"""What is sent to a server of one's own that needs no key; the libraries want one."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a model is reached.

    Attributes:
        kind: Whose language is spoken, one of ``_CLIENTS``.
        model: The provider's name for it.
        url: Another server than the provider's own.
    """

    kind: str
    model: str
    key: str = field(repr=False)
    url: str | None

    @property
    def server(self) -> str:
        """Who is asked, for messages; an address without the password that may be in it."""
        if self.url is None:
            return f"{self.kind}'s service"
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

    def open(self) -> Provider:
        """A client of its own, for one event loop."""
        return _CLIENTS[self.kind](self)

    def without_key(self, text: str) -> str:
        """The text with the key crossed out: servers repeat what they were sent."""
        return text if len(self.key) <= len(_NO_KEY) else text.replace(self.key, "[key]")


def find_access(runtime_id: str, environ: Mapping[str, str] = os.environ) -> Access:
    """How to reach ``anthropic/MODEL`` or ``openai/MODEL``.

    Raises:
        EngineError: ``model_missing`` for any other name, ``model_load_failed`` without a key.
    """
    kind, _, model = runtime_id.partition("/")
    if not model or kind not in _CLIENTS:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{runtime_id} names no model of a provider",
            hint="use anthropic/MODEL or openai/MODEL as runtime_model_id",
        )
    name = kind.upper()
    key = environ.get(f"{name}_API_KEY", "").strip()
    url = environ.get(f"{name}_BASE_URL", "").strip() or None
    if not key and url is None:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{model} cannot be asked: {name}_API_KEY is not set",
            hint=f"export {name}_API_KEY=your-key, or {name}_BASE_URL for a server of your own",
        )
    return Access(kind=kind, model=model, key=key or _NO_KEY, url=url)


class _Anthropic:
    def __init__(self, access: Access) -> None:
        self._model = access.model
        self._client = anthropic.AsyncAnthropic(
            api_key=access.key,
            base_url=access.url,
            timeout=TIMEOUT_S,
            max_retries=MAX_RETRIES,
            open_telemetry=False,
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, question: Question) -> Reply:
        return _anthropic_reply(await self._client.messages.create(**self._arguments(question)))

    async def ask_together(self, questions: Sequence[Question]) -> list[Reply]:
        answers = await run_batch(self._client, [self._arguments(each) for each in questions])
        return [
            Reply(text=None, tokens=Tokens(input=0, output=0), problem=answer)
            if isinstance(answer, str)
            else _anthropic_reply(answer)
            for answer in answers
        ]

    def _arguments(self, question: Question) -> dict[str, Any]:
        """Newer models refuse a forced tool, sampling parameters and switched-off thinking."""
        return {
            "model": self._model,
            "max_tokens": question.max_tokens,
            "system": [
                {"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}
            ],
            "messages": [{"role": "user", "content": question.text}],
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": question.schema},
            },
        }


class _OpenAI:
    def __init__(self, access: Access) -> None:
        self._model = access.model
        # The newer name of the limit is OpenAI's own; other servers know the older one.
        self._limit = "max_tokens" if access.url else "max_completion_tokens"
        self._client = openai.AsyncOpenAI(
            api_key=access.key, base_url=access.url, timeout=TIMEOUT_S, max_retries=MAX_RETRIES
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def ask_together(self, questions: Sequence[Question]) -> list[Reply]:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"{len(questions)} questions for {self._model} cannot be handed in as a batch (batch)",
            hint="leave --refine-batch out, or take a model of Anthropic's",
        )

    async def ask(self, question: Question) -> Reply:
        limit: dict[str, Any] = {self._limit: question.max_tokens}
        completion = await self._client.chat.completions.create(
            model=self._model,
            messages=[
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.text},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": question.schema},
            },
            **limit,
        )
        tokens = _openai_tokens(getattr(completion, "usage", None))
        choices = getattr(completion, "choices", None)
        if not choices:
            return Reply(text=None, tokens=tokens, problem="the answer is empty")
        choice = choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            return Reply(text=None, tokens=tokens, problem="the model refused to answer")
        if choice.finish_reason == "length":
            return Reply(text=None, tokens=tokens, problem="the answer was cut off")
        return Reply(text=choice.message.content or "", tokens=tokens)


_CLIENTS: Mapping[str, Callable[[Access], Provider]] = {"anthropic": _Anthropic, "openai": _OpenAI}


def _anthropic_reply(message: Any) -> Reply:  # noqa: ANN401 - lacks what a proxy leaves out
    tokens = _anthropic_tokens(getattr(message, "usage", None))
    stopped_by = getattr(message, "stop_reason", None)
    if stopped_by == "refusal":
        return Reply(text=None, tokens=tokens, problem="the model refused to answer")
    if stopped_by in ("max_tokens", "model_context_window_exceeded"):
        return Reply(text=None, tokens=tokens, problem="the answer was cut off")
    blocks = getattr(message, "content", None) or ()
    text = "".join(block.text for block in blocks if block.type == "text")
    return Reply(text=text, tokens=tokens)


def _anthropic_tokens(usage: Any) -> Tokens | None:  # noqa: ANN401 - None from some proxies
    if usage is None:
        return None
    return Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write=usage.cache_creation_input_tokens or 0,
    )


def _openai_tokens(usage: Any) -> Tokens | None:  # noqa: ANN401 - None from some servers
    """OpenAI counts remembered tokens among the others, too."""
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    read = (details and details.cached_tokens) or 0
    write = (details and details.cache_write_tokens) or 0
    return Tokens(
        input=usage.prompt_tokens - read - write,
        output=usage.completion_tokens,
        cache_read=read,
        cache_write=write,
    )
