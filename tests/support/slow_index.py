"""A package index on this machine, with one package whose download waits on its way."""

import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_PATIENCE_S = 60.0
_PAUSE_S = 0.1
_DROP_BYTES = 100

_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class SlowIndex:
    """Serves one wheel: its first bytes at once, the rest after ``release``.

    Args:
        name: Of the package.
        files: More files of the package, by their names.
        num_bytes: About how large the wheel is.
        num_first_bytes: How many of them come at once.
    """

    def __init__(
        self,
        name: str,
        *,
        files: Mapping[str, str] | None = None,
        num_bytes: int,
        num_first_bytes: int,
    ) -> None:
        self.name = name
        self._released = threading.Event()
        self._num_first_bytes = num_first_bytes
        self._metadata = _METADATA.format(name=name).encode()
        self._wheel = _wheel(name, self._metadata, dict(files or {}), num_bytes)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # closing it waits for them
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """The index, as ``UV_DEFAULT_INDEX`` wants it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple"

    @property
    def lock(self) -> str:
        """A requirements file with the package and its hash."""
        return f"{self.name}==1.0 --hash=sha256:{hashlib.sha256(self._wheel).hexdigest()}\n"

    def release(self) -> None:
        """Send the rest."""
        self._released.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        file = f"{self.name}-1.0-py3-none-any.whl"
        digest = hashlib.sha256(self._wheel).hexdigest()
        page = f'<a href="/{file}#sha256={digest}" data-core-metadata="true">{file}</a>'.encode()
        released, num_first = self._released, self._num_first_bytes
        answers = {
            f"/simple/{self.name}/": page,
            f"/{file}": self._wheel,
            f"/{file}.metadata": self._metadata,
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = answers.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if body is page else "binary")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:num_first])
                self.wfile.flush()
                with suppress(ConnectionError):  # a download that was stopped
                    self._send_rest(body[num_first:])

            def _send_rest(self, rest: bytes) -> None:
                """Trickle, or uv draws nothing and gives up after half a minute; then send all."""
                deadline = time.monotonic() + _PATIENCE_S
                while rest and time.monotonic() < deadline and not released.wait(_PAUSE_S):
                    self.wfile.write(rest[:_DROP_BYTES])
                    self.wfile.flush()
                    rest = rest[_DROP_BYTES:]
                self.wfile.write(rest)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler


def _wheel(name: str, metadata: bytes, files: dict[str, str], num_bytes: int) -> bytes:
    made = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/weight.bin", bytes(num_bytes))
        archive.writestr(f"{name}/__init__.py", "")
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", _WHEEL)
        archive.writestr(f"{info}/RECORD", "")
    return made.getvalue()
