"""Gets the sizes of files on plain web servers. Runs in the child process."""

from http import HTTPStatus

import httpx2

from dalston_cli.catalog.weights.download import RemoteFile
from dalston_cli.catalog.weights.exchange import HttpsJob, HttpsJobFile, PullFailure
from dalston_cli.catalog.weights.http_failure import refuse_bad_status, unreachable


def list_files(job: HttpsJob, client: httpx2.Client) -> tuple[RemoteFile, ...]:
    """Return the job's files with their sizes, as far as the servers tell them.

    Raises:
        PullFailure: A file cannot be had.
    """
    return tuple(_ask(file, client) for file in job.files)


def _ask(file: HttpsJobFile, client: httpx2.Client) -> RemoteFile:
    try:
        response = client.head(file.url, headers={"Accept-Encoding": "identity"})
    except httpx2.HTTPError as error:
        raise PullFailure(unreachable(error, file.url)) from error
    size = None
    if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:  # then only the download tells
        refuse_bad_status(response)
        length = response.headers.get("Content-Length", "")
        size = int(length) if length.isdigit() else None
    return RemoteFile(path=file.path, url=file.url, size=size, sha256=file.sha256)
