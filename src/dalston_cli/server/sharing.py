"""The queue that a server and its workers share, and where the files of its jobs are."""

import secrets
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dalston_cli.errors import ConfigurationError, UsageError, installing
from dalston_cli.server.job_files import JobFiles
from dalston_cli.server.lifetime import Warn

if TYPE_CHECKING:
    from dalston_cli.server.redis_queue import RedisQueue

QUEUE_VARIABLE = "DALSTON_QUEUE"


class QueuePackageError(ConfigurationError):
    """The library for the queue is not installed."""

    code = "queue_package_missing"

    def __init__(self) -> None:
        super().__init__(
            "a queue in Redis needs redis, which is not installed",
            hint=f"install it: {installing('redis')}",
        )


class QueuePasswordError(UsageError):
    """The command line has a password, which other users of the machine can read there."""

    code = "queue_password"

    def __init__(self) -> None:
        super().__init__(
            "--queue has a user, a password or options, which other users of this machine can see",
            hint=f"give the whole address as a variable instead: {QUEUE_VARIABLE}",
        )


class QueueMissingError(UsageError):
    """A worker is started without a queue."""

    code = "queue_missing"

    def __init__(self) -> None:
        super().__init__(
            "a worker needs the queue of its server",
            hint="name it: dalston worker --queue redis://HOST:6379/0",
        )


class StoreWithoutQueueError(UsageError):
    """A store is named where no other machine would look into it."""

    code = "store_without_queue"

    def __init__(self) -> None:
        super().__init__(
            "--store has no effect without --queue: the server keeps jobs in its own folder",
            hint="name a queue, too: --queue redis://HOST:6379/0",
        )


class OtherFilesError(ConfigurationError):
    """Not all that share a queue see the same files."""

    code = "other_job_files"

    def __init__(self, place: str, noted: str) -> None:
        super().__init__(
            f"the files of this queue's jobs are in {noted}, and here they would be in {place}",
            hint="give all that share a queue the same DALSTON_STORE, or, on one machine, the same "
            "DALSTON_STATE_DIR; docs/server.md",
        )


class UnseenFilesError(ConfigurationError):
    """The place is called the same, and is another one."""

    code = "unseen_job_files"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is not the one that others of this queue use",
            hint="machines need a store at an address that all of them reach: "
            "DALSTON_STORE=s3://BUCKET/FOLDER; docs/server.md",
        )


class _Place(Struct, frozen=True, kw_only=True):
    files: str
    mark: str


def open_shared_queue(url: str, files: JobFiles, warn: Warn, stack: ExitStack) -> "RedisQueue":
    """Open a queue, and make sure that all that share it share the files, too.

    Args:
        url: With its password.
        files: Where this process has files.
        warn: Takes what may cost jobs.
        stack: Closes it.

    Raises:
        QueuePackageError: The library is missing.
        QueueAddressError, QueueUnreachableError: It cannot be used.
        OtherFilesError, UnseenFilesError: Others have the files elsewhere.
        DalstonError: The files cannot be looked at.
    """
    try:
        from dalston_cli.server.redis_queue import RedisQueue  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise QueuePackageError from error
    queue = stack.enter_context(closing(RedisQueue(url)))
    for risk in queue.risks():
        warn(f"jobs may be lost with {queue.place}: {risk}")
    mark = secrets.token_hex(12)
    files.mark(mark)
    mine = msgspec.json.encode(_Place(files=files.place, mark=mark)).decode()
    noted = msgspec.json.decode(queue.agree(mine), type=_Place)
    if noted.mark != mark:
        files.unmark(mark)
        if noted.files != files.place:
            raise OtherFilesError(files.place, noted.files)
        if not files.has_mark(noted.mark):
            raise UnseenFilesError(files.place)
    return queue


def given_queue(option: str | None, variable: str | None) -> str | None:
    """Return the address of the queue that is asked for; None for none.

    Raises:
        QueuePasswordError: The option has what others must not see.
    """
    if option is None:
        return variable or None
    if "@" in option or "?" in option:
        raise QueuePasswordError
    return option
