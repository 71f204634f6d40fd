"""Reads the body of ``POST /run``: a request, and audio as bytes or as a path.

The audio's bytes are written to a file as they come; they are not held in memory.
"""

import os
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

MAX_AUDIO_BYTES = 4 * 1024**3
"""The limit of a WAV file: 37 hours."""

MAX_FIELD_BYTES = 256 * 1024**2
"""Enough for the words of several days of speech."""


_PREFIX, _SUFFIX = "audio-", ".wav"


@dataclass
class Upload:
    """The content of a form.

    Attributes:
        request: The JSON of the request.
        audio: Path of the audio; None without audio.
        temporary: True if ``audio`` is a file of the server's own.
    """

    request: bytes = b""
    audio: Path | None = None
    temporary: bool = False

    def discard(self) -> None:
        """Remove the audio if the file is temporary."""
        if self.temporary and self.audio is not None:
            self.audio.unlink(missing_ok=True)


def discard_leftovers(folder: Path) -> None:
    """Remove audio that a killed engine left behind; it may be private.

    Args:
        folder: A folder used by this engine only that outlives it, such as a container's volume.
    """
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        path.unlink(missing_ok=True)


def _refuse(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message)


async def receive(content_type: str, chunks: AsyncIterable[bytes], folder: Path) -> Upload:
    """Read a multipart body to its end.

    Args:
        content_type: The header, with the boundary.
        chunks: The body.
        folder: Where to create a temporary file.

    Raises:
        EngineError: ``invalid_request`` for a body that is not a multipart form, has an unknown
            field, or is too large.
    """
    kind, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise _refuse("the body is not multipart/form-data")
    form = _Form(folder)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": form.begin_part,
            "on_header_field": form.header_name,
            "on_header_value": form.header_value,
            "on_header_end": form.end_header,
            "on_headers_finished": form.end_headers,
            "on_part_data": form.data,
            "on_part_end": form.end_part,
            "on_end": form.end,
        },
    )
    try:
        async for chunk in chunks:
            parser.write(chunk)
        parser.finalize()
        return form.upload()
    except FormParserError as error:
        form.abandon()
        raise _refuse(f"the multipart body is broken: {error}") from error
    except BaseException:
        form.abandon()
        raise


@dataclass
class _Form:
    """Callbacks of the multipart parser."""

    folder: Path
    name: str = ""
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    fields: dict[str, bytearray] = field(default_factory=dict)
    file: BinaryIO | None = None
    path: Path | None = None
    complete: bool = False

    def begin_part(self) -> None:
        self.name = ""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self.header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def end_header(self) -> None:
        if self.header.lower() == b"content-disposition":
            _, parameters = parse_options_header(bytes(self.value))
            self.name = parameters.get(b"name", b"").decode("utf-8", "replace")
        self.header.clear()
        self.value.clear()

    def end_headers(self) -> None:
        if self.name not in {"request", "audio", "audio_path"}:
            raise _refuse(f"the form has an unknown field {self.name!r}")
        if self.name in self.fields or (self.name == "audio" and self.path):
            raise _refuse(f"the form has the field {self.name!r} twice")
        if self.name == "audio":
            handle, name = mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=self.folder)
            self.path, self.file = Path(name), os.fdopen(handle, "wb")
        else:
            self.fields[self.name] = bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        if self.file is not None:
            if self.file.tell() + end - start > MAX_AUDIO_BYTES:
                raise _refuse(f"the audio is larger than {MAX_AUDIO_BYTES} bytes")
            self.file.write(data[start:end])
            return
        content = self.fields[self.name]
        if len(content) + end - start > MAX_FIELD_BYTES:
            raise _refuse(f"the field {self.name!r} is larger than {MAX_FIELD_BYTES} bytes")
        content += data[start:end]

    def end_part(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def end(self) -> None:
        self.complete = True

    def upload(self) -> Upload:
        if not self.complete:
            raise _refuse("the multipart body is broken: it ends early")
        if "request" not in self.fields:
            raise _refuse("the form has no field 'request'")
        request = bytes(self.fields["request"])
        shared = self.fields.get("audio_path")
        if self.path is not None and shared is not None:
            raise _refuse("the form has both 'audio' and 'audio_path'")
        if shared is not None:
            return Upload(request, Path(os.fsdecode(bytes(shared))))
        return Upload(request, self.path, temporary=self.path is not None)

    def abandon(self) -> None:
        self.end_part()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
