"""Turns the exceptions of the providers' libraries into engine errors."""

import json

import anthropic
import openai
from endpoint import Endpoint

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

LIBRARY_ERRORS = (anthropic.APIError, openai.APIError, json.JSONDecodeError)
"""Errors of the libraries; the last, where a server answers with something other than JSON."""

_RETRY_LATER = "the same command goes on later; the transcript is kept"
_SERVER_ERRORS = 500
_NOT_FOUND = 404
_MAX_CHARACTERS = 300
_HINTS = {
    401: "check the key: {key}",
    402: "see what is left of your credit with the provider",
    403: "check what the key may do with the provider",
    404: "check the model's name and {url}",
    413: "this is a bug; report it",
    429: _RETRY_LATER,
}


def provider_error(error: Exception, endpoint: Endpoint) -> EngineError:
    """Build the error for an exception of a provider's library, raised after its own retries."""
    server = endpoint.server
    api = endpoint.variables
    if isinstance(error, json.JSONDecodeError):
        problem = "answers with something other than JSON"
        return _failed(endpoint, server, problem, f"check {api.url}")
    if isinstance(error, (anthropic.APIStatusError, openai.APIStatusError)):
        status = error.status_code
        hint = _RETRY_LATER if status >= _SERVER_ERRORS else _hint(endpoint.api, status)
        return _failed(
            endpoint,
            server,
            f"refuses with {status}: {_server_message(error)}",
            hint.format(key=api.key, url=api.url, model=endpoint.model) or None,
        )
    if isinstance(error, (anthropic.APIConnectionError, openai.APIConnectionError)):
        problem = f"cannot be reached: {error} ({type(error.__cause__).__name__})"
        return _failed(endpoint, server, problem, _way_there(endpoint))
    return _failed(endpoint, server, f"answers wrongly: {error}", None)


def _hint(api: str, status: int) -> str:
    if api == "ollama" and status == _NOT_FOUND:
        return "get the model: ollama pull {model}"
    return _HINTS.get(status, "")


def _way_there(endpoint: Endpoint) -> str:
    """Return what to do about a server that cannot be reached."""
    api = endpoint.variables
    if not api.is_own:
        return f"check the network and {api.url}"
    way = (
        "start it: ollama serve" if endpoint.api == "ollama" else f"see that it runs, and {api.url}"
    )
    if endpoint.socket:
        way += "; where this container cannot reach it, use --launcher local"
    return way


def _failed(endpoint: Endpoint, server: str, problem: str, hint: str | None) -> EngineError:
    message = endpoint.redact(f"{server} {' '.join(problem.split())}")
    return EngineError(ErrorCode.INTERNAL, f"{endpoint.model}: {message}", hint=hint)


def _server_message(error: "anthropic.APIStatusError | openai.APIStatusError") -> str:
    """Return the server's message, shortened."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return str(inner["message"])[:_MAX_CHARACTERS]
    if isinstance(body, str) and body.strip():
        return body[:_MAX_CHARACTERS]
    return str(error.message)[:_MAX_CHARACTERS]
