"""Asks a server of language models which ones it has."""

from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.catalog.own_servers.addresses import ServedModel
from dalston_cli.catalog.own_servers.failures import (
    OllamaSilentError,
    ServerAnswerError,
    ServerSilentError,
)

_CONNECT_S = 3.0
_READ_S = 15.0
_NO_TEXT = ("bert", "clip")
"""Families of models that write nothing: they make vectors."""


class OllamaDetails(Struct, frozen=True, kw_only=True):
    """What Ollama says of a model's weights."""

    family: str | None = None
    parameter_size: str | None = None


class OllamaModel(Struct, frozen=True, kw_only=True):
    """One model that Ollama has.

    Attributes:
        size: In bytes.
        digest: Of its files and settings.
        remote_host: The server that runs it, where Ollama only passes text on.

    Reference:
        https://github.com/ollama/ollama/blob/main/docs/api.md, "List Local Models".
    """

    name: str
    size: int = 0
    digest: str = ""
    remote_host: str = ""
    details: OllamaDetails | None = None

    @property
    def billions(self) -> float:
        """Its parameters in thousands of millions; 0 where they are not known."""
        text = (self.details and self.details.parameter_size) or ""
        factor = {"B": 1.0, "M": 0.001, "K": 0.000_001}.get(text[-1:].upper())
        try:
            return float(text[:-1]) * factor if factor else 0.0
        except ValueError:
            return 0.0

    @property
    def writes(self) -> bool:
        """False for a model that only makes vectors of texts."""
        family = ((self.details and self.details.family) or "").lower()
        return "embed" not in self.name and not any(each in family for each in _NO_TEXT)


class _Tags(Struct, frozen=True):
    models: tuple[OllamaModel, ...] | None = None


class _Listed(Struct, frozen=True):
    id: str


class _Models(Struct, frozen=True):
    data: tuple[_Listed, ...]


def ollama_models(served: ServedModel, key: str = "") -> tuple[OllamaModel, ...]:
    """Return what Ollama has pulled.

    Raises:
        OllamaSilentError: Nothing answers there.
        ServerAnswerError: What answers is not Ollama.
    """
    content = _get(served, f"{served.url}/api/tags", key)
    try:
        return msgspec.json.decode(content, type=_Tags).models or ()
    except msgspec.MsgspecError as error:
        raise ServerAnswerError(served, "its list of models cannot be read") from error


def server_models(served: ServedModel, key: str = "") -> tuple[str, ...]:
    """Return the names of the models of a server with OpenAI's API.

    Raises:
        ServerSilentError: Nothing answers there.
        ServerAnswerError: It refuses, or has another API.

    Reference:
        https://platform.openai.com/docs/api-reference/models/list
    """
    content = _get(served, f"{served.url}/models", key)
    try:
        found = msgspec.json.decode(content, type=_Models)
    except msgspec.MsgspecError as error:
        raise ServerAnswerError(served, "its list of models cannot be read") from error
    return tuple(each.id for each in found.data)


def _get(served: ServedModel, url: str, key: str) -> bytes:
    import httpx2  # noqa: PLC0415 - keeps `dalston --help` fast

    headers = {"authorization": f"Bearer {key}"} if key else {}
    timeout = httpx2.Timeout(_READ_S, connect=_CONNECT_S)
    # A proxy is no way to a server of this machine.
    client: Any = httpx2.Client(timeout=timeout, headers=headers, trust_env=not served.local)
    try:
        with client:
            response = client.get(url)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        silent = OllamaSilentError if served.api == "ollama" else ServerSilentError
        raise silent(served, str(error) or type(error).__name__) from error
    if not response.is_success:
        raise ServerAnswerError(served, f"it refuses with {response.status_code}")
    content: bytes = response.content
    return content
