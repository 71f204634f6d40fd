"""Failures of a pull by a server's status or a lost connection. Runs in the child process."""

from http import HTTPStatus

import httpx2

from dalston_cli.catalog.weights.exchange import Failure, FailureKind, PullFailure

_KINDS: dict[int, FailureKind] = {
    401: "token_missing",
    403: "forbidden",
    404: "not_found",
    410: "not_found",
    429: "rate_limited",
}
_BAD_TOKEN = "invalid credentials"  # noqa: S105 - a message of the hub, no secret
_SERVER_ERROR = 500


def refuse_bad_status(response: httpx2.Response) -> None:
    """Raise a PullFailure if the status is 400 or above."""
    if response.is_error:
        raise PullFailure(failure_of(response))


def failure_of(response: httpx2.Response) -> Failure:
    """Return the reason of a refusal.

    Reference: the headers ``X-Error-Code`` and ``X-Error-Message`` are the Hugging Face hub's; it
    answers 401 for missing repositories, too, so as not to reveal private ones.
    """
    return Failure(
        kind=_kind(response),
        url=str(response.request.url.copy_with(query=None)),
        status=response.status_code,
        detail=response.headers.get("X-Error-Message", response.reason_phrase),
        retry_after_s=_seconds(response.headers.get("Retry-After", "")),
    )


def unreachable(error: httpx2.HTTPError | OSError, url: str) -> Failure:
    """Return the failure of a connection that was refused, or broke before an answer."""
    return Failure(kind="unreachable", url=url, detail=str(error) or type(error).__name__)


def _kind(response: httpx2.Response) -> FailureKind:
    status, headers = response.status_code, response.headers
    code = headers.get("X-Error-Code", "")
    has_token = "authorization" in response.request.headers
    if code == "GatedRepo":
        return "terms" if has_token else "token_missing"
    if _BAD_TOKEN in headers.get("X-Error-Message", "").lower():
        return "token_invalid"
    if code in {"RepoNotFound", "RevisionNotFound", "EntryNotFound"}:
        return "not_found"
    if status == HTTPStatus.UNAUTHORIZED and has_token:
        return "token_invalid"
    return _KINDS.get(status, "server" if status >= _SERVER_ERROR else "status")


def _seconds(header: str) -> int | None:
    return int(header) if header.isdigit() else None
