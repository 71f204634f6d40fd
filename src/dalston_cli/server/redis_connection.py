"""The connection to a Redis that several processes share, and what can go wrong with it."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import redis
from redis import exceptions
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from dalston_cli.errors import UnavailableError, UsageError
from dalston_cli.server import redis_scripts
from dalston_cli.server.queue import QueueError

T = TypeVar("T")

PREFIX = "dalston:1:"
STREAM = f"{PREFIX}waiting"
GROUP, CONSUMER = "workers", "any"
"""One consumer for all: which process holds a job is in the job."""

_BLOCK_MS = 1000
_TIMEOUT_S = 10.0
_TRIES = 3
"""Nothing that is asked for does harm twice."""

_SCHEMES = frozenset({"redis", "rediss", "unix"})


class QueueAddressError(UsageError):
    """The address of a queue cannot be used as it is written."""

    code = "queue_address"

    def __init__(self, shown: str, problem: str) -> None:
        super().__init__(
            f"the queue {shown} {problem}",
            hint="name a Redis as redis://HOST:6379/0, rediss://HOST:6379/0 or unix:///SOCKET",
        )


class QueueUnreachableError(UnavailableError):
    """The queue cannot be used at the start."""

    code = "queue_unreachable"

    def __init__(self, shown: str, problem: str) -> None:
        super().__init__(
            f"the queue {shown} cannot be used: {problem}", hint=f"look: redis-cli -u {shown} ping"
        )


def shown_queue(url: str) -> str:
    """Return the address of a queue without what must not be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "that is given"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class RedisConnection:
    """A Redis as the queue uses it. Any thread may do so.

    Every method raises ``QueueError`` where Redis does not answer or refuses.

    Args:
        url: With its password.

    Raises:
        QueueAddressError: It is no address of a Redis.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown_queue(url)
        self.failed_at: float | None = None
        if self.shown.partition("://")[0] not in _SCHEMES:
            raise QueueAddressError(self.shown, "has no scheme of Redis")
        try:
            # One version of the protocol, so that answers have one shape in all of the library.
            self._redis: Any = redis.Redis.from_url(
                url,
                protocol=2,
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                socket_keepalive=True,
                retry=Retry(ExponentialBackoff(cap=1, base=0.1), _TRIES),
                retry_on_error=[exceptions.ConnectionError, exceptions.TimeoutError],
            )
        except (ValueError, exceptions.RedisError) as error:
            raise QueueAddressError(self.shown, "cannot be read") from error
        self._scripts = {
            name: self._redis.register_script(getattr(redis_scripts, name))
            for name in ("ADD", "BEGIN", "PUT", "RENEW", "REMOVE", "UNTOLD")
        }

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def ask(self, ask: Callable[[Any], T]) -> T:
        """Return what Redis answers."""
        try:
            with _named():
                return ask(self._redis)
        except QueueError:
            self.failed_at = time.monotonic()
            raise

    def do(self, script: str, *values: bytes | str | float) -> Any:  # noqa: ANN401 - as each script returns
        """Return what a script of ``redis_scripts`` returns."""
        return self.ask(lambda _: self._scripts[script](keys=(PREFIX,), args=values))

    def each(self, numbers: list[str], ask: Callable[[Any, str], object]) -> list[Any]:
        """Return an answer for each job, asked for at once; ``ask`` gets the name of its hash."""

        def asked(client: Any) -> list[Any]:  # noqa: ANN401 - the library's
            pipe = client.pipeline(transaction=False)
            for number in numbers:
                ask(pipe, f"{PREFIX}job:{number}")
            found: list[Any] = pipe.execute()
            return found

        return self.ask(asked) if numbers else []

    def make_group(self) -> None:
        """Make the stream and its group where they are missing."""

        def make(client: Any) -> None:  # noqa: ANN401 - the library's
            try:
                client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            except exceptions.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

        self.ask(make)

    def next_entry(self) -> tuple[str, str] | None:
        """Wait a moment for an entry that no process had; return it with its job."""
        found = self.ask(
            lambda client: _with_group(
                lambda: client.xreadgroup(GROUP, CONSUMER, {STREAM: ">"}, count=1, block=_BLOCK_MS)
            )
        )
        if found is None:
            self.make_group()
        return _entry(found[0][1][0]) if found else None

    def stale_entry(self, lease_s: float) -> tuple[str, str] | None:
        """Return an entry that was not heard of for as long, and hold it, with its job."""
        start: Any = "0-0"
        while True:
            claimed = self.ask(partial(_claimed, start=start, lease_ms=round(lease_s * 1000)))
            if claimed is None:
                return None
            for entry in claimed[1]:
                if entry[1]:
                    return _entry(entry)
            start = claimed[0]
            if start in {b"0-0", "0-0"}:
                return None

    def risks(self) -> Iterator[str]:
        """Yield why jobs might be lost when this Redis ends, where it says so."""
        try:
            known = self.ask(lambda client: client.info())
        except QueueError:  # not every user of it may ask
            return
        if not known.get("aof_enabled"):
            yield "it has jobs in memory alone: start it with --appendonly yes"
        if known.get("maxmemory") and known.get("maxmemory_policy") != "noeviction":
            yield "it drops jobs when memory is short: start it with --maxmemory-policy noeviction"


def new_token() -> str:
    """Return a name for what a process holds, which no other one has."""
    return secrets.token_hex(8)


def _with_group(ask: Callable[[], T]) -> T | None:
    """Return what is answered; None where the group is gone, as after a loss of all data."""
    try:
        return ask()
    except exceptions.ResponseError as error:
        if str(error).startswith("NOGROUP"):
            return None
        raise


def _claimed(client: Any, *, start: Any, lease_ms: int) -> Any:  # noqa: ANN401 - the library's
    return _with_group(lambda: client.xautoclaim(STREAM, GROUP, CONSUMER, lease_ms, start, count=1))


def _entry(entry: Any) -> tuple[str, str]:  # noqa: ANN401 - as the library returns it
    return entry[0].decode(), entry[1][b"job"].decode()


@contextmanager
def _named() -> Iterator[None]:
    """Give failures of the library the queue's name for them, without addresses."""
    try:
        yield
    except exceptions.AuthenticationError as error:
        raise QueueError("Redis refuses the user or the password") from error
    except exceptions.BusyLoadingError as error:
        raise QueueError("Redis is still loading its data") from error
    except exceptions.TimeoutError as error:
        raise QueueError("Redis does not answer in time") from error
    except exceptions.ConnectionError as error:
        raise QueueError("there is no connection to Redis") from error
    except exceptions.RedisError as error:
        raise QueueError(str(error)) from error
