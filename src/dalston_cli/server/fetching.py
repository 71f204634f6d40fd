"""Recordings that callers name by URL: streamed to the disk, and from the internet alone.

Every address is looked at as those of webhooks are, each one that a redirect names included, and
what was looked at is what is connected to.
"""

import http.client
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from socket import SHUT_RDWR
from urllib.parse import quote, urljoin

from dalston_cli.amounts import readable_size
from dalston_cli.atomic_file import new_file
from dalston_cli.errors import DalstonError, InputError
from dalston_cli.pipeline.endpoints import in_daemon_thread
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.server.addresses import Destination, Resolve, destination, resolved
from dalston_cli.server.connecting import connected
from dalston_cli.server.errors import invalid
from dalston_cli.server.upload import UploadRoom, plain_name

_SILENCE_S = 30.0
_LONGEST_S = 3600.0
"""For all of a recording: one that sends a byte now and then must not hold a place for ever."""
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BLOCK_BYTES = 1 << 18
_OF_ADDRESSES = "%/:=&?~#+!$,;'@()*[]"
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


class FetchError(InputError):
    """A recording that a caller named by URL cannot be fetched."""

    code = "url_not_fetched"

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"{Address(url).shown} cannot be fetched: {problem}",
            hint="name the address of a recording itself, or send the file",
        )


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches recordings.

    Attributes:
        room: Shared with uploads.
        most_bytes: Of one recording.
        allowed: Hosts of the own networks that callers may name, as ``HOST:PORT``.
        resolve: Looks a name up.
    """

    room: UploadRoom
    most_bytes: int
    allowed: frozenset[str] = frozenset()
    resolve: Resolve = resolved

    def check(self, url: str) -> str:
        """Return what a recording is called, if its address may be asked for.

        Raises:
            RequestRefusedError: It may not.
        """
        self.destination(url)
        return plain_name(Address(url).name)

    def destination(self, url: str) -> Destination:
        """Return where a URL leads.

        Raises:
            RequestRefusedError: It may not be asked for.
        """
        where = destination(url, "url", allowed=self.allowed, resolve=self.resolve)
        if where.scheme != "https" and f"{where.host}:{where.port}" not in self.allowed:
            raise invalid("the address has to begin with https://", "url")
        return where

    @asynccontextmanager
    async def fetched(self, url: str, path: Path) -> AsyncIterator[Path]:
        """Have a recording at ``path``, and its room until the end of the block.

        Raises:
            FetchError: It cannot be had, or may not.
            RequestRefusedError: There is no room for it.
        """
        transfer = _Transfer(self, url, path)
        timer = threading.Timer(_LONGEST_S, transfer.stop)
        timer.daemon = True
        timer.start()
        try:
            await in_daemon_thread(transfer.run)
            timer.cancel()
            yield path
        finally:
            timer.cancel()
            transfer.stop()


@dataclass
class _Transfer:
    """One recording on its way, in a thread."""

    fetcher: Fetcher
    url: str
    path: Path
    _taken: int = 0
    _is_stopped: bool = False
    _connection: http.client.HTTPConnection | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Fetch all of it.

        Raises:
            FetchError, RequestRefusedError: See ``Fetcher.fetched``.
        """
        try:
            with closing(self._opened()) as answer, new_file(self.path) as file:
                while block := answer.read(_BLOCK_BYTES):
                    self._take(len(block))
                    file.write(block)
                if answer.length:
                    raise self._error(f"it ended {answer.length:,} bytes too early")
        except http.client.HTTPException as error:
            raise self._error(f"the answer is no good HTTP ({type(error).__name__})") from error
        except OSError as error:
            problem = "it took too long" if self._is_stopped else error.strerror or str(error)
            raise self._error(problem) from error
        finally:
            self._close()

    def stop(self) -> None:
        """End it, where it goes on, and give its room back."""
        with self._lock:
            self._is_stopped = True
            taken, self._taken = self._taken, 0
            self.fetcher.room.give_back(taken)
            sock = None if self._connection is None else self._connection.sock
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(SHUT_RDWR)  # the thread may be waiting for it

    def _opened(self) -> http.client.HTTPResponse:
        """Return the answer that is a recording, behind all redirects."""
        url = self.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._asked(url)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or target is None:
                self._check(answer)
                return answer
            answer.close()
            self._close()
            url = urljoin(url, _quoted(target))
        raise self._error(f"it was sent on more than {_MOST_REDIRECTS} times")

    def _asked(self, url: str) -> http.client.HTTPResponse:
        try:
            where = self.fetcher.destination(url)
        except DalstonError as error:
            raise self._error(error.message) from error
        connection = connected(where, timeout_s=_SILENCE_S)
        with self._lock:
            self._connection = connection
            if self._is_stopped:
                raise OSError
        headers = {"host": where.authority, "user-agent": "dalston", "accept-encoding": "identity"}
        connection.request("GET", where.path, headers=headers)
        return connection.getresponse()

    def _check(self, answer: http.client.HTTPResponse) -> None:
        if answer.status != HTTPStatus.OK:
            raise self._error(f"its server answers with {answer.status}")
        if answer.headers.get_content_type() in _PAGES:
            raise self._error("it is a web page, not a recording")
        if answer.length is not None and answer.length > self.fetcher.most_bytes:
            raise self._too_large()

    def _take(self, number: int) -> None:
        with self._lock:
            if self._is_stopped:
                raise OSError
            if self._taken + number > self.fetcher.most_bytes:
                raise self._too_large()
            self.fetcher.room.take(number)
            self._taken += number

    def _close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _too_large(self) -> FetchError:
        return self._error(f"it has more than {readable_size(self.fetcher.most_bytes)}")

    def _error(self, problem: str) -> FetchError:
        return FetchError(self.url, problem)


def _quoted(target: str) -> str:
    """Return where a redirect leads, as an address has it: some servers leave letters as they are.

    Args:
        target: As the library reads a header, each byte as a letter.
    """
    return quote(target.strip().encode("latin-1"), safe=_OF_ADDRESSES)
