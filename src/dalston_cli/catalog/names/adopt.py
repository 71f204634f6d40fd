"""Brings folders and repositories that were named as models into the catalog of one command."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.names import added, ask, entries
from dalston_cli.catalog.names.aliases import RESERVED
from dalston_cli.catalog.names.detect import detect
from dalston_cli.catalog.names.nearest import did_you_mean_model
from dalston_cli.catalog.names.spelling import FolderName, HubName, place_of
from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.failures import NotInstalledError, PullError
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.errors import UsageError

_FORMAT = re.compile(r"[-_.](?:mlx|ct2|onnx|ggml|gguf|fp16|fp32|int8|\d-?bit|q\d\w*)$")
"""The end of a repository's name that says in which format it has the weights."""


class NoFolderError(UsageError):
    """The folder that was named as a model cannot be read."""

    code = "no_model_folder"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"no model can be read at {path}: {problem}",
            hint="name a folder of weights, or see which models there are: dalston models list",
        )


class BareFolderError(UsageError):
    """A folder was named without a slash, as models of the catalog are."""

    code = "unknown_model"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no model `{name}`, but something here is called that",
            hint=f"for a folder of weights use --model ./{name}",
        )


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a repository is looked up that the catalog does not know.

    Attributes:
        hub: Ask the hub; otherwise such a repository is not installed.
        options: For the question.
        assume: Where the hub cannot be asked, go by the name: for a plan, which uses nothing.
        keep: Folder of the user's own entries; None writes nothing.
    """

    hub: bool = True
    options: PullOptions = field(default_factory=PullOptions)
    assume: bool = False
    keep: Path | None = None


NOT_ASKED = Asking(hub=False)
"""For commands about what is here."""


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """The catalog with what was named, and what the user should know about it."""

    catalog: Catalog
    advice: tuple[Advice, ...] = ()


def adopt(catalog: Catalog, names: Iterable[str], asking: Asking) -> Adopted:
    """Add every folder and repository among ``names`` that the catalog does not have.

    Names that mean nothing are left alone: the one that looks them up says so.

    Raises:
        NoFolderError, BareFolderError: A path leads nowhere, or a name is meant as one.
        UnreadableWeightsError: No engine reads the weights.
        PullError, NoRepositoryError: The hub must be asked, and cannot be.
    """
    advice: list[Advice] = []
    for name in dict.fromkeys(names):
        if name == RESERVED or catalog.has_model(name):
            continue
        place = place_of(name)
        if isinstance(place, FolderName):
            entry = _linked(catalog, place) or read_folder(place, called=name)
        elif place is None and Path(name).exists():
            raise BareFolderError(name)
        elif place is None:
            continue
        elif catalog.has_model(str(place)):
            entry = catalog.model(str(place))
        else:
            entry = _repository(catalog, place, asking, advice)
        catalog = catalog.with_model(name, entry)
    return Adopted(catalog=catalog, advice=tuple(advice))


def read_folder(place: FolderName, *, called: str, name: str | None = None) -> ModelEntry:
    """Return an entry for weights on this disk; ``name`` is its id.

    Raises:
        NoFolderError: They cannot be read.
        UnreadableWeightsError: No engine reads them.
    """
    try:
        files = entries.files_in(place)
    except OSError as error:
        raise NoFolderError(place.path, error.strerror or str(error)) from error
    detected = detect(files, called=called)
    return entries.folder_entry(name or entries.folder_id(place), place, files, detected)


def ask_hub(
    catalog: Catalog, place: HubName, options: PullOptions, *, name: str | None = None
) -> ModelEntry:
    """Return an entry for a repository as it is now; ``name`` is its id.

    Raises:
        PullError, NoRepositoryError: The hub does not say what it holds.
        UnreadableWeightsError: No engine reads it.
    """
    near = did_you_mean_model(str(place), catalog.models, catalog.aliases)
    listed = ask.ask(place, options, near)
    files = ask.files_of(place, listed)
    detected = detect(files, called=str(place), instead=_namesake(catalog, place))
    pin = entries.Pin(
        place=place, commit=listed.revision, licence=listed.licence, gated=listed.gated
    )
    model_id = name or entries.hub_id(place, taken=catalog.models)
    return entries.hub_entry(model_id, pin, files, detected)


def _linked(catalog: Catalog, place: FolderName) -> ModelEntry | None:
    """Return the model of the catalog whose weights are this very folder."""
    for model in catalog.models.values():
        if isinstance(model.source, FileSource) and model.source.path == place.path:
            return model
    return None


def _repository(
    catalog: Catalog, place: HubName, asking: Asking, advice: list[Advice]
) -> ModelEntry:
    if not asking.hub:
        raise NotInstalledError(str(place))
    try:
        entry = ask_hub(catalog, place, asking.options)
    except PullError as error:
        if not asking.assume:
            raise
        entry = ask.assumed_entry(place)
        advice.append(
            Advice(
                code="hub_not_asked",
                message=f"the hub must be asked before {place} can be used; until then it is "
                f"assumed to be for the engine {entry.engine} ({error.message})",
                hint=f"run `dalston models pull {place}` where there is a network",
            )
        )
        return entry
    if asking.keep is not None:
        entry = added.write(entry, asking.keep)
    return entry


def _namesake(catalog: Catalog, place: HubName) -> str | None:
    """Return the short name of the catalog that the repository has, but for its format."""
    name = place.repo.rpartition("/")[2].lower()
    while (shorter := _FORMAT.sub("", name)) != name:
        name = shorter
    name = name.removeprefix("faster-").removeprefix("whisper-")
    return name if name in catalog.aliases else None
