"""The server itself, on a free port of 127.0.0.1."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.language_models.answers import Api, Asked, Behaviour, correcting

_APIS: dict[str, Api] = {"/v1/messages": "messages", "/v1/chat/completions": "chat"}


class LanguageModelServer:
    """Answers as ``behave`` says, and remembers what it was asked.

    Attributes:
        asked: Every request, in their order.
        most_at_once: How many were being answered at the same time.
    """

    def __init__(self) -> None:
        self.behave: Behaviour = correcting
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._num_now = 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

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
        """Behave well again, as if nothing had been asked."""
        self.behave, self.asked, self.most_at_once = correcting, [], 0

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
            self._num_now += 1
            self.most_at_once = max(self.most_at_once, self._num_now)
        return asked

    def end(self) -> None:
        """A request was answered."""
        with self._lock:
            self._num_now -= 1

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
                """Says nothing."""

            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                body = json.loads(self.rfile.read(size))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = server.begin(_APIS[self.path], headers, body)
                try:
                    answer = server.behave(asked)
                    server.closing.wait(answer.delay_s)
                finally:
                    server.end()
                content = answer.rendered(asked)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                try:
                    self.wfile.write(content)
                except ConnectionError:
                    self.close_connection = True  # nobody waits any more

        return Handler


@contextmanager
def running_language_models() -> Iterator[LanguageModelServer]:
    """A server for as long as the ``with`` block."""
    server = LanguageModelServer()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
