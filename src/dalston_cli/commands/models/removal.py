"""``dalston models rm``: weights leave the disk, and models that were added the catalog."""

from collections.abc import Sequence

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.names import added
from dalston_cli.catalog.schema import ModelEntry, ModelGroup
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.audit import disk_usage, remove
from dalston_cli.catalog.weights.failures import INSTALLED_ONES, NotInstalledError
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.commands.confirmation import confirm_removal
from dalston_cli.commands.models.shelf import ModelIds, Shelf
from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.options.general import Json, Quiet, Yes
from dalston_cli.settings.locations import Locations


class BundledModelError(UsageError):
    """Weights inside an engine's package, or behind a service, cannot be removed."""

    code = "bundled"

    def __init__(self, model_id: str) -> None:
        super().__init__(
            f"the model {model_id} is part of its engine or of a service, and takes no room",
            hint="`dalston models du` shows what takes room",
        )


_TAKES_ROOM = frozenset({"yes", "damaged", "partial"})


def rm(model_ids: ModelIds, *, yes: Yes = False, quiet: Quiet = False, json: Json = False) -> None:
    """Remove models from this machine, unfinished downloads included.

    A model that was added leaves the catalog, too; a folder of yours stays as it is. The name of a
    group of models removes what an earlier version kept under it, and else those models.
    """
    console = Console("models rm", json=json, quiet=quiet)
    found = _find(model_ids)
    question = f"Remove {', '.join(folder.model for folder in found)}?"
    hint = f"run `dalston models rm -y {' '.join(model_ids)}`"
    confirm_removal(console, question, yes=yes, removal="removing models", hint=hint)
    whole = _other_groups(model_ids)
    console.result([_remove(folder, model, console) for folder, model in found.items()])
    for group in whole:
        if lost := [each.model for each in found if each.model in group.models.values()]:
            hint = f"to have it again: dalston models pull {group.id}"
            console.warning(f"{group.id} lacks {', '.join(lost)} now", hint=hint)


def _other_groups(names: Sequence[str]) -> list[ModelGroup]:
    """Return the installed groups that are not named, where any is named: they share models."""
    shelf = Shelf.open()
    groups = shelf.catalog.groups
    if not groups.keys() & set(names):
        return []
    others = [group for group in groups.values() if group.id not in names]
    return [group for group in others if shelf.row(group).state == "yes"]


def _find(names: Sequence[str]) -> dict[ModelFolder, ModelEntry | None]:
    """Return folders with their models; None where the model left the catalog."""
    shelf = Shelf.open()
    left = {
        usage.model: ModelFolder(models=shelf.folder, engine=usage.engine, model=usage.model)
        for usage in disk_usage(shelf.folder)
        if usage.model not in shelf.catalog.models
    }
    shelf = Shelf.open([name for name in names if name not in left])
    found: dict[ModelFolder, ModelEntry | None] = {}
    for name in names:
        if name in left:
            found[left[name]] = None
            continue
        models = shelf.catalog.models_of(name)
        if name in shelf.catalog.groups:
            models = tuple(model for model in models if shelf.row(model).state in _TAKES_ROOM)
        for model in models:
            if not model.has_files:
                raise BundledModelError(model.id)
            found[ModelFolder.of(model, shelf.folder)] = model
        if not models:
            raise NotInstalledError(name, hint=INSTALLED_ONES)
    return found


def _remove(folder: ModelFolder, model: ModelEntry | None, console: Console) -> dict[str, object]:
    place = Locations.from_environment().catalog
    was_added, freed = model is not None and added.is_added(model, place), 0
    try:
        freed = remove(folder)
        console.info(f"{folder.model} is removed, {_what_is_left(model, freed)}")
    except NotInstalledError:
        if not was_added:
            raise
    if model is not None and added.remove(model, place):
        console.info(f"{folder.model} is no longer in the catalog, {model.file} is removed")
    return {
        "id": folder.model,
        "engine": folder.engine,
        "freed_bytes": freed,
        "left_catalog": was_added,
    }


def _what_is_left(model: ModelEntry | None, freed: int) -> str:
    if model is not None and isinstance(model.source, FileSource):
        return f"{model.source.path} stays as it is"
    return f"{readable_size(freed)} are free again"
