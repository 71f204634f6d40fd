"""Forms with a file: it goes to the disk as it comes, and only as much as there is room for."""

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from dalston_cli.amounts import readable_size
from dalston_cli.server.errors import RequestRefusedError, invalid
from dalston_cli.threads import to_its_end

_MOST_FIELDS = 64
_MOST_FIELD_BYTES = 100_000
_FILE_FIELD = "file"

UPLOAD_NAME = "upload"
"""Of the file that was sent, in the folder that is given."""


class UploadRoom:
    """Room for uploads of all callers, until their jobs have ended; any thread may take of it.

    Args:
        most_bytes: Of all of them together.

    Attributes:
        used_bytes: Of uploads that this process has.
        elsewhere_bytes: Of uploads that other processes have, as it was known last.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self.used_bytes = 0
        self.elsewhere_bytes = 0

    def take(self, number: int) -> None:
        """Take more room.

        Raises:
            RequestRefusedError: There is none left.
        """
        with self._lock:
            if self.used_bytes + self.elsewhere_bytes + number > self._most_bytes:
                raise RequestRefusedError(
                    HTTPStatus.INSUFFICIENT_STORAGE,
                    "there is no room for more uploads",
                    code="no_room",
                    hint="wait until other jobs have ended, or serve with more: --upload-quota GB",
                )
            self.used_bytes += number

    def give_back(self, number: int) -> None:
        """Give room back."""
        with self._lock:
            self.used_bytes = max(0, self.used_bytes - number)


@dataclass(kw_only=True)
class Form:
    """A form that was received.

    Attributes:
        fields: In order; a name may come several times.
        path: The file that was sent; None for none.
        name: As the caller calls the file, without folders.
        num_bytes: Of the file.
    """

    fields: list[tuple[str, str]] = field(default_factory=list)
    path: Path | None = None
    name: str = ""
    num_bytes: int = 0

    def file(self) -> Path:
        """Return the file.

        Raises:
            RequestRefusedError: None was sent, or an empty one.
        """
        if self.path is None:
            problem = f"{self.name} is empty" if self.name else "the field file is missing"
            raise invalid(problem, _FILE_FIELD)
        return self.path

    def discard(self, room: UploadRoom) -> None:
        """Remove the file, and give its room back."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self.path = None
        room.give_back(self.num_bytes)
        self.num_bytes = 0


async def receive_form(request: Request, folder: Path, room: UploadRoom, most_bytes: int) -> Form:
    """Receive a form; its file goes into a folder that exists, as ``UPLOAD_NAME``.

    Raises:
        RequestRefusedError: It is no form, or has more than one file, or too much of anything.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes + _MOST_FIELDS * _MOST_FIELD_BYTES:
        raise _too_large(most_bytes)
    receiver = _Receiver(folder / UPLOAD_NAME, room, most_bytes)
    try:
        parser = MultipartParser(_boundary(request), receiver.callbacks())  # type: ignore[arg-type]  # a TypedDict of the library's own
        async for data in request.stream():
            parser.write(data)
            if receiver.has_pending:
                await to_its_end(receiver.write_pending)
        parser.finalize()
        receiver.check_complete()
    except BaseException as error:
        receiver.close()
        receiver.form.discard(room)
        if isinstance(error, MultipartParseError):
            raise RequestRefusedError(
                HTTPStatus.BAD_REQUEST, f"the form is malformed: {error}", code="bad_form"
            ) from error
        if isinstance(error, ClientDisconnect):
            raise RequestRefusedError(
                HTTPStatus.BAD_REQUEST, "the caller went", code="gone"
            ) from error
        if isinstance(error, OSError):
            raise RequestRefusedError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"the upload cannot be saved: {error.strerror or error}",
                code="no_room",
            ) from error
        raise
    receiver.close()
    return receiver.form


def _boundary(request: Request) -> bytes:
    kind, params = parse_options_header(request.headers.get("content-type", ""))
    boundary = params.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise RequestRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "the body is no form with a file",
            code="no_form",
            hint="send multipart/form-data: curl -F file=@talk.mp3",
        )
    return boundary


def _too_large(most_bytes: int) -> RequestRefusedError:
    return RequestRefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a file may have at most {readable_size(most_bytes)}",
        code="file_too_large",
        param=_FILE_FIELD,
    )


class _Receiver:
    """Takes the parts of a form from the parser."""

    def __init__(self, path: Path, room: UploadRoom, most_bytes: int) -> None:
        self.form = Form()
        self._is_complete = False
        self._path = path
        self._room = room
        self._most_bytes = most_bytes
        self._pending: list[bytes] = []
        self._file: BinaryIO | None = None
        self._header: tuple[bytes, bytes] = (b"", b"")
        self._name = ""
        self._is_file = False
        self._value = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_end": self._finished,
        }

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def write_pending(self) -> None:
        if self._file is None:
            self._file = self._path.open("xb")
            self.form.path = self._path
        for data in self._taken():
            self._file.write(data)

    def check_complete(self) -> None:
        if not self._is_complete:
            raise RequestRefusedError(
                HTTPStatus.BAD_REQUEST, "the form is cut off", code="bad_form"
            )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _taken(self) -> Iterator[bytes]:
        pending, self._pending = self._pending, []
        yield from pending

    def _begin(self) -> None:
        self._name, self._is_file, self._value = "", False, bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _header_end(self) -> None:
        (name, value), self._header = self._header, (b"", b"")
        if name.lower() != b"content-disposition":
            return
        _, params = parse_options_header(value)
        self._name = params.get(b"name", b"").decode("utf-8", errors="replace")
        file = _file_name(value, params)
        if file is None:
            return
        if self._name != _FILE_FIELD:
            raise invalid(f"a file is sent as the field {self._name!r}", self._name or _FILE_FIELD)
        if self.form.name:
            raise invalid("more than one file is sent", _FILE_FIELD)
        self._is_file = True
        self.form.name = plain_name(file)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._value += data[start:end]
            if len(self._value) > _MOST_FIELD_BYTES:
                raise invalid(f"{self._name} has more than {_MOST_FIELD_BYTES:,} bytes", self._name)
            return
        number = end - start
        if self.form.num_bytes + number > self._most_bytes:
            raise _too_large(self._most_bytes)
        self._room.take(number)
        self.form.num_bytes += number
        self._pending.append(bytes(data[start:end]))

    def _end(self) -> None:
        if self._is_file:
            return
        if len(self.form.fields) >= _MOST_FIELDS:
            raise invalid(f"more than {_MOST_FIELDS} fields are sent", self._name)
        self.form.fields.append((self._name, self._value.decode("utf-8", errors="replace")))

    def _finished(self) -> None:
        self._is_complete = True


def _file_name(disposition: bytes, params: Mapping[bytes, bytes]) -> str | None:
    """Return the name that a part of a form has as a file; None for a part that is none.

    Some libraries write names that are not ASCII as ``filename*=utf-8''...`` alone.

    Reference: RFC 7578, section 4.2; RFC 2231.
    """
    if b"filename" in params:
        return params[b"filename"].decode("utf-8", errors="replace")
    header = Message()
    header["content-disposition"] = disposition.decode("latin-1")
    return header.get_filename()


def plain_name(name: str) -> str:
    """Return a file's name without folders of either system, and nothing that is no name."""
    last = os.path.basename(name.replace("\\", "/")).strip().lstrip(".")  # noqa: PTH119 - no path of ours
    kept = "".join(letter for letter in last if letter.isprintable())
    return kept[-200:] or "recording"
