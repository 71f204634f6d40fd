"""Makes the entry of a model that the user adds, and checks it before it is written."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.check import check_model
from dalston_cli.catalog.document import CatalogError, Document
from dalston_cli.catalog.names import added, entries
from dalston_cli.catalog.names.adopt import ask_hub, read_folder
from dalston_cli.catalog.names.aliases import RESERVED
from dalston_cli.catalog.names.detect import WeightFiles, detect
from dalston_cli.catalog.names.spelling import FolderName, HubName, place_of
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HttpsFile
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.errors import UsageError
from dalston_cli.settings.locations import Locations

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_DIGEST = re.compile(r"sha256=([0-9a-f]{64})")


class ModelNameError(UsageError):
    """A model cannot be added under this name."""

    code = "model_name"

    def __init__(self, name: str, problem: str, hint: str) -> None:
        super().__init__(f"no model can be added as `{name}`: {problem}", hint=hint)


class ModelSourceError(UsageError):
    """A model cannot be added from this source."""

    code = "model_source"

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(
            f"no model can be added from `{source}`: {problem}",
            hint="give a folder as ./folder, a repository of the hub as org/name, or addresses as "
            "https://host/model.bin#sha256=DIGEST, as `sha256sum model.bin` prints it",
        )


def new_entry(
    catalog: Catalog, name: str, sources: Sequence[str], options: PullOptions
) -> ModelEntry:
    """Return a complete entry called ``name``.

    Raises:
        ModelNameError: The name is taken, or no name for a model.
        ModelSourceError: The source cannot be understood.
        DalstonError: It cannot be read, or no engine reads the weights; see ``adopt``.
    """
    _check_name(catalog, name)
    entry = _from_source(catalog, name, sources, options)
    free = tuple(alias for alias in entry.aliases if not catalog.has_model(alias))
    entry = entry.replaced(aliases=free)
    document = Document(file=entry.file, data={}, lines={})
    if problems := list(check_model(entry, catalog.engines, document)):
        raise CatalogError(problems)
    return entry


def _check_name(catalog: Catalog, name: str) -> None:
    if not _NAME.fullmatch(name) or name == RESERVED:
        problem = "a name is small letters, digits, dots, dashes and underscores"
        raise ModelNameError(name, problem, "use a name such as my-whisper")
    if name in catalog.groups:
        problem = f"it is the name of the group of models in {catalog.groups[name].file}"
        raise ModelNameError(name, problem, "use another name")
    if name in catalog.models:
        model = catalog.models[name]
        own = added.is_added(model, Locations.from_environment().catalog)
        remove = f", or remove that one: dalston models rm {name}" if own else ""
        problem = f"it is the name of the model in {model.file}"
        raise ModelNameError(name, problem, f"use another name{remove}")


def _from_source(
    catalog: Catalog, name: str, sources: Sequence[str], options: PullOptions
) -> ModelEntry:
    place = place_of(sources[0])
    if place is None and sources[0].startswith("https://"):
        return _from_addresses(name, sources)
    if len(sources) > 1:
        raise ModelSourceError(sources[1], "only addresses may be more than one")
    if isinstance(place, FolderName):
        return read_folder(place, called=sources[0], name=name)
    if isinstance(place, HubName):
        return ask_hub(catalog, place, options, name=name)
    raise ModelSourceError(sources[0], "it is no folder, repository or address")


def _from_addresses(name: str, addresses: Sequence[str]) -> ModelEntry:
    files = [_https_file(address) for address in addresses]
    names = [file.path for file in files]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise ModelSourceError(addresses[0], f"two files are called {twice[0]}")
    found = WeightFiles(name=name, sizes=dict.fromkeys(names, 0), read=lambda _: None)
    return entries.https_entry(name, files, detect(found, called=name))


def _https_file(address: str) -> HttpsFile:
    parts = urlsplit(address)
    digest = _DIGEST.fullmatch(parts.fragment)
    path = PurePosixPath(unquote(parts.path)).name
    if parts.scheme != "https" or not parts.hostname or not path:
        raise ModelSourceError(address, "it is no https address of a file")
    if digest is None:
        raise ModelSourceError(address, "the digest of the file is missing")
    return HttpsFile(url=parts._replace(fragment="").geturl(), sha256=digest[1], path=path)
