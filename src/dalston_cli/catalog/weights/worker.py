"""The child process of a pull: asks, checks the room, downloads, verifies, reports.

It is a process of its own because network libraries can hang for minutes where no time-out
reaches; a process can always be ended. It ends by itself when its parent is gone.
"""

import errno
import os
import signal
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import httpx2
import msgspec
from msgspec import structs

from dalston_cli.catalog.weights import exchange, mirror, packages
from dalston_cli.catalog.weights.download import Download, refuse_bad_status, unreachable
from dalston_cli.catalog.weights.exchange import Failure, Job, PullFailure, PullProgress, RemoteFile
from dalston_cli.catalog.weights.layout import ManifestFile
from dalston_cli.catalog.weights.paths import check_paths
from dalston_cli.catalog.weights.reporter import Reporter, check_room


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    reporter = Reporter(sys.stdout.buffer)
    try:
        reporter.send(_answer(job, reporter))
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
    if os.getpgrp() == os.getpid():  # always, unless started by hand
        os.killpg(0, signal.SIGKILL)  # pip, too
    os._exit(1)


def _answer(job: Job, reporter: Reporter) -> exchange.Pulled | exchange.Listed:
    reporter.send(PullProgress(step="asking"))
    if isinstance(job.source, exchange.HubQuestion):
        from dalston_cli.catalog.weights import hub  # noqa: PLC0415 - takes half a second to load

        return hub.describe(job.source, job.timeout_s)
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(job.source, exchange.PackageJob):
        return exchange.Pulled(files=packages.get(job.source, folder, job.free_bytes, reporter))
    with httpx2.Client(timeout=job.timeout_s, follow_redirects=True) as client:
        if isinstance(job.source, exchange.MirrorJob):
            return _from_mirror(job.source, job, client, reporter)
        revision = None
        if isinstance(job.source, exchange.HubJob):
            from dalston_cli.catalog.weights import hub  # noqa: PLC0415 - as above

            listing = hub.list_files(job.source, job.timeout_s)
            files, revision = listing.files, listing.revision
            client.headers.update(listing.headers)
        else:
            files = tuple(_with_size(file, client) for file in job.source.files)
            reporter.total = job.source.size_hint
        if all(file.size is not None for file in files):
            reporter.total = sum(file.size or 0 for file in files)
        return exchange.Pulled(files=_get(files, job, client, reporter), revision=revision)


def _from_mirror(
    source: exchange.MirrorJob, job: Job, client: httpx2.Client, reporter: Reporter
) -> exchange.Pulled:
    manifest, folder = mirror.read_manifest(source, client), Path(job.folder)
    files = mirror.remote_files(source, manifest)
    reporter.total = manifest.size
    if source.is_remote:
        got = _get(files, job, client, reporter)
    else:
        check_room(folder, mirror.missing_bytes(files, folder), job.free_bytes)
        got = mirror.copy(files, source, folder, reporter)
    return exchange.Pulled(files=got, revision=manifest.revision, source=manifest.source)


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
    check_paths(file.path for file in files)
    folder = Path(job.folder)
    downloads = [Download(file, folder, client, reporter.on_bytes) for file in files]
    needed = max(0, reporter.total - sum(download.here for download in downloads))
    check_room(folder, needed, job.free_bytes)
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
