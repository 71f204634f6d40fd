"""The process that runs yt-dlp: it reads one job, and answers in lines.

It is a process of its own because parts of yt-dlp for a thousand sites may hang where no time-out
reaches, and because its connections are looked at. It ends by itself when its parent is gone.
"""

import os
import resource
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from dalston_cli.pipeline.remote.pages.downloader import Downloader
from dalston_cli.pipeline.remote.pages.exchange import (
    FETCHED,
    Done,
    Failure,
    FetchEntry,
    PageJob,
    PageReply,
    Progress,
    ReadPage,
)
from dalston_cli.pipeline.remote.pages.failures import OverLimitError, failure_of
from dalston_cli.pipeline.remote.pages.network import NetworkGuard
from dalston_cli.pipeline.remote.pages.reading import PageReader, reading_downloader

_SPARE_BYTES = 1 << 20
"""So that what is counted is refused before what the system refuses."""


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=PageJob)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    # What some library prints must not pass for an answer.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        guard = NetworkGuard(job.named)
        guard.install()
        if isinstance(job, FetchEntry):
            _bound_files(job.most_bytes + _SPARE_BYTES)
            os.chdir(job.folder)
        answer(job, guard, answers)


def answer(job: PageJob, guard: NetworkGuard, answers: BinaryIO) -> None:
    """Do a job in this process; a recording goes into the current folder."""

    def send(reply: PageReply) -> None:
        answers.write(msgspec.json.encode(reply) + b"\n")
        answers.flush()

    if isinstance(job, ReadPage):
        reader = PageReader(job, reading_downloader(job, guard), send)
        with closing(reader.entries()) as entries:
            for each in entries:
                is_wanted = isinstance(each, Failure) or each.identity == job.only
                if is_wanted or not job.only:
                    send(each)
                if isinstance(each, Failure) or (job.only and is_wanted):
                    return
        send(Failure(kind="missing") if job.only else reader.done)
        return
    try:
        send(_fetch(job, guard, lambda done, total: send(Progress(done=done, total=total))))
    except Exception as error:  # noqa: BLE001 - yt-dlp raises anything
        send(failure_of(error, guard))


def _fetch(job: FetchEntry, guard: NetworkGuard, tell: Any) -> Done | Failure:  # noqa: ANN401 - a function of two
    def count(status: dict[str, Any]) -> None:
        done, total = int(status.get("downloaded_bytes") or 0), status.get("total_bytes")
        if done > job.most_bytes:
            raise OverLimitError
        tell(done, total if isinstance(total, int) else None)

    options = {"max_filesize": job.most_bytes, "progress_hooks": [count]}
    with closing(Downloader(guard, is_reading=False, **options)) as downloader:
        return _saved(job, downloader)


def _saved(job: FetchEntry, downloader: Downloader) -> Done | Failure:
    info = downloader.ydl.process_ie_result(msgspec.json.decode(job.info), download=True)
    if downloader.was_too_large:
        return Failure(kind="too_large")
    path = Path(FETCHED)
    if not path.is_file():
        return Failure(kind="site", reason="nothing came")
    if path.stat().st_size > job.most_bytes:
        return Failure(kind="too_large")
    if job.mark and downloader.mark_of(info)[0] != job.mark:
        return Failure(kind="changed")
    return Done()


def _bound_files(most_bytes: int) -> None:
    """Have the system refuse larger files, also of libraries."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _end_with_parent(lifeline: int) -> None:
    # Not through sys.stdin: a thread inside it would disturb the end of the interpreter.
    while os.read(lifeline, 1):
        continue
    if os.getpgrp() == os.getpid():  # always, unless started by hand
        os.killpg(0, signal.SIGKILL)  # what runs scripts of a site, too
    os._exit(1)


if __name__ == "__main__":
    main()
