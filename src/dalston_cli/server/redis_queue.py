"""The queue in Redis, for workers on several machines: a stream with a group of consumers.

Redis gives each entry of a stream to one consumer, and counts the time since that one was heard of:
that is the lease, by Redis's own clock. Every change of a job is one script, which looks at who
holds the job.
"""

import hashlib
import threading
import time
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from dalston_cli.server.queue import ENDED, News, QueuedJob, QueueError
from dalston_cli.server.redis_connection import (
    PREFIX,
    QueueUnreachableError,
    RedisConnection,
    new_token,
)

LEASE_S = 30.0


class RedisQueue:
    """A queue; see ``SharedQueue``. Any thread may use it.

    Args:
        url: Of a Redis, with its password.
        lease_s: How long a process that is not heard of holds a job.

    Raises:
        QueueAddressError: It is none.
        QueueUnreachableError: There is no answer, or a refusal.
    """

    def __init__(self, url: str, *, lease_s: float = LEASE_S) -> None:
        self._redis = RedisConnection(url)
        self.place = self._redis.shown
        self.lease_s = lease_s
        self._holds: dict[str, str] = {}
        self._tells: set[str] = set()
        self._lock = threading.Lock()
        try:
            self._redis.make_group()
        except QueueError as error:
            self.close()
            raise QueueUnreachableError(self.place, error.problem) from error

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def risks(self) -> Iterator[str]:
        """Yield why jobs might be lost when this Redis ends, where it says so."""
        return self._redis.risks()

    def check(self) -> None:
        """Make sure that jobs can be read; see ``Queue``."""
        self._redis.ask(lambda client: client.ping())

    def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job; see ``Queue``."""
        key = "" if job.key is None else _digest(job.owner, job.key)
        about = (job.id, _document(job), job.owner, job.created_at, job.upload_bytes, key)
        return _job(self._redis.do("ADD", *about))

    def take(self) -> QueuedJob | None:
        """Take the job that waits longest; see ``SharedQueue``.

        After a silence of Redis others have time to renew what they hold, before it is claimed.
        """
        entry, failed_at = None, self._redis.failed_at
        if failed_at is None or time.monotonic() - failed_at > self.lease_s / 2:
            entry = self._redis.stale_entry(self.lease_s)
        entry = entry or self._redis.next_entry()
        if entry is None:
            return None
        name, number = entry
        token = new_token()
        begun = self._redis.do("BEGIN", number, name, token)
        if begun is None:
            return None
        with self._lock:
            self._holds[number] = token
        return msgspec.structs.replace(
            _job(begun[0]), state="running", started_at=None, takes=begun[1]
        )

    def put(self, job: QueuedJob) -> bool:
        """Keep a job as it is now; see ``SharedQueue``."""
        with self._lock:
            token = self._holds.get(job.id, "")
        has_ended = job.state in ENDED
        is_untold = has_ended and job.webhook is not None and not job.told
        state = "ended" if has_ended else job.state
        about = (job.id, token, _document(job), state, job.upload_bytes, int(is_untold))
        is_done = bool(self._redis.do("PUT", *about, self.lease_s))
        with self._lock:
            if state != "running" or not is_done:
                self._holds.pop(job.id, None)
            (self._tells.add if is_untold and is_done else self._tells.discard)(job.id)
        return is_done

    def get(self, number: str) -> QueuedJob | None:
        """Return a job; see ``Queue``."""
        found = self._redis.ask(lambda client: client.hget(f"{PREFIX}job:{number}", "document"))
        return None if found is None else _job(found)

    def of(self, owner: str, *, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's jobs; see ``Queue``."""
        numbers = self._redis.ask(
            lambda client: client.zrevrange(f"{PREFIX}jobs:{owner}", 0, most - 1)
        )
        found = self._redis.each(
            [number.decode() for number in numbers], lambda pipe, name: pipe.hget(name, "document")
        )
        return tuple(_job(document) for document in found if document is not None)

    def num_waiting(self, owner: str | None = None) -> int:
        """Return how many jobs wait; see ``Queue``."""
        name = f"{PREFIX}queued" if owner is None else f"{PREFIX}queued:{owner}"
        return int(self._redis.ask(lambda client: client.scard(name)))

    def remove(self, number: str) -> None:
        """Forget a job; see ``Queue``."""
        self._redis.do("REMOVE", number)

    def requeue(self) -> tuple[QueuedJob, ...]:
        """Return no job: what dead processes held is taken by others when its lease ends."""
        return ()

    def known(self, numbers: Collection[str]) -> frozenset[str]:
        """Return those of the numbers that are jobs; see ``Queue``."""
        asked = [*numbers]
        found = self._redis.each(asked, lambda pipe, name: pipe.exists(name))
        return frozenset(one for one, is_there in zip(asked, found, strict=True) if is_there)

    def untold(self) -> tuple[QueuedJob, ...]:
        """Return jobs whose webhook no process tells, and keep on telling; see ``SharedQueue``."""
        with self._lock:
            telling = tuple(self._tells)
        found = tuple(map(_job, filter(None, self._redis.do("UNTOLD", self.lease_s, *telling))))
        with self._lock:
            self._tells.update(job.id for job in found)
        return found

    def renew(self, number: str, news: News) -> bool:
        """Hold a job for longer; see ``SharedQueue``."""
        with self._lock:
            token = self._holds.get(number)
        told = (msgspec.json.encode(each) for each in news.told)
        return token is not None and bool(self._redis.do("RENEW", number, token, news.state, *told))

    def news(self, number: str, *, after: int) -> News:
        """Return how far a job is; see ``SharedQueue``."""

        def ask(client: Any) -> tuple[bytes | None, list[bytes]]:  # noqa: ANN401 - the library's
            state = client.hget(f"{PREFIX}job:{number}", "progress")
            return state, client.lrange(f"{PREFIX}told:{number}", after, -1)

        state, told = self._redis.ask(ask)
        decode = msgspec.json.Decoder(tuple[str, str]).decode
        return News(state=state or b"", told=tuple(map(decode, told)))

    def upload_bytes(self) -> int:
        """Return the bytes of uploads; see ``SharedQueue``."""
        return int(self._redis.ask(lambda client: client.get(f"{PREFIX}bytes")) or 0)

    def agree(self, place: str) -> str:
        """Note where files are, once; see ``SharedQueue``."""

        def ask(client: Any) -> bytes:  # noqa: ANN401 - the library's
            client.setnx(f"{PREFIX}place", place)
            found: bytes = client.get(f"{PREFIX}place")
            return found

        return self._redis.ask(ask).decode()


def _digest(owner: str, key: str) -> str:
    return hashlib.sha256(msgspec.json.encode((owner, key))).hexdigest()


def _document(job: QueuedJob) -> bytes:
    return msgspec.json.encode(job)


def _job(document: bytes) -> QueuedJob:
    return msgspec.json.decode(document, type=QueuedJob)
