"""Gets one file, or the reason why not: resumes an earlier attempt, trusts only its digest.

Runs in the child process. An unfinished file is named after the digest it must have in the end, so
that bytes of two versions never mix; a file under its own name is complete.
"""

import hashlib
import os
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx2

from dalston_cli.atomic_file import sync, sync_folder
from dalston_cli.catalog.weights.exchange import Failure, FailureKind, PullFailure, RemoteFile
from dalston_cli.catalog.weights.layout import ManifestFile, chunks_of
from dalston_cli.catalog.weights.paths import safe_path
from dalston_cli.private_file import open_own

_FRUITLESS_ATTEMPTS = 3
_PAUSE_S = 0.5
_NO_ANSWER = (httpx2.ConnectError, httpx2.TimeoutException, httpx2.TooManyRedirects)
_KINDS: dict[int, FailureKind] = {
    401: "token_missing",
    403: "forbidden",
    404: "not_found",
    410: "not_found",
    429: "rate_limited",
}
_BAD_TOKEN = "invalid credentials"  # noqa: S105 - a message of the hub, no secret
_SERVER_ERROR = 500


class Digests:
    """The digests of a file's bytes as they come."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        # Git's objects are named by SHA-1; it is checked, nothing is protected by it.
        self._git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self.size += len(chunk)
        self._sha256.update(chunk)
        if self._file.git_sha1:
            self._git.update(chunk)

    @property
    def sha256(self) -> str:
        """Digest of everything so far, in hexadecimal digits."""
        return self._sha256.hexdigest()

    def match(self) -> bool:
        """Return True if size and digests are as expected."""
        file = self._file
        return (
            (file.size is None or file.size == self.size)
            and (file.sha256 is None or file.sha256 == self.sha256)
            and (file.git_sha1 is None or file.git_sha1 == self._git.hexdigest())
        )


class Download:
    """One file on its way into ``folder``.

    ``on_bytes`` gets the number of the file's bytes so far, and True if they come from the disk.
    """

    def __init__(
        self,
        file: RemoteFile,
        folder: Path,
        client: httpx2.Client,
        on_bytes: Callable[[int, bool], None],
    ) -> None:
        self._file = file
        self._target = folder / safe_path(file.path)
        key = (file.sha256 or file.git_sha1 or "unknown")[:16]
        self._part = self._target.with_name(f".{self._target.name}.{key}.part")
        self._digests = Digests(file)
        self._client = client
        self._on_bytes = on_bytes

    @property
    def here(self) -> int:
        """Number of bytes that need not come over the network."""
        return max(_size(self._target), _size(self._part))

    def run(self) -> ManifestFile:
        """Return once the file is complete, verified and on the disk, or raise a PullFailure."""
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._read(self._target)
        if not self._target.exists() or not self._digests.match():
            self._target.unlink(missing_ok=True)
            self._complete()
        digests = self._digests
        return ManifestFile(path=self._file.path, size=digests.size, sha256=digests.sha256)

    def _read(self, path: Path) -> None:
        """Add the bytes that are on the disk already."""
        self._digests = Digests(self._file)
        if path.exists():
            for chunk in chunks_of(path):
                self._digests.update(chunk)
                self._on_bytes(self._digests.size, True)  # noqa: FBT003 - positional callback

    def _complete(self) -> None:
        self._read(self._part)
        with os.fdopen(open_own(self._part), "ab") as stream:
            self._receive_all(stream)
            sync(stream)
        if not self._digests.match():
            self._part.unlink()
            raise PullFailure(Failure(kind="digest", url=self._file.url, file=self._file.path))
        self._part.replace(self._target)
        sync_folder(self._target.parent)

    def _receive_all(self, stream: BinaryIO) -> None:
        """Request the rest again as long as that brings bytes."""
        fruitless, error = 0, None
        while not self._is_all():
            if fruitless == _FRUITLESS_ATTEMPTS:
                raise PullFailure(self._broken_off(error)) from error
            time.sleep(_PAUSE_S * fruitless)
            before = self._digests.size
            try:
                self._receive(stream)
                if self._file.size is None:
                    return
            except httpx2.HTTPError as broken:
                error = broken
            fruitless = 0 if self._digests.size > before else fruitless + 1

    def _is_all(self) -> bool:
        return self._file.size is not None and self._digests.size >= self._file.size

    def _receive(self, stream: BinaryIO) -> None:
        offset = self._digests.size
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        with self._client.stream("GET", self._file.url, headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # the server's file ends here; the digest will tell if that is right
            refuse_bad_status(response)
            if offset and not _continues(response, offset):
                stream.truncate(0)
                self._digests = Digests(self._file)
            for chunk in response.iter_raw():  # as they come: each is a sign of life
                stream.write(chunk)
                self._digests.update(chunk)
                self._on_bytes(self._digests.size, False)  # noqa: FBT003 - positional callback
                if self._is_all():
                    return

    def _broken_off(self, error: httpx2.HTTPError | None) -> Failure:
        file = self._file
        if isinstance(error, _NO_ANSWER):
            return unreachable(error, file.url)
        here, whole = self._digests.size, file.size or 0
        return Failure(kind="truncated", url=file.url, file=file.path, needed=whole, free=here)


def _continues(response: httpx2.Response, offset: int) -> bool:
    content_range = response.headers.get("Content-Range", "")
    is_partial = response.status_code == HTTPStatus.PARTIAL_CONTENT
    return is_partial and content_range.startswith(f"bytes {offset}-")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def refuse_bad_status(response: httpx2.Response) -> None:
    """Raise a PullFailure if the status is 400 or above."""
    if response.is_error:
        raise PullFailure(failure_of(response))


def failure_of(response: httpx2.Response) -> Failure:
    """Return the reason of a refusal.

    Reference: the headers ``X-Error-Code`` and ``X-Error-Message`` are the Hugging Face hub's; it
    answers 401 for missing repositories, too, so as not to reveal private ones.
    """
    return Failure(
        kind=_kind(response),
        url=str(response.request.url.copy_with(query=None)),
        status=response.status_code,
        detail=response.headers.get("X-Error-Message", response.reason_phrase),
        retry_after_s=_seconds(response.headers.get("Retry-After", "")),
    )


def unreachable(error: httpx2.HTTPError | OSError, url: str) -> Failure:
    """Return the failure of a connection that was refused, or broke before an answer."""
    return Failure(kind="unreachable", url=url, detail=str(error) or type(error).__name__)


def _kind(response: httpx2.Response) -> FailureKind:
    status, headers = response.status_code, response.headers
    code = headers.get("X-Error-Code", "")
    has_token = "authorization" in response.request.headers
    if code == "GatedRepo":
        return "terms" if has_token else "token_missing"
    if _BAD_TOKEN in headers.get("X-Error-Message", "").lower():
        return "token_invalid"
    if code in {"RepoNotFound", "RevisionNotFound", "EntryNotFound"}:
        return "not_found"
    if status == HTTPStatus.UNAUTHORIZED and has_token:
        return "token_invalid"
    return _KINDS.get(status, "server" if status >= _SERVER_ERROR else "status")


def _seconds(header: str) -> int | None:
    return int(header) if header.isdigit() else None
