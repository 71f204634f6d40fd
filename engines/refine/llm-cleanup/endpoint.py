"""Where a model is and how it is reached: API, address, key and patience."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

MAX_RETRIES = 4

_NO_KEY = "none"
"""The key for a server that needs none; the libraries require one."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API, as a runtime model id names it before the slash.

    Attributes:
        key, url: The variables with the key, and with the address of another server.
        usual: The address without that variable; None where the library knows it, or none is.
        is_own: A server of the user's own, which needs no key.
        timeout_s: Time limit for one attempt.
        deadline_s: Time limit for one prompt, including retries and delays that the server asks
            for. A server of the user's own may take an hour: a second attempt would begin anew.
        concurrency: Prompts of one request that are sent at the same time.
    """

    key: str
    url: str
    usual: str | None = None
    is_own: bool = False
    timeout_s: float = 180.0
    deadline_s: float = 900.0
    concurrency: int = 4


APIS: Mapping[str, Api] = {
    "anthropic": Api(key="ANTHROPIC_API_KEY", url="ANTHROPIC_BASE_URL"),
    "openai": Api(key="OPENAI_API_KEY", url="OPENAI_BASE_URL"),
    "ollama": Api(
        key="OLLAMA_API_KEY",
        url="OLLAMA_BASE_URL",
        usual="http://127.0.0.1:11434",
        is_own=True,
        timeout_s=3600.0,
        deadline_s=3600.0,
        concurrency=1,  # Ollama works on one at a time by default; others would wait in its queue
    ),
    "server": Api(
        key="LLM_SERVER_API_KEY",
        url="LLM_SERVER_URL",
        is_own=True,
        timeout_s=3600.0,
        deadline_s=3600.0,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model and how to reach it.

    Attributes:
        api: A key of ``APIS``.
        model: The provider's name of the model.
        key: The API key.
        url: The server's address; None for the provider's own.
        socket: The Unix socket that leads there, where it is the only way out; else None.
    """

    api: str
    model: str
    key: str = field(repr=False)
    url: str | None
    socket: str | None = None

    @property
    def server(self) -> str:
        """The server's name for messages: its address without a password."""
        if self.url is None:
            return f"{self.api}'s service"
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

    @property
    def variables(self) -> Api:
        """The API, with the names of its variables and its limits."""
        return APIS[self.api]

    @property
    def timeout_s(self) -> float:
        """Time limit for one attempt."""
        return self.variables.timeout_s

    def transport(self) -> httpx2.AsyncHTTPTransport | None:
        """Return the way through the socket; None for the network's usual ways."""
        return httpx2.AsyncHTTPTransport(uds=self.socket) if self.socket else None

    def redact(self, text: str) -> str:
        """Replace the key in a text; servers may repeat it."""
        return text if len(self.key) <= len(_NO_KEY) else text.replace(self.key, "[key]")


def find_endpoint(runtime_id: str, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """Find key and address of ``API/MODEL``.

    Raises:
        EngineError: ``model_missing`` for any other name, ``model_load_failed`` without a key or,
            for a server of the user's own, an address.
    """
    name, _, model = runtime_id.partition("/")
    if not model or name not in APIS:
        raise EngineError(
            ErrorCode.MODEL_MISSING,
            f"{runtime_id} names no model of a provider",
            hint=f"use one of {', '.join(f'{each}/MODEL' for each in APIS)} as runtime_model_id",
        )
    api = APIS[name]
    key = environ.get(api.key, "").strip()
    url = environ.get(api.url, "").strip() or api.usual
    if url is None and api.is_own:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{model} cannot be asked: {api.url} is not set",
            hint=f"export {api.url}=http://127.0.0.1:8000/v1, the address of the server",
        )
    if not key and url is None:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{model} cannot be asked: {api.key} is not set",
            hint=f"export {api.key}=your-key, or {api.url} for a server of your own",
        )
    folder = environ.get("ENGINE_SERVICE_SOCKETS")
    socket = f"{folder}/{api.url}.sock" if folder else None
    return Endpoint(api=name, model=model, key=key or _NO_KEY, url=url, socket=socket)
