"""Addresses of language models' servers, and names of models that lead to them."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from dalston_cli.errors import ConfigurationError, UsageError

OLLAMA = "ollama/"
"""A name that begins so means a model that Ollama has."""
_OLLAMA_PORT = 11434
_PORTS = {"http": 80, "https": 443}
_WEB = ("http://", "https://")
_INSIDE = "host.docker.internal"
"""This machine, as Docker Desktop calls it inside containers."""


class OllamaAddressError(ConfigurationError):
    """A variable does not say where Ollama is."""

    code = "ollama_address"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is not an address of Ollama, such as 127.0.0.1:11434",
            hint=f"see what it is: echo ${variable}",
        )


class ServerAddressError(UsageError):
    """An address that was named as a language model cannot be used."""

    code = "llm_address"

    def __init__(self, shown: str, problem: str, hint: str) -> None:
        super().__init__(f"no language model can be used at {shown}: {problem}", hint=hint)


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A model of a server.

    Attributes:
        api: How it is spoken to, as ``runtime_model_id`` has it.
        url: The server's address, without a slash at its end.
        model: The server's name of the model; empty for the only one that it has.
    """

    api: Literal["ollama", "server"]
    url: str
    model: str

    @property
    def local(self) -> bool:
        """True if the server is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


def served_model(name: str, environ: Mapping[str, str] = os.environ) -> ServedModel | None:
    """Return what ``ollama/NAME`` or ``http://HOST:PORT/v1#NAME`` means; None for other names.

    Raises:
        OllamaAddressError: The environment does not say where Ollama is.
        ServerAddressError: It is an address that cannot be used.
    """
    if name.startswith(OLLAMA) and len(name) > len(OLLAMA):
        return ServedModel(api="ollama", url=ollama_url(environ), model=name.removeprefix(OLLAMA))
    if not name.startswith(_WEB) or name.startswith("https://huggingface.co/"):
        return None
    parts = _checked(name)
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    url = parts._replace(path=path, query="", fragment="").geturl()
    return ServedModel(api="server", url=url, model=parts.fragment)


def ollama_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return Ollama's address: OLLAMA_BASE_URL, or OLLAMA_HOST as Ollama itself reads it.

    Raises:
        OllamaAddressError: They hold something else.

    Reference:
        https://github.com/ollama/ollama/blob/main/docs/faq.md, "How do I configure Ollama server?"
    """
    named = ((each, environ.get(each, "").strip()) for each in ("OLLAMA_BASE_URL", "OLLAMA_HOST"))
    variable, text = next(((each, found) for each, found in named if found), ("", ""))
    scheme, has_scheme, rest = text.rpartition("://")
    scheme = scheme or "http"
    try:
        parts = urlsplit(f"//{rest}")
        port = parts.port or (_PORTS[scheme] if has_scheme else _OLLAMA_PORT)
    except (ValueError, KeyError):
        raise OllamaAddressError(variable) from None
    if parts.username is not None:
        raise OllamaAddressError(variable)
    host = parts.hostname or "127.0.0.1"
    if _is_any(host):  # where a server listens, not where it is reached
        host = "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Return True if a host is this machine, at an address that no other one can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def seen_from_inside(url: str) -> str:
    """Return the address that a server of this machine has inside a container of Docker Desktop."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url  # not an address; the engine says so
    if not is_loopback(host):
        return url
    before, at, _ = parts.netloc.rpartition("@")
    netloc = f"{before}{at}{_INSIDE}" + (f":{port}" if port else "")
    return parts._replace(netloc=netloc).geturl()


def _checked(name: str) -> SplitResult:
    try:
        parts = urlsplit(name)
        _ = parts.port
    except ValueError as error:
        problem, hint = str(error), "name it as http://HOST:PORT/v1#MODEL"
        raise ServerAddressError(name.rpartition("@")[2], problem, hint) from None
    if parts.username is not None or parts.query:
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
        raise ServerAddressError(
            shown,
            "there may be no user, password or question mark in it",
            f"export LLM_SERVER_API_KEY=your-key, and name it as {shown}",
        )
    if not parts.hostname:
        raise ServerAddressError(name, "it names no host", "name it as http://HOST:PORT/v1#MODEL")
    return parts


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
