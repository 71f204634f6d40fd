"""OpenAI's library, for OpenAI itself and for all servers that are asked through it."""

import openai
from endpoint import MAX_RETRIES, Endpoint


def openai_client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """Return a new client, for one event loop."""
    return openai.AsyncOpenAI(
        api_key=endpoint.key,
        base_url=endpoint.url,
        timeout=endpoint.timeout_s,
        max_retries=MAX_RETRIES,
        http_client=openai.DefaultAsyncHttpxClient(transport=endpoint.transport()),
    )
