"""Who may ask: this page alone, from this machine, with the token."""

import hmac
import secrets

from msgspec import Struct
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

AUDIO_PATH = "/api/audio"
_API = "/api/"
_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Keys(Struct, frozen=True, kw_only=True):
    """What a browser has to show.

    Attributes:
        port: That the server listens on.
        token: In the address that is opened; for all but audio.
        cookie: For audio alone, as an audio element sends no header.
    """

    port: int
    token: str
    cookie: str

    @classmethod
    def new(cls, port: int) -> "Keys":
        """Make keys that cannot be guessed."""
        return cls(port=port, token=secrets.token_urlsafe(32), cookie=secrets.token_urlsafe(32))

    @property
    def cookie_name(self) -> str:
        """A name of this server's own: cookies know no ports."""
        return f"dalston_review_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Names by which a browser of this machine asks."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})


class Access:
    """ASGI middleware: refuses other hosts, other pages and requests without token.

    Another host's name in a request is that of a page elsewhere, whose name was made to stand for
    this machine.

    Args:
        app: The application to protect.
        keys: What is asked for.
        policy: The page's Content-Security-Policy.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, policy: str) -> None:
        self._app = app
        self._keys = keys
        self._headers = {**_HEADERS, "content-security-policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        by_token = self._has_token(headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    added[name] = value
                if by_token:
                    added["set-cookie"] = self._cookie()
            await send(message)

        refusal = self._refusal(scope, headers, by_token=by_token)
        answer = self._app if refusal is None else refusal
        await answer(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers, *, by_token: bool) -> Response | None:
        if headers.get("host", "").lower() not in self._keys.hosts:
            return _refused("this server answers for 127.0.0.1 only", 421)
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{each}" for each in self._keys.hosts}:
            return _refused("another page asks", 403)
        path: str = scope["path"]
        if not path.startswith(_API) or by_token:
            return None
        if path == AUDIO_PATH and scope["method"] in {"GET", "HEAD"} and self._has_cookie(headers):
            return None
        return _refused("the token is missing or wrong: open the address that was printed", 401)

    def _has_token(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").encode("latin-1", errors="replace")
        return hmac.compare_digest(given, f"Bearer {self._keys.token}".encode())

    def _has_cookie(self, headers: Headers) -> bool:
        given = cookie_parser(headers.get("cookie", "")).get(self._keys.cookie_name, "")
        return hmac.compare_digest(given.encode(), self._keys.cookie.encode())

    def _cookie(self) -> str:
        name, value = self._keys.cookie_name, self._keys.cookie
        return f"{name}={value}; HttpOnly; SameSite=Strict; Path={AUDIO_PATH}"


def _refused(message: str, status: int) -> Response:
    import msgspec  # noqa: PLC0415 - for refusals only

    body = msgspec.json.encode({"message": message})
    return Response(body, status_code=status, media_type="application/json")
