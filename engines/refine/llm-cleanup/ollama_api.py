"""Ollama's own API, through OpenAI's library, which handles retries and connections.

Its copy of OpenAI's API cannot set the length of the context, and what does not fit into the usual
one is dropped without a word. Here the context is as long as the prompt and its answer need.

Reference:
    https://github.com/ollama/ollama/blob/main/docs/api.md, "Generate a chat completion".
"""

from collections.abc import Sequence
from typing import Any

from endpoint import Endpoint
from openai_client import openai_client

from dalston_sdk.language_model.budget import TokenCounts
from dalston_sdk.language_model.completion import Completion, Prompt, no_batch
from dalston_sdk.language_model.text_chunks import estimate_tokens

MIN_CONTEXT = 8192
"""Tokens. Ollama loads a model anew for another length, so it is always a power of two."""


def context_length(prompt: Prompt) -> int:
    """Return the tokens of context for a prompt and its answer."""
    needed = estimate_tokens(prompt.system) + estimate_tokens(prompt.text) + prompt.max_tokens
    return max(MIN_CONTEXT, 1 << (needed - 1).bit_length())


class OllamaProvider:
    """A model that Ollama has pulled."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._model = endpoint.model
        self._client = openai_client(endpoint)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Refuse: Ollama has no batches."""
        raise no_batch(self._model, len(prompts))

    async def complete(self, prompt: Prompt) -> Completion:
        """Send a prompt and return the answer."""
        answer: Any = await self._client.post(
            "/api/chat", body=self._request(prompt), cast_to=object
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("message"), dict):
            return Completion(text=None, tokens=None, problem="the answer is empty")
        tokens = _tokens(answer)
        if answer.get("done_reason") == "length":
            return Completion(text=None, tokens=tokens, problem="the answer was cut off")
        return Completion(text=str(answer["message"].get("content") or ""), tokens=tokens)

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.text},
            ],
            "format": prompt.schema,
            "stream": False,
            "think": False,
            "truncate": False,  # a prompt that does not fit is an error
            "shift": False,
            "options": {
                "num_ctx": context_length(prompt),
                "num_predict": prompt.max_tokens,
                "temperature": 0,
            },
        }


def _tokens(answer: dict[str, Any]) -> TokenCounts | None:
    """Count tokens; a prompt that Ollama remembers whole has no count."""
    if answer.get("eval_count") is None:
        return None
    return TokenCounts(
        input=int(answer.get("prompt_eval_count") or 0), output=int(answer["eval_count"])
    )
