"""Refusals of the server, in the shape that clients of OpenAI's API know."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from dalston_cli.control_characters import without_controls
from dalston_cli.errors import (
    ConfigurationError,
    DalstonError,
    InputError,
    ModelUnavailableError,
    UnavailableError,
    UsageError,
)

_KINDS = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}

_NO_ROOM_S = "30"


class RequestRefusedError(DalstonError):
    """A request is not carried out.

    Args:
        status: Of HTTP.
        message: As for every error.
        code: Stable text for programs.
        param: The field that is to blame.
        hint: What to do next.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        code: str,
        param: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code_text = code
        self.param = param


def invalid(message: str, param: str, *, hint: str | None = None) -> RequestRefusedError:
    """Return the refusal of one field's value."""
    return RequestRefusedError(
        HTTPStatus.BAD_REQUEST, message, code="invalid_value", param=param, hint=hint
    )


def not_honoured(param: str, reason: str) -> RequestRefusedError:
    """Return the refusal of a field that would have no effect."""
    message = f"{param} is not supported: {reason}"
    return RequestRefusedError(
        HTTPStatus.BAD_REQUEST, message, code="unsupported_parameter", param=param
    )


def no_such(what: str) -> RequestRefusedError:
    """Return the refusal to name anything of what is not there, or another caller's."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, f"there is no such {what}", code="not_found")


def status_of(error: DalstonError) -> HTTPStatus:
    """Return what an error of the pipeline is over HTTP."""
    if isinstance(error, RequestRefusedError):
        return error.status
    if isinstance(error, UsageError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, InputError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, ModelUnavailableError):
        return HTTPStatus.NOT_FOUND  # to ask again, as clients do after 503, does not help
    if isinstance(error, UnavailableError | ConfigurationError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def error_body(
    status: int, message: str, *, code: str, param: str | None = None, hint: str | None = None
) -> dict[str, object]:
    """Return the body of a refusal; the hint is part of the message, which clients show."""
    text = f"{message}; {hint}" if hint else message
    kind = _KINDS.get(HTTPStatus(status))
    if kind is None:
        server = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = "server_error" if server else "invalid_request_error"
    error = {"message": without_controls(text), "type": kind, "param": param, "code": code}
    return {"error": error}


def explained(error: DalstonError) -> Response:
    """Return the answer that an error is."""
    status = status_of(error)
    code = error.code_text if isinstance(error, RequestRefusedError) else error.code
    param = error.param if isinstance(error, RequestRefusedError) else None
    refused = answer(
        error_body(status, error.message, code=code, param=param, hint=error.hint), status
    )
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        refused.headers["retry-after"] = _NO_ROOM_S  # a whole recording may have been sent in vain
    return refused


def answer(value: object, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")
