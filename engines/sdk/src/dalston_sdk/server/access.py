"""Access control: the bearer token and the protocol version, checked before anything else."""

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dalston_sdk.errors import EngineError
from dalston_sdk.protocol import HEADER, ProtocolRange
from dalston_sdk.server.replies import failure
from dalston_sdk.wire import ErrorCode

HEALTH_PATH = "/health"


class Access:
    """ASGI middleware that refuses requests without the token or with an incompatible protocol.

    Health is answered whatever the protocol, so that the client can find out what runs here.

    Args:
        app: The application to protect.
        token: The bearer token that requests need; None for none.
        protocol: The protocol versions of this engine.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, protocol: ProtocolRange) -> None:
        self._app = app
        self._expected = None if token is None else f"Bearer {token}".encode()
        self._protocol = protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on to the application."""

        async def send_with_protocol(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = str(self._protocol)
            await send(message)

        headers = Headers(scope=scope)
        if not self._authorised(headers):
            error = EngineError(ErrorCode.INVALID_REQUEST, "the bearer token is missing or wrong")
            await failure(error, status=401)(scope, receive, send_with_protocol)
            return
        refusal = None if scope["path"] == HEALTH_PATH else self._refusal(headers)
        if refusal is not None:
            # A client that is still sending would otherwise get a broken pipe, not the answer.
            await _drain(receive)
            await failure(refusal)(scope, receive, send_with_protocol)
            return
        await self._app(scope, receive, send_with_protocol)

    def _authorised(self, headers: Headers) -> bool:
        if self._expected is None:
            return True
        given = headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, self._expected)

    def _refusal(self, headers: Headers) -> EngineError | None:
        text = headers.get(HEADER)
        if text is None:
            return None
        theirs = ProtocolRange.parse(text)
        if theirs is not None and theirs.overlaps(self._protocol):
            return None
        return EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this engine speaks protocol {self._protocol}, the client speaks {text}",
            hint="install matching versions of Dalston on both sides, then restart the engine",
        )


async def _drain(receive: Receive) -> None:
    while (await receive()).get("more_body", False):
        continue
