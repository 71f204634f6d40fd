"""ASGI middleware: who may ask for what, how often, and under which name of this machine."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dalston_cli.errors import DalstonError
from dalston_cli.server.errors import RequestRefusedError, explained
from dalston_cli.server.tokens import Caller, Callers, ScopeName

OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json"})
"""Anyone may ask for these: they tell nothing of this server."""
PAGE_PATHS = ("/page/",)
"""Likewise what begins so: files of the page, and transcripts whose address is the secret."""

_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_LOOPBACK_NAMES = frozenset({"localhost"})


@dataclass
class RateLimit:
    """So many requests a minute for each caller; a bucket that fills again all the time.

    Args:
        per_minute: None for no limit.
        clock: Seconds from any start.
    """

    per_minute: float | None
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_s(self, caller: str) -> float:
        """Count one request; return how long the caller has to wait, 0 where it may go on."""
        if self.per_minute is None:
            return 0.0
        now = self.clock()
        left, since = self._left.get(caller, (self.per_minute, now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
        may = left >= 1
        self._left[caller] = (left - 1 if may else left, now)
        return 0.0 if may else (1 - left) * 60 / self.per_minute


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is asked of a request.

    Attributes:
        only_loopback: Answer only for this machine's own names: a page elsewhere can have its
            name stand for this machine.
        scopes: By the beginning of a path; the longest that fits counts.
    """

    callers: Callers
    rate: RateLimit
    only_loopback: bool
    scopes: Mapping[str, ScopeName]

    def scope_of(self, path: str) -> ScopeName | None:
        """Return what a caller needs for a path; None for no more than a token."""
        fitting = [begin for begin in self.scopes if path.startswith(begin)]
        return self.scopes[max(fitting, key=len)] if fitting else None


class Access:
    """Refuses requests, or passes them on with ``caller`` in their state."""

    def __init__(self, app: ASGIApp, *, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    added.setdefault(name, value)
            await send(message)

        try:
            caller = self._admitted(scope, Headers(scope=scope))
        except DalstonError as error:
            refused = explained(error)
            if isinstance(error, RateExceededError):
                refused.headers["retry-after"] = str(error.seconds)
            if isinstance(error, RequestRefusedError) and error.status == HTTPStatus.UNAUTHORIZED:
                refused.headers["www-authenticate"] = "Bearer"
            await refused(scope, receive, send_with_headers)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send_with_headers)

    def _admitted(self, scope: Scope, headers: Headers) -> Caller | None:
        """Return who asks; None where it does not matter."""
        rules, path = self._rules, scope["path"]
        if rules.only_loopback:
            _check_names(headers)
        if path in OPEN_PATHS or path == "/" or path.startswith(PAGE_PATHS):
            return None
        caller = rules.callers.caller(headers.get("authorization", ""))
        if caller is None:
            raise RequestRefusedError(
                HTTPStatus.UNAUTHORIZED,
                "the token is missing or wrong",
                code="invalid_api_key",
                hint="send it: Authorization: Bearer TOKEN",
            )
        needed = rules.scope_of(path)
        if needed is not None and needed not in caller.scopes:
            raise RequestRefusedError(
                HTTPStatus.FORBIDDEN,
                f"the token {caller.name} is not for this: it lacks the scope {needed}",
                code="insufficient_scope",
            )
        if wait_s := rules.rate.wait_s(caller.name):
            raise RateExceededError(wait_s)
        return caller


class RateExceededError(RequestRefusedError):
    """A caller asks too often.

    Attributes:
        seconds: To wait.
    """

    def __init__(self, wait_s: float) -> None:
        self.seconds = int(wait_s) + 1
        super().__init__(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"too many requests: wait {self.seconds} s",
            code="rate_limit_exceeded",
        )


def _check_names(headers: Headers) -> None:
    """Refuse another machine's name, and pages of other origins."""
    host = headers.get("host", "")
    origin = headers.get("origin")
    if not _is_loopback(f"//{host}"):
        raise RequestRefusedError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "this server answers for this machine's own names only",
            code="other_host",
            hint="ask http://127.0.0.1 or http://localhost",
        )
    if origin is not None and not _is_loopback(origin):
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, "another page asks", code="other_origin")


def _is_loopback(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
        return name in _LOOPBACK_NAMES or ip_address(name).is_loopback
    except ValueError:
        return False
