"""Lists the files of repositories on the Hugging Face hub. Runs in the child process.

``huggingface_hub`` is used for queries only: its own downloads start over after the process was
killed (every attempt has a file name of its own), so ``download`` gets the bytes.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx2
from huggingface_hub import HfApi, constants, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import ModelInfo
from msgspec import structs

from dalston_cli.catalog.weights import exchange
from dalston_cli.catalog.weights.download import failure_of, refuse_bad_status, unreachable
from dalston_cli.catalog.weights.exchange import Failure, PullFailure, RemoteFile
from dalston_cli.catalog.weights.paths import safe_path

_TELLING = ("config.json", "generation_config.json", "vocabulary.json", "vocabulary.txt")
_MAX_LICENCE = 80
_MAX_TEXT = 16 * 1024 * 1024
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Files to download, headers for it, and the commit of the first repository's revision now."""

    files: tuple[RemoteFile, ...]
    headers: dict[str, str]
    revision: str | None = None


def list_files(job: exchange.HubJob, timeout_s: float) -> Listing:
    """Return the requested files of the job's repositories.

    Access to every gated repository is checked first, before anything is downloaded. The token
    comes from ``HF_TOKEN`` or from the hub's own token file.

    Raises:
        PullFailure: A repository cannot be had, or has none of the files.
    """
    api, token = HfApi(library_name="dalston"), get_token()
    _check_terms(api, [wanted.repo for wanted in job.repositories if wanted.gated], token)
    infos = [_ask(api, wanted, timeout_s) for wanted in job.repositories]
    pairs = list(zip(infos, job.repositories, strict=True))
    _check_terms(
        api, [wanted.repo for info, wanted in pairs if info.gated and not wanted.gated], token
    )
    files = [file for info, wanted in pairs for file in _wanted(info, wanted)]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Listing(files=tuple(files), headers=headers, revision=infos[0].sha)


def describe(question: exchange.HubQuestion, timeout_s: float) -> exchange.Listed:
    """Return the names and sizes of a repository's files, and what its small ones say.

    Raises:
        PullFailure: The repository cannot be had.
    """
    api, token = HfApi(library_name="dalston"), get_token()
    with _failures(question.repo):
        info = api.model_info(
            question.repo, revision=question.revision, files_metadata=True, timeout=timeout_s
        )
    if info.gated:
        _check_terms(api, [question.repo], token)
    files = {
        sibling.rfilename: (sibling.lfs.size if sibling.lfs else sibling.size) or 0
        for sibling in info.siblings or ()
        if not _PATTERN.search(sibling.rfilename)  # a file's name is to match itself alone
    }
    commit = info.sha or question.revision or "main"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(timeout=timeout_s, follow_redirects=True, headers=headers) as client:
        texts = {
            name: _text(client, hf_hub_url(question.repo, name, revision=commit))
            for name in _TELLING
            if 0 < files.get(name, 0) <= _MAX_TEXT
        }
    return exchange.Listed(
        files=files,
        revision=commit,
        gated=bool(info.gated),
        licence=_licence(info.tags or ()),
        texts=texts,
    )


def _licence(tags: Iterable[str]) -> str:
    named = (tag.partition(":")[2] for tag in tags if tag.startswith("license:"))
    return next(named, "")[:_MAX_LICENCE]


def _text(client: httpx2.Client, url: str) -> bytes:
    try:
        response = client.get(url)
    except httpx2.HTTPError as error:
        raise PullFailure(unreachable(error, url)) from error
    refuse_bad_status(response)
    return response.content


def _check_terms(api: HfApi, repos: list[str], token: str | None) -> None:
    """Raise a PullFailure that names all gated repositories that are not open to this user."""
    if repos and token is None:
        url = f"{constants.ENDPOINT}/{repos[0]}"
        raise PullFailure(Failure(kind="token_missing", url=url, repos=tuple(repos)))
    closed: list[Failure] = []
    for repo in repos:
        try:
            with _failures(repo):
                api.auth_check(repo)
        except PullFailure as error:
            if error.failure.kind != "terms":
                raise
            closed.append(error.failure)
    if closed:
        names = tuple(repo for failure in closed for repo in failure.repos)
        raise PullFailure(structs.replace(closed[0], repos=names))


def _ask(api: HfApi, wanted: exchange.HubRepository, timeout_s: float) -> ModelInfo:
    with _failures(wanted.repo):
        return api.model_info(
            wanted.repo, revision=wanted.revision, files_metadata=True, timeout=timeout_s
        )


def _wanted(info: ModelInfo, wanted: exchange.HubRepository) -> list[RemoteFile]:
    """Return the matching files, each below the repository's folder; there must be some."""
    files = list(_matching(info, wanted))
    if not files:
        detail = f"{' '.join(wanted.files)} in {wanted.repo}@{wanted.revision}"
        raise PullFailure(Failure(kind="no_files", detail=detail))
    return files


def _matching(info: ModelInfo, wanted: exchange.HubRepository) -> Iterator[RemoteFile]:
    for sibling in info.siblings or ():
        path = sibling.rfilename
        if not any(fnmatchcase(path, pattern) for pattern in wanted.files):
            continue
        safe_path(path)  # before a folder's name is prepended
        yield RemoteFile(
            path=f"{wanted.folder}/{path}" if wanted.folder else path,
            url=hf_hub_url(wanted.repo, path, revision=info.sha or wanted.revision),
            size=sibling.lfs.size if sibling.lfs else sibling.size,
            sha256=sibling.lfs.sha256 if sibling.lfs else None,
            git_sha1=None if sibling.lfs else sibling.blob_id,
        )


@contextmanager
def _failures(repo: str) -> Iterator[None]:
    """Raise the hub library's exceptions as failures; the order matters: some are OSErrors."""
    try:
        yield
    except HfHubHTTPError as error:
        failure = structs.replace(failure_of(error.response), repos=(repo,))
        raise PullFailure(failure) from error
    except (httpx2.HTTPError, OSError) as error:
        url = f"{constants.ENDPOINT}/{repo}"
        raise PullFailure(unreachable(error, url)) from error
