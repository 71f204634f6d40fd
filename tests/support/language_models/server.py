"""The server, on a free port of 127.0.0.1 or of another address of this machine."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.support.language_models.answers import Answer, Api, Behaviour, ModelRequest, correcting
from tests.support.language_models.batches import Batch

_BATCHES = "/v1/messages/batches"
_APIS: dict[str, Api] = {
    "/v1/messages": "messages",
    "/v1/chat/completions": "chat",
    "/api/chat": "ollama",
}


class LanguageModelServer:
    """Answers as ``behave`` says, and keeps the requests.

    Args:
        host: The address it listens on.

    Attributes:
        requests: All requests in order.
        batches: All batches in order.
        num_busy_polls: Polls of a batch that are answered with overload.
        max_concurrent: The highest number of requests at the same time.
        pulled: The models that Ollama has, as ``/api/tags`` describes each.
        raw_listing: What lists them is answered with, in place of a valid answer.
        listing_headers: Those of the last request for the list, with names in lower case.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.behave: Behaviour = correcting
        self.requests: list[ModelRequest] = []
        self.batches: list[Batch] = []
        self.num_busy_polls = 0
        self.max_concurrent = 0
        self.pulled: list[dict[str, Any]] = []
        self.raw_listing: bytes | None = None
        self.listing_headers: dict[str, str] = {}
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._pending: list[ModelRequest] = []
        self._http = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"models": self}))
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which an engine uses this server."""
        return {
            "ANTHROPIC_API_KEY": "sk-ant-secret",
            "ANTHROPIC_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-openai-secret",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OLLAMA_BASE_URL": self.url,
            "LLM_SERVER_API_KEY": "sk-server-secret",
            "LLM_SERVER_URL": f"{self.url}/v1",
        }

    def reset(self) -> None:
        """Answer well again, and forget all requests, also pending ones."""
        self.behave, self.requests, self.batches, self.max_concurrent = correcting, [], [], 0
        self._pending, self.pulled, self.raw_listing = [], [], None
        self.listing_headers = {}

    def listed(self, path: str) -> bytes | None:
        """Return the models, as the API of the path lists them; None for other paths."""
        if path in ("/api/tags", "/v1/models") and self.raw_listing is not None:
            return self.raw_listing
        if path == "/api/tags":
            return json.dumps({"models": self.pulled}).encode()
        if path == "/v1/models":
            data = [{"id": each["name"], "object": "model"} for each in self.pulled]
            return json.dumps({"object": "list", "data": data}).encode()
        return None

    def serve(self) -> None:
        """Answer until ``close``."""
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop, without waiting for delayed answers."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def begin(self, api: Api, headers: dict[str, str], body: dict[str, Any]) -> ModelRequest:
        """Keep a request."""
        with self._lock:
            request = ModelRequest(api, headers, body, len(self.requests))
            self.requests.append(request)
            self._pending.append(request)
            self.max_concurrent = max(self.max_concurrent, len(self._pending))
        return request

    def end(self, request: ModelRequest) -> None:
        """Count a request as answered."""
        with self._lock:
            self._pending = [each for each in self._pending if each is not request]

    def create_batch(self, headers: dict[str, str], body: dict[str, Any]) -> Batch:
        """Accept a batch."""
        requests = {}
        for each in body["requests"]:
            requests[each["custom_id"]] = self.begin("messages", headers, each["params"])
            self.end(requests[each["custom_id"]])
        self.batches.append(Batch(len(self.batches), requests, self.url))
        return self.batches[-1]

    def batch_reply(self, method: str, path: str) -> bytes:
        """Answer a request about a batch."""
        name, _, verb = path.removeprefix(f"{_BATCHES}/").partition("/")
        [batch] = [each for each in self.batches if each.id == name]
        if verb == "results":
            return batch.results(
                {key: self.behave(request) for key, request in batch.requests.items()}
            )
        if (method, verb) == ("POST", "cancel"):
            batch.cancelled = True
            return json.dumps(batch.state(ended=False)).encode()
        return json.dumps(batch.poll()).encode()


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the server that a subclass names."""

    models: ClassVar[LanguageModelServer]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Log nothing."""

    def do_GET(self) -> None:
        listed = self.models.listed(self.path)
        if listed is not None:
            self.models.listing_headers = {key.lower(): each for key, each in self.headers.items()}
            self._send(200, listed)
            return
        if not self.path.startswith(_BATCHES):
            self._send(404, b"{}")
            return
        if self.models.num_busy_polls > 0:
            self.models.num_busy_polls -= 1
            self._send(529, b"{}", {"retry-after-ms": "10"})
            return
        self._send(200, self.models.batch_reply("GET", self.path))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == _BATCHES:
            batch = self.models.create_batch(headers, json.loads(content))
            self._send(200, json.dumps(batch.state(ended=False)).encode())
        elif self.path.startswith(_BATCHES):
            self._send(200, self.models.batch_reply("POST", self.path))
        else:
            request = self.models.begin(_APIS[self.path], headers, json.loads(content))
            answer = self._answer(request)
            self._send(answer.status, answer.rendered(request), answer.headers)

    def _answer(self, request: ModelRequest) -> Answer:
        try:
            answer = self.models.behave(request)
            self.models.closing.wait(answer.delay_s)
        finally:
            self.models.end(request)
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
            self.close_connection = True  # the client is gone


@contextmanager
def running_language_models(host: str = "127.0.0.1") -> Iterator[LanguageModelServer]:
    """Run a server for as long as the ``with`` block."""
    server = LanguageModelServer(host)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
