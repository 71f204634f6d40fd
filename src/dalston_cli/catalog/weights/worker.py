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
from dalston_cli.catalog.weights.download import Download
from dalston_cli.catalog.weights.exchange import Failure, Job, PullFailure, PullProgress, RemoteFile
from dalston_cli.catalog.weights.http_failure import refuse_bad_status, unreachable
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
    """Writes reports, and progress at intervals that people can read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last = 0.0

    def send(self, report: exchange.Report) -> None:
        """Write one line at once."""
        self._stream.write(msgspec.json.encode(report) + b"\n")
        self._stream.flush()

    def progress(self, progress: PullProgress) -> None:
        """Write one line, unless the last one is less than ``_REPORT_EVERY_S`` old."""
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY_S:
            self._last = now
            self.send(progress)


def _pull(job: Job, reporter: Reporter) -> exchange.Pulled:
    reporter.send(PullProgress(step="asking"))
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    with httpx2.Client(timeout=job.timeout_s, follow_redirects=True) as client:
        revision = None
        if isinstance(job.source, exchange.HubJob):
            listing = hub.list_files(job.source, job.timeout_s)
            files, revision = listing.files, listing.revision
            client.headers.update(listing.headers)
            total = 0
        else:
            files = tuple(_with_size(file, client) for file in job.source.files)
            total = job.source.size_hint
        if all(file.size is not None for file in files):
            total = sum(file.size or 0 for file in files)
        pulled = _Files(files, job, client, reporter).get(total)
        return exchange.Pulled(files=pulled, revision=revision)


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


class _Files:
    """All files of one job, one after the other."""

    def __init__(
        self,
        files: tuple[RemoteFile, ...],
        job: Job,
        client: httpx2.Client,
        reporter: Reporter,
    ) -> None:
        self._job = job
        self._reporter = reporter
        self._finished = 0
        folder = Path(job.folder)
        self._downloads = [
            (file, Download(file, folder, client, lambda done, here: self._tell(done, here=here)))
            for file in files
        ]

    def get(self, total: int) -> tuple[ManifestFile, ...]:
        """Download missing files; ``total`` is the bytes of all, as far as known."""
        self._total = total
        self._check_room()
        files = tuple(self._get_one(file, download) for file, download in self._downloads)
        self._reporter.send(
            PullProgress(step="downloading", done=self._finished, total=self._finished)
        )
        return files

    def _get_one(self, file: RemoteFile, download: Download) -> ManifestFile:
        self._current = file.path
        done = download.run()
        self._finished += done.size
        return done

    def _check_room(self) -> None:
        here = sum(download.here for _, download in self._downloads)
        needed = max(0, self._total - here)
        given = self._job.free_bytes
        free = shutil.disk_usage(self._job.folder).free if given is None else given
        if needed and needed + _SPARE_BYTES > free:
            raise PullFailure(Failure(kind="space", needed=needed, free=free))

    def _tell(self, done: int, *, here: bool) -> None:
        self._reporter.progress(
            PullProgress(
                step="checking" if here else "downloading",
                file=self._current,
                done=self._finished + done,
                total=self._total,
            )
        )


if __name__ == "__main__":
    main()
