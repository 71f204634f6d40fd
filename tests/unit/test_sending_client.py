"""How a server is asked that has too much to do, and how its events are followed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dalston_cli.sending import client as sending_client
from dalston_cli.sending.client import ServerClient
from dalston_cli.sending.server import Server

Answer = tuple[int, str, bytes, int]
"""Its status, its type, its body, and how many more bytes are told than come."""
JSON, EVENTS = "application/json", "text/event-stream"
BUSY: Answer = (429, JSON, b'{"error": {"message": "2 jobs wait already"}}', 0)
FULL: Answer = (507, JSON, b'{"error": {"message": "there is no room for more uploads"}}', 0)


@contextmanager
def answering(*answers: Answer) -> Iterator[tuple[Server, list[dict[str, str]]]]:
    """A server with these answers, one after the other, and the headers that it was asked with."""
    left, asked = iter(answers), list[dict[str, str]]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
            status, kind, body, missing = next(left)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body) + missing))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Server(url=f"http://127.0.0.1:{http.server_address[1]}"), asked
        finally:
            http.shutdown()
            thread.join()


async def test_a_server_whose_limits_are_reached_is_named_once_and_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending_client, "_BUSY_S", 0.001)
    said: list[str] = []
    with answering(*[BUSY] * 5, FULL, BUSY, (200, JSON, b'{"data": []}', 0)) as (server, asked):
        client = ServerClient(server, said.append)
        assert await client.jobs() == {}
        await client.close()
    assert len(asked) == 8
    assert said == ["2 jobs wait already"]


async def test_events_are_followed_on_where_a_connection_broke(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending_client, "PAUSES_S", (0.001,))
    broken = b"id: 1\r\nevent: stage_started\r\ndata: {}\r\n\r\n: alive\r\n\r\nid: 2\r\nevent: par"
    rest = b"id: 2\nevent: partial_text\ndata: a\ndata: b\n\n"
    with answering((200, EVENTS, broken, 9), (200, EVENTS, rest, 0)) as (server, asked):
        client = ServerClient(server, lambda _: None)
        found = [each async for each in client.follow("1")]
        await client.close()
    assert [(each.id, each.event, each.data) for each in found] == [
        ("1", "stage_started", "{}"),
        ("2", "partial_text", "a\nb"),
    ]
    assert [each["last-event-id"] for each in asked] == ["0", "1"]
