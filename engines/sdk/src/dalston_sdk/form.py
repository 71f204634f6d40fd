"""The body of ``POST /run``: a form with a request, and audio as a path or as bytes."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Form:
    """A form, which is read from the audio as it is sent.

    Attributes:
        kind: Its media type.
        length: Of the whole, in bytes.
    """

    kind: str
    length: int
    _head: bytes
    _audio: BinaryIO | None
    _audio_length: int
    _tail: bytes

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes.

        Raises:
            OSError: The audio cannot be read, or is shorter than it was.
        """
        yield self._head
        left = self._audio_length
        while self._audio is not None and left:
            data = self._audio.read(min(left, _CHUNK))
            if not data:
                raise OSError(f"the audio became shorter, by {left} bytes, while it was sent")
            left -= len(data)
            yield data
        yield self._tail


def make_form(request: bytes, *, path: bytes | None = None, audio: BinaryIO | None = None) -> Form:
    """Make a form of a request, and the path of its audio or the audio itself, a WAV file."""
    boundary = secrets.token_hex(16)
    start = f"--{boundary}\r\nContent-Disposition: form-data; name="
    head = f'{start}"request"\r\nContent-Type: application/json\r\n\r\n'.encode() + request
    if path is not None:
        head += f'\r\n{start}"audio_path"\r\n\r\n'.encode() + path
    if audio is not None:
        named = '"audio"; filename="audio.wav"\r\nContent-Type: audio/wav'
        head += f"\r\n{start}{named}\r\n\r\n".encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    audio_length = 0 if audio is None else os.fstat(audio.fileno()).st_size
    return Form(
        kind=f"multipart/form-data; boundary={boundary}",
        length=len(head) + audio_length + len(tail),
        _head=head,
        _audio=audio,
        _audio_length=audio_length,
        _tail=tail,
    )
