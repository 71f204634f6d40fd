"""Tells a caller's server that a job has ended, signed as Standard Webhooks are.

Reference: https://www.standardwebhooks.com, version 1: HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import hashlib
import hmac
import http.client
import re
import threading
import time
from contextlib import suppress
from socket import SHUT_RDWR, socket

from msgspec import Struct

from dalston_cli.server.addresses import Destination
from dalston_cli.server.connecting import connected
from dalston_cli.server.errors import invalid

_PREFIX = "whsec_"
_SECRET_BYTES = (24, 64)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_TIMEOUT_S = 10.0
_LONGEST_S = 30.0
"""For a whole answer: one that sends a byte now and then must not hold a thread for ever."""
_FINE = range(200, 300)


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to tell the end of a job.

    Attributes:
        url: On the internet, unless the server's owner allows it.
        secret: ``whsec_`` and 24 to 64 bytes in base64, which both sides know.
    """

    url: str
    secret: str


def secret_bytes(secret: str) -> bytes:
    """Return the key of signatures.

    Raises:
        RequestRefusedError: It is none.
    """
    text = secret.removeprefix(_PREFIX)
    refused = invalid("the secret is whsec_ and 24 to 64 bytes in base64", "webhook.secret")
    if not secret.startswith(_PREFIX) or not _BASE64.fullmatch(text):
        raise refused
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise refused from None
    least, most = _SECRET_BYTES
    if not least <= len(key) <= most:
        raise refused
    return key


def signed_headers(secret: str, message_id: str, body: bytes, now_s: int) -> dict[str, str]:
    """Return the headers of a message."""
    signed = f"{message_id}.{now_s}.".encode() + body
    digest = hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(
    where: Destination, secret: str, message_id: str, body: bytes, *, longest_s: float = _LONGEST_S
) -> bool:
    """Send a message once; return True if it was taken. Redirects are not followed."""
    headers = signed_headers(secret, message_id, body, int(time.time()))
    headers |= {
        "host": where.authority,
        "content-type": "application/json",
        "user-agent": "dalston",
    }
    try:
        connection = connected(where, timeout_s=_TIMEOUT_S)
    except OSError:
        return False
    timer = threading.Timer(longest_s, _end, (connection.sock,))
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", where.path, body=body, headers=headers)
        return connection.getresponse().status in _FINE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        timer.cancel()
        connection.close()


def _end(connection: socket) -> None:
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)
