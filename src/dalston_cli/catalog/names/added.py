"""The user's own entries of models: one file each, in the folder ``DALSTON_CATALOG_DIR``."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dalston_cli.atomic_file import write_whole
from dalston_cli.catalog.entry import Entry
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.errors import ConfigurationError


class AddedFolderError(ConfigurationError):
    """The folder of the user's own entries cannot be written."""

    code = "catalog_folder"

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"models cannot be added in {folder}: {error.strerror or error}",
            hint="make the folder writable, or set DALSTON_CATALOG_DIR to another one",
        )


def write(entry: ModelEntry, folder: Path) -> ModelEntry:
    """Write an entry, in one step, and return it with its file.

    Raises:
        AddedFolderError: The folder cannot be written.
    """
    file = folder / "models" / f"{entry.id}.yaml"
    header = f"# Added by Dalston; `dalston models rm {entry.id}` removes it.\n"
    import yaml  # noqa: PLC0415 - only what is written needs it

    text = yaml.safe_dump(_fields(entry), sort_keys=False, allow_unicode=True, width=100)
    try:
        write_whole(file, (header + text).encode())
    except OSError as error:
        raise AddedFolderError(folder, error) from error
    return entry.read_from(file)


def is_added(entry: ModelEntry, folder: Path) -> bool:
    """Return True if the entry is one that ``write`` wrote there."""
    return entry.file.parent == folder / "models"


def remove(entry: ModelEntry, folder: Path) -> bool:
    """Remove an entry that was added; return False if it was not.

    Raises:
        AddedFolderError: The folder cannot be written.
    """
    if not is_added(entry, folder):
        return False
    try:
        entry.file.unlink(missing_ok=True)
    except OSError as error:
        raise AddedFolderError(folder, error) from error
    return True


def _fields(entry: ModelEntry) -> Mapping[str, Any]:
    """Return what a model file states: nothing that is as it is by default."""
    fields: Mapping[str, Any] = _plain(entry.replaced(file=Path()))
    return fields


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a file of the catalog holds
    """Return a value as YAML has it; fields that are as by default are left out."""
    if not isinstance(value, Entry):
        return msgspec.to_builtins(value, enc_hook=os.fspath)
    config = value.__struct_config__
    tag = {} if config.tag is None else {config.tag_field: config.tag}
    return tag | {
        field.name: _plain(found)
        for field in msgspec.structs.fields(value)
        if (found := getattr(value, field.name)) != _default(field)
    }


def _default(field: msgspec.structs.FieldInfo) -> object:
    has_factory = field.default_factory is not msgspec.NODEFAULT
    return field.default_factory() if has_factory else field.default
