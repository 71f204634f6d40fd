"""A Redis of the system's, in a process of its own, that writes what it has to a file."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from tests.support.ports import free_port

PROGRAM = "redis-server"
needs_redis = pytest.mark.skipif(
    shutil.which(PROGRAM) is None, reason=f"needs {PROGRAM}: apt-get install {PROGRAM}"
)


class RedisServer:
    """A server on loopback; ``kill`` and ``start`` are what a machine does that loses power.

    Args:
        folder: For its file.
        words: Options of its own, such as ``--requirepass x``.
    """

    def __init__(self, folder: Path, *words: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._words = words or ("--appendonly", "yes", "--appendfsync", "always")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            [PROGRAM, *where, "--save", "", *self._words], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 180
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def empty(self) -> None:
        """Remove all that it has."""
        with closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def _answers(self) -> bool:
        with closing(redis.Redis.from_url(self.url)) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return True
            except redis.ConnectionError:
                return False


@contextmanager
def redis_server(folder: Path, *words: str) -> Iterator[RedisServer]:
    """Have a Redis until the end of the block."""
    server = RedisServer(folder, *words)
    try:
        yield server
    finally:
        server.kill()
