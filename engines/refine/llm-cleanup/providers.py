"""The APIs that models are called through: Anthropic's Messages, and OpenAI's chat completions.

The providers' own libraries handle retries, delays and connections. A key comes from the
environment, goes into a request's header, and appears nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anthropic
from batches import PRICE_SHARE, run_batch
from endpoint import MAX_RETRIES, Endpoint
from failures import LIBRARY_ERRORS, provider_error
from ollama_api import OllamaProvider
from openai_client import openai_client

from dalston_sdk.language_model.budget import TokenCounts
from dalston_sdk.language_model.completion import Completion, Prompt, Provider, no_batch
from dalston_sdk.language_model.profile import ModelProfile


def provider_for(endpoint: Endpoint) -> Callable[[], Provider]:
    """Return what makes a new client, for one event loop."""
    return lambda: _Reporting(_CLIENTS[endpoint.api](endpoint), endpoint)


def profile_of(endpoint: Endpoint) -> ModelProfile:
    """Return the limits for a model; all services' models are taken for large ones."""
    return ModelProfile(
        name=endpoint.model,
        concurrency=endpoint.variables.concurrency,
        deadline_s=endpoint.variables.deadline_s,
        batch_price_share=PRICE_SHARE,
        caches=True,
    )


class _Reporting:
    """A provider whose errors are those of an engine."""

    def __init__(self, provider: Provider, endpoint: Endpoint) -> None:
        self._provider = provider
        self._endpoint = endpoint

    async def aclose(self) -> None:
        await self._provider.aclose()

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            return await self._provider.complete(prompt)
        except LIBRARY_ERRORS as error:
            raise provider_error(error, self._endpoint) from error

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        try:
            return await self._provider.complete_batch(prompts)
        except LIBRARY_ERRORS as error:
            raise provider_error(error, self._endpoint) from error


class _Anthropic:
    def __init__(self, endpoint: Endpoint) -> None:
        self._model = endpoint.model
        self._client = anthropic.AsyncAnthropic(
            api_key=endpoint.key,
            base_url=endpoint.url,
            timeout=endpoint.timeout_s,
            max_retries=MAX_RETRIES,
            open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(transport=endpoint.transport()),
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        return _anthropic_completion(await self._client.messages.create(**self._arguments(prompt)))

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        answers = await run_batch(self._client, [self._arguments(each) for each in prompts])
        return [
            Completion(text=None, tokens=TokenCounts(input=0, output=0), problem=answer)
            if isinstance(answer, str)
            else _anthropic_completion(answer)
            for answer in answers
        ]

    def _arguments(self, prompt: Prompt) -> dict[str, Any]:
        """Build the arguments of ``messages.create``.

        Newer models refuse a forced tool, sampling parameters and switched-off thinking.
        """
        return {
            "model": self._model,
            "max_tokens": prompt.max_tokens,
            "system": [
                {"type": "text", "text": prompt.system, "cache_control": {"type": "ephemeral"}}
            ],
            "messages": [{"role": "user", "content": prompt.text}],
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": prompt.schema},
            },
        }


class _OpenAI:
    def __init__(self, endpoint: Endpoint) -> None:
        self._model = endpoint.model
        # Only OpenAI itself knows the newer name of the limit.
        self._limit = "max_tokens" if endpoint.url else "max_completion_tokens"
        self._client = openai_client(endpoint)

    async def aclose(self) -> None:
        await self._client.close()

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        raise no_batch(self._model, len(prompts))

    async def complete(self, prompt: Prompt) -> Completion:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.text},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": prompt.schema},
            },
            self._limit: prompt.max_tokens,
        }
        completion: Any = await self._client.chat.completions.create(**request)
        tokens = _openai_tokens(getattr(completion, "usage", None))
        choices = getattr(completion, "choices", None)
        if not choices:
            return Completion(text=None, tokens=tokens, problem="the answer is empty")
        choice = choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            return Completion(text=None, tokens=tokens, problem="the model refused to answer")
        if choice.finish_reason == "length":
            return Completion(text=None, tokens=tokens, problem="the answer was cut off")
        return Completion(text=choice.message.content or "", tokens=tokens)


_CLIENTS: Mapping[str, Callable[[Endpoint], Provider]] = {
    "anthropic": _Anthropic,
    "openai": _OpenAI,
    "ollama": OllamaProvider,
    "server": _OpenAI,
}


def _anthropic_completion(message: Any) -> Completion:  # noqa: ANN401 - proxies drop fields
    tokens = _anthropic_tokens(getattr(message, "usage", None))
    stopped_by = getattr(message, "stop_reason", None)
    if stopped_by == "refusal":
        return Completion(text=None, tokens=tokens, problem="the model refused to answer")
    if stopped_by in ("max_tokens", "model_context_window_exceeded"):
        return Completion(text=None, tokens=tokens, problem="the answer was cut off")
    blocks = getattr(message, "content", None) or ()
    text = "".join(block.text for block in blocks if block.type == "text")
    return Completion(text=text, tokens=tokens)


def _anthropic_tokens(usage: Any) -> TokenCounts | None:  # noqa: ANN401 - None from some proxies
    if usage is None:
        return None
    return TokenCounts(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write=usage.cache_creation_input_tokens or 0,
    )


def _openai_tokens(usage: Any) -> TokenCounts | None:  # noqa: ANN401 - None from some servers
    """Count tokens; OpenAI counts cached ones among the input tokens, too."""
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    read = (details and details.cached_tokens) or 0
    write = (details and details.cache_write_tokens) or 0
    return TokenCounts(
        input=usage.prompt_tokens - read - write,
        output=usage.completion_tokens,
        cache_read=read,
        cache_write=write,
    )
