"""The folders that the catalog is read from.

Built-in ones come first, then the user's in their order: an entry of a later folder replaces the
one of the same name in an earlier folder.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

import dalston_cli
from dalston_cli.errors import ConfigurationError
from dalston_cli.settings.locations import Locations


class CatalogFolderError(ConfigurationError):
    """A folder on the search path does not exist."""

    code = "catalog_folder"

    def __init__(self, folder: Path, variable: str) -> None:
        super().__init__(
            f"{variable} names {folder}, which is not a folder",
            hint=f"create it with `mkdir -p {shlex.quote(str(folder))}`, or change {variable}",
        )


class CatalogPaths(Struct, frozen=True, kw_only=True):
    """The folders to read, in order; later ones win.

    Attributes:
        engines: Each holds ``engine.yaml``, or folders (at most two deep) that hold one.
        models: Each holds model files, or a folder ``models`` that does; and a folder ``groups``.
    """

    engines: tuple[Path, ...]
    models: tuple[Path, ...]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "CatalogPaths":
        """Return the built-in folders, the models that were added, then those of two variables.

        ``DALSTON_ENGINES_PATH`` and ``DALSTON_CATALOG_PATH`` are lists with the system's separator.

        Raises:
            CatalogFolderError: A named folder does not exist.
        """
        root, added = data_root(), Locations.from_environment(environ).catalog
        here = (added,) if added.is_dir() else ()
        models = (root / "catalog", *here, *_named_folders(environ, "DALSTON_CATALOG_PATH"))
        return cls(
            engines=(root / "engines", *_named_folders(environ, "DALSTON_ENGINES_PATH")),
            models=tuple(dict.fromkeys(models)),
        )


def data_root() -> Path:
    """Return the folder with ``catalog`` and ``engines``: the wheel's, or else the checkout's."""
    package = Path(dalston_cli.__file__).parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parents[1]


def _named_folders(environ: Mapping[str, str], variable: str) -> Iterator[Path]:
    for name in environ.get(variable, "").split(os.pathsep):
        if name:
            folder = Path(name).expanduser().absolute()
            if not folder.is_dir():
                raise CatalogFolderError(folder, variable)
            yield folder
