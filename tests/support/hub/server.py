"""The server: threads of the standard library, so that it can be slow, rude and silent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from tests.support.hub.content import HubFile, HubRepo
from tests.support.hub.faults import Fault


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    range: str | None
    token: str | None


@dataclass
class HubState:
    """The hub's content, its faults, and the requests that it got.

    Attributes:
        plain: Files that any web server might have, by their path from the root.
        sent: Bytes of file content that went out, by path in the repository.
        released: Set when the server ends, so that silent connections end as well.
    """

    repos: dict[str, HubRepo] = field(default_factory=dict)
    plain: dict[str, HubFile] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def fault_for(self, path: str) -> Fault:
        """The first fault that hits ``path``, counted down; a harmless one else."""
        with self.changed:
            for fault in self.faults:
                if fault.path in path and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return Fault()

    def note(self, asked: Asked) -> None:
        with self.changed:
            self.asked.append(asked)
            self.changed.notify_all()

    def count(self, path: str, size: int) -> None:
        with self.changed:
            self.sent[path] = self.sent.get(path, 0) + size
            self.changed.notify_all()


class HubServer:
    """A hub at ``url``."""

    def __init__(self, repos: dict[str, HubRepo] | None = None, *, port: int = 0) -> None:
        from tests.support.hub.handler import HubHandler  # noqa: PLC0415 - it needs HubState

        self.state = HubState(repos=repos or {})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), HubHandler)
        self._server.state = self.state  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that lead huggingface_hub here, without the user's token."""
        return {"HF_ENDPOINT": self.url, "HF_TOKEN_PATH": "/nonexistent/token"}

    def sent(self, path: str) -> int:
        """Bytes of the file's content that went out so far."""
        return self.state.sent.get(path, 0)

    def wait_until_sent(self, path: str, size: int, timeout_s: float = 20.0) -> None:
        """Return when at least ``size`` bytes of ``path`` went out."""
        with self.state.changed:
            done = self.state.changed.wait_for(lambda: self.sent(path) >= size, timeout_s)
        assert done, f"only {self.sent(path)} bytes of {path} went out in {timeout_s} s"

    def start(self) -> None:
        self._thread.start()

    def stop_listening(self) -> None:
        """Refuse new connections from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def stop(self) -> None:
        """End every connection and give the port back."""
        self.state.released.set()
        self.stop_listening()


@contextmanager
def running_hub(repos: dict[str, HubRepo] | None = None) -> Iterator[HubServer]:
    """A hub that is there while the block runs."""
    server = HubServer(repos)
    server.start()
    try:
        yield server
    finally:
        server.stop()
