"""Stores and servers for files on other machines, on loopback: S3, HTTPS and SFTP."""

import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import trustme

KEY_ID, KEY = "testing", "the-store-s-own-secret"
BUCKET = "talks"


@contextmanager
def s3_store() -> Iterator[str]:
    """Run moto's server; yield its URL. Requests are in the log of werkzeug."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=True)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        # Its buckets belong to the process, and would be there in the next store, too.
        reset = Request(f"http://{host}:{port}/moto-api/reset", method="POST")
        with urlopen(reset, timeout=180):
            server.stop()


def s3_variables(url: str, home: Path) -> dict[str, str]:
    """The variables by which the usual chain finds the store."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
    }


@dataclass
class WebFiles:
    """What a web server has, how it behaves, and what it was asked for.

    Attributes:
        files: Bytes by path.
        cut: How many more times the path's transfer breaks off half-way.
        moved: Where paths are redirected to.
        status: The status of paths that are refused.
        bare: Paths that are sent without length, tag and date.
        tagless: Paths that are sent without a tag.
        dates: When paths were changed; an hour before the server began by default.
        login: The header ``Authorization`` that is wanted; None for none.
        types: Media types of paths; else that of a recording, or of a page.
        silent: Paths that are never answered.
        asked: Methods and paths, in order.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    tagless: set[str] = field(default_factory=set)
    login: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    authority: trustme.CA = field(default_factory=trustme.CA)
    url: str = ""
    dates: dict[str, float] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    made_at: float = field(default_factory=time.time)

    def gets(self) -> list[str]:
        """The paths of which the bytes were asked for."""
        return [path for method, path in self.asked if method == "GET"]


@contextmanager
def web_server(files: WebFiles) -> Iterator[WebFiles]:
    """Run an HTTPS server with a certificate of ``files.authority``."""
    server = _Server(files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files.authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    files.url = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield files
    finally:
        files.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files: WebFiles) -> None:
        self.files = files
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        files, path = self.server.files, self.path.partition("?")[0]
        files.asked.append((self.command, self.path))
        if path in files.silent:
            files.over.wait()
            self.close_connection = True
            return
        if files.login is not None and self.headers.get("Authorization") != files.login:
            self._plain(401, {})
        elif path in files.status:
            self._plain(files.status[path], {})
        elif path in files.moved:
            self._plain(302, {"Location": files.moved[path]})
        elif path not in files.files:
            self._plain(404, {})
        else:
            self._send(path, files.files[path])

    def _plain(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: str, data: bytes) -> None:
        files = self.server.files
        self.send_response(200)
        usual = "audio/x-wav" if path.endswith(".wav") else "text/html"
        self.send_header("Content-Type", files.types.get(path, usual))
        if path in files.bare:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self._describe(path, data)
        self.end_headers()
        if self.command == "HEAD":
            return
        if files.cut.get(path, 0) > 0:
            files.cut[path] -= 1
            data = data[: len(data) // 2]
            self.close_connection = True
        self.wfile.write(data)

    def _describe(self, path: str, data: bytes) -> None:
        files = self.server.files
        self.send_header("Content-Length", str(len(data)))
        if path not in files.tagless:
            self.send_header("ETag", f'"{sha256(data).hexdigest()}"')
        date = files.dates.get(path, files.made_at - 3600)
        self.send_header("Last-Modified", formatdate(date, usegmt=True))

    def log_message(self, *_: Any) -> None:
        """Say nothing: ``asked`` has it."""


def requests_for(log: str, method: str) -> list[str]:
    """The paths in the log of moto's server."""
    return re.findall(rf'"(?:\x1b\[\d+m)*{method} (\S+) HTTP', log)
