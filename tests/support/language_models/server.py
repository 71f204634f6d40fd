"""The server itself, on a free port of 127.0.0.1 or of another address of this machine."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.support.language_models.answers import Answer, Api, Asked, Behaviour, correcting
from tests.support.language_models.batches import Batch

_BATCHES = "/v1/messages/batches"
_APIS: dict[str, Api] = {"/v1/messages": "messages", "/v1/chat/completions": "chat"}


class LanguageModelServer:
    """Answers as ``behave`` says, and remembers what it was asked.

    Args:
        host: The address it listens on.

    Attributes:
        asked: Every request, in their order.
        batches: Every batch, in their order.
        num_busy_looks: How often looking after a batch is answered with overload.
        most_at_once: How many were being answered at the same time.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.behave: Behaviour = correcting
        self.asked: list[Asked] = []
        self.batches: list[Batch] = []
        self.num_busy_looks = 0
        self.most_at_once = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._now: list[Asked] = []
        self._http = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"models": self}))
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """What leads an engine here."""
        return {
            "ANTHROPIC_API_KEY": "sk-ant-secret",
            "ANTHROPIC_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-openai-secret",
            "OPENAI_BASE_URL": f"{self.url}/v1",
        }

    def forget(self) -> None:
        """Behave well again, as if nothing had been asked, even what is still being answered."""
        self.behave, self.asked, self.batches, self.most_at_once = correcting, [], [], 0
        self._now = []

    def serve(self) -> None:
        """Answer until ``close``."""
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """End, also what takes its time."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def begin(self, api: Api, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        """Remember a request."""
        with self._lock:
            asked = Asked(api, headers, body, len(self.asked))
            self.asked.append(asked)
            self._now.append(asked)
            self.most_at_once = max(self.most_at_once, len(self._now))
        return asked

    def end(self, asked: Asked) -> None:
        """A request was answered."""
        with self._lock:
            self._now = [each for each in self._now if each is not asked]

    def hand_in(self, headers: dict[str, str], body: dict[str, Any]) -> Batch:
        """Take a batch."""
        asked = {}
        for each in body["requests"]:
            asked[each["custom_id"]] = self.begin("messages", headers, each["params"])
            self.end(asked[each["custom_id"]])
        self.batches.append(Batch(len(self.batches), asked, self.url))
        return self.batches[-1]

    def batch_reply(self, method: str, path: str) -> bytes:
        """What is said about a batch that was handed in."""
        name, _, verb = path.removeprefix(f"{_BATCHES}/").partition("/")
        [batch] = [each for each in self.batches if each.id == name]
        if verb == "results":
            return batch.results({key: self.behave(asked) for key, asked in batch.asked.items()})
        if (method, verb) == ("POST", "cancel"):
            batch.cancelled = True
            return json.dumps(batch.described(ended=False)).encode()
        return json.dumps(batch.look()).encode()


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the server that a subclass names."""

    models: ClassVar[LanguageModelServer]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Says nothing."""

    def do_GET(self) -> None:
        if self.models.num_busy_looks > 0:
            self.models.num_busy_looks -= 1
            self._send(529, b"{}", {"retry-after-ms": "10"})
            return
        self._send(200, self.models.batch_reply("GET", self.path))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == _BATCHES:
            batch = self.models.hand_in(headers, json.loads(content))
            self._send(200, json.dumps(batch.described(ended=False)).encode())
        elif self.path.startswith(_BATCHES):
            self._send(200, self.models.batch_reply("POST", self.path))
        else:
            asked = self.models.begin(_APIS[self.path], headers, json.loads(content))
            answer = self._answer(asked)
            self._send(answer.status, answer.rendered(asked), answer.headers)

    def _answer(self, asked: Asked) -> Answer:
        try:
            answer = self.models.behave(asked)
            self.models.closing.wait(answer.delay_s)
        finally:
            self.models.end(asked)
        return answer

    def _send(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True  # nobody waits any more


@contextmanager
def running_language_models(host: str = "127.0.0.1") -> Iterator[LanguageModelServer]:
    """A server for as long as the ``with`` block."""
    server = LanguageModelServer(host)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
