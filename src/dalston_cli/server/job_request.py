"""What is sent to ``POST /v1/jobs``: a form with a file, or JSON that names one."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from dalston_cli.server.errors import RequestRefusedError, invalid
from dalston_cli.server.upload import Form, UploadRoom, receive_form
from dalston_cli.server.webhooks import Webhook

T = TypeVar("T")

_MOST_BODY_BYTES = 200_000
_LONGEST_KEY = 255
_FORM_FIELDS = frozenset({"options", "webhook"})


class JobRequest(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Attributes:
        name: The recording's; empty where it follows from ``url``.
        path, url: As the caller names a recording; both None for an upload, which is at ``upload``.
    """

    options: Mapping[str, object]
    name: str
    path: str | None = None
    url: str | None = None
    upload: Path | None = None
    upload_bytes: int = 0
    webhook: Webhook | None = None

    def digest(self) -> str:
        """Return what differs between two requests; it reads the upload."""
        said = (self.options, self.path or self.url, self.name, self.webhook)
        digest = hashlib.sha256(msgspec.json.encode(said, order="sorted"))
        if self.upload is not None:
            with self.upload.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


class _Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str | None = None
    url: str | None = None
    options: dict[str, object] = {}
    webhook: Webhook | None = None


async def read_job(request: Request, folder: Path, room: UploadRoom, most_bytes: int) -> JobRequest:
    """Read a request; an upload goes into a folder.

    Raises:
        RequestRefusedError: It is none, or too much.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        return _named(await _body(request))
    form = await receive_form(request, folder, room, most_bytes)
    try:
        return _sent(form)
    except BaseException:
        form.discard(room)
        raise


def _sent(form: Form) -> JobRequest:
    """Return what a form asks for."""
    upload = form.file()
    fields = dict(form.fields)
    if unknown := sorted(fields.keys() - _FORM_FIELDS):
        raise invalid(f"there is no field {unknown[0]!r} here", unknown[0])
    if len(fields) != len(form.fields):
        raise invalid("a field is sent more than once", form.fields[-1][0])
    webhook = fields.get("webhook")
    return JobRequest(
        options=_decoded(fields.get("options", "{}"), dict[str, object], "options"),
        name=form.name,
        upload=upload,
        upload_bytes=form.num_bytes,
        webhook=None if webhook is None else _decoded(webhook, Webhook, "webhook"),
    )


def idempotency_key(request: Request) -> str | None:
    """Return the caller's key for a request; None for none.

    Raises:
        RequestRefusedError: It is too long.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise invalid(f"the key has 1 to {_LONGEST_KEY} characters", "idempotency-key")
    return key


def _named(data: bytes) -> JobRequest:
    body = _decoded(data, _Body, "body")
    if bool(body.path) == bool(body.url):
        raise invalid("name a recording by path or by url, or send a form with a file", "path")
    return JobRequest(
        options=body.options,
        name=Path(body.path or "").name,
        path=body.path,
        url=body.url,
        webhook=body.webhook,
    )


def _decoded(data: str | bytes, kind: type[T], param: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"this cannot be read: {error}", param) from error


async def _body(request: Request) -> bytes:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _MOST_BODY_BYTES:
            raise RequestRefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a body has at most {_MOST_BODY_BYTES:,} bytes",
                code="body_too_large",
            )
    return data
