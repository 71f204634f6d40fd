"""The child process of a pull: asks, checks the room, downloads, verifies, reports.

It is a process of its own because network libraries can hang for minutes where no time-out
reaches; a process can always be ended. It ends by itself when its parent is gone.
"""

import errno
import os
import shutil
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Literal

import httpx2
import msgspec
from msgspec import structs

from dalston_cli.catalog.weights import exchange, hub
from dalston_cli.catalog.weights.download import Download, refuse_bad_status, unreachable
from dalston_cli.catalog.weights.exchange import Failure, Job, PullFailure, PullProgress, RemoteFile
from dalston_cli.catalog.weights.layout import ManifestFile

_REPORT_EVERY_S = 0.1
_SPARE_BYTES = 64 * 1024 * 1024  # a disk filled to the last byte harms more than this pull


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    reporter = Reporter(sys.stdout.buffer)
    try:
        reporter.send(_pull(job, reporter))
    except PullFailure as error:
        reporter.send(error.failure)
    except OSError as error:
        needed = {errno.ENOSPC: "space", errno.EDQUOT: "space"}
        kind: Literal["space", "disk"] = "space" if error.errno in needed else "disk"
        reporter.send(Failure(kind=kind, detail=str(error)))


def _end_with_parent(lifeline: int) -> None:
    # Not through sys.stdin: a thread inside it would disturb the end of the interpreter.
    while os.read(lifeline, 1):
        continue
    os._exit(1)


class Reporter:
    """Writes reports, and progress at intervals that people can read.

    Attributes:
        file: The one being downloaded.
        finished: Bytes of the files before it.
        total: Bytes of all files, as far as known.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.file = ""
        self.finished = self.total = 0
        self._stream = stream
        self._last = 0.0

    def send(self, report: exchange.Report) -> None:
        """Write one line at once."""
        self._stream.write(msgspec.json.encode(report) + b"\n")
        self._stream.flush()

    def on_bytes(self, done: int, here: bool) -> None:  # noqa: FBT001 - positional callback
        """Write one line, unless the last one is less than ``_REPORT_EVERY_S`` old."""
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY_S:
            self._last = now
            self.send(
                PullProgress(
                    step="checking" if here else "downloading",
                    file=self.file,
                    done=self.finished + done,
                    total=self.total,
                )
            )


def _pull(job: Job, reporter: Reporter) -> exchange.Pulled:
    reporter.send(PullProgress(step="asking"))
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    with httpx2.Client(timeout=job.timeout_s, follow_redirects=True) as client:
        revision = None
        if isinstance(job.source, exchange.HubJob):
            listing = hub.list_files(job.source, job.timeout_s)
            files, revision = listing.files, listing.revision
            client.headers.update(listing.headers)
        else:
            files = tuple(_with_size(file, client) for file in job.source.files)
            reporter.total = job.source.size_hint
        if all(file.size is not None for file in files):
            reporter.total = sum(file.size or 0 for file in files)
        return exchange.Pulled(files=_get(files, job, client, reporter), revision=revision)


def _with_size(file: RemoteFile, client: httpx2.Client) -> RemoteFile:
    """Ask a plain web server for the file's size, which it may not tell."""
    try:
        response = client.head(file.url, headers={"Accept-Encoding": "identity"})
    except httpx2.HTTPError as error:
        raise PullFailure(unreachable(error, file.url)) from error
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return file  # only the download tells
    refuse_bad_status(response)
    length = response.headers.get("Content-Length", "")
    return structs.replace(file, size=int(length) if length.isdigit() else None)


def _get(
    files: tuple[RemoteFile, ...], job: Job, client: httpx2.Client, reporter: Reporter
) -> tuple[ManifestFile, ...]:
    """Download missing files, one after the other."""
    folder = Path(job.folder)
    downloads = [Download(file, folder, client, reporter.on_bytes) for file in files]
    needed = max(0, reporter.total - sum(download.here for download in downloads))
    free = shutil.disk_usage(folder).free if job.free_bytes is None else job.free_bytes
    if needed and needed + _SPARE_BYTES > free:
        raise PullFailure(Failure(kind="space", needed=needed, free=free))
    done: list[ManifestFile] = []
    for file, download in zip(files, downloads, strict=True):
        reporter.file = file.path
        done.append(download.run())
        reporter.finished += done[-1].size
    size = reporter.finished
    reporter.send(PullProgress(step="downloading", done=size, total=size))
    return tuple(done)


if __name__ == "__main__":
    main()
