"""What a provider's refusals mean to whoever wants a transcript cleaned up."""

import json

import anthropic
import openai
from providers import Access

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

LIBRARY_ERRORS = (anthropic.APIError, openai.APIError, json.JSONDecodeError)
"""What asking may raise; the last is what the libraries make of a page instead of an answer."""

_LATER = "the same command goes on later; the transcript is kept"
_SERVER_ERRORS = 500
_MAX_LETTERS = 300
_HINTS = {
    401: "check the key: {name}_API_KEY",
    402: "see what is left of your credit with the provider",
    403: "check what the key may do with the provider",
    404: "check the model's name and {name}_BASE_URL",
    413: "this is a bug; report it",
    429: _LATER,
}


def explain(error: Exception, access: Access) -> EngineError:
    """The error for what a provider's library raised after its own retries."""
    server = access.server
    name = access.kind.upper()
    if isinstance(error, json.JSONDecodeError):
        problem = "answers with something other than JSON"
        return _failed(access, server, problem, f"check {name}_BASE_URL")
    if isinstance(error, (anthropic.APIStatusError, openai.APIStatusError)):
        status = error.status_code
        hint = _LATER if status >= _SERVER_ERRORS else _HINTS.get(status, "")
        return _failed(
            access, server, f"refuses with {status}: {_said(error)}", hint.format(name=name) or None
        )
    if isinstance(error, (anthropic.APIConnectionError, openai.APIConnectionError)):
        problem = f"cannot be reached: {error} ({type(error.__cause__).__name__})"
        return _failed(access, server, problem, f"check the network and {name}_BASE_URL")
    return _failed(access, server, f"answers wrongly: {error}", None)


def _failed(access: Access, server: str, problem: str, hint: str | None) -> EngineError:
    message = access.without_key(f"{server} {' '.join(problem.split())}")
    return EngineError(ErrorCode.INTERNAL, f"{access.model}: {message}", hint=hint)


def _said(error: "anthropic.APIStatusError | openai.APIStatusError") -> str:
    """The server's own words, shortened."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return str(inner["message"])[:_MAX_LETTERS]
    return str(error.message)[:_MAX_LETTERS]
