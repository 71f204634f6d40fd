"""Asks the Hugging Face hub what a repository holds. Runs in the child process.

Only questions go through ``huggingface_hub``. Its own downloads begin anew after the process was
killed (every attempt has a file name of its own), so the bytes come through ``download``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx2
from huggingface_hub import HfApi, constants, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import ModelInfo

from dalston_cli.catalog.weights.download import RemoteFile
from dalston_cli.catalog.weights.exchange import Failure, HubJob, PullFailure
from dalston_cli.catalog.weights.http_failure import failure_of, unreachable


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is to be downloaded, and with which headers.

    Attributes:
        revision: The commit that a branch's or tag's name stands for now.
    """

    files: tuple[RemoteFile, ...]
    headers: dict[str, str]
    revision: str | None = None


def list_files(job: HubJob, timeout_s: float) -> Listing:
    """The files of the repository that the job wants.

    A gated repository is asked first whether this user may have it, before anything is downloaded.
    The token comes from ``HF_TOKEN`` or from the hub's own token file.

    Raises:
        PullFailure: The repository cannot be had, or has none of the files.
    """
    api, token = HfApi(library_name="dalston"), get_token()
    if job.gated and token is None:
        url = f"{constants.ENDPOINT}/{job.repo}"
        raise PullFailure(Failure(kind="token_missing", url=url))
    with _failures(job.repo):
        if job.gated:
            api.auth_check(job.repo)
        info = api.model_info(
            job.repo, revision=job.revision, files_metadata=True, timeout=timeout_s
        )
        if info.gated and not job.gated:
            api.auth_check(job.repo)
    files = tuple(_wanted(info, job))
    if not files:
        detail = f"{' '.join(job.patterns)} in {job.repo}@{job.revision}"
        raise PullFailure(Failure(kind="no_files", detail=detail))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Listing(files=files, headers=headers, revision=info.sha)


def _wanted(info: ModelInfo, job: HubJob) -> Iterator[RemoteFile]:
    for sibling in info.siblings or ():
        path = sibling.rfilename
        if not any(fnmatchcase(path, pattern) for pattern in job.patterns):
            continue
        yield RemoteFile(
            path=path,
            url=hf_hub_url(job.repo, path, revision=info.sha or job.revision),
            size=sibling.lfs.size if sibling.lfs else sibling.size,
            sha256=sibling.lfs.sha256 if sibling.lfs else None,
            git_sha1=None if sibling.lfs else sibling.blob_id,
        )


@contextmanager
def _failures(repo: str) -> Iterator[None]:
    """The hub library's exceptions as failures; its order matters, some are OSErrors."""
    try:
        yield
    except HfHubHTTPError as error:
        raise PullFailure(failure_of(error.response)) from error
    except (httpx2.HTTPError, OSError) as error:
        url = f"{constants.ENDPOINT}/{repo}"
        raise PullFailure(unreachable(error, url)) from error
