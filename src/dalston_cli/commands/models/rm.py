"""``dalston models rm``."""

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.weights.audit import disk_usage, remove
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.commands.models.shelf import ModelIds, Shelf
from dalston_cli.console import Console
from dalston_cli.errors import ExitCode, UsageError
from dalston_cli.options.general import Json, Quiet, Yes


class BundledModelError(UsageError):
    """Weights inside an engine's package, or behind a service, cannot be removed."""

    code = "bundled"

    def __init__(self, model_id: str) -> None:
        super().__init__(
            f"the model {model_id} is part of its engine or of a service, and takes no room",
            hint="`dalston models du` shows what takes room",
        )


class ConfirmationError(UsageError):
    """There is no terminal to confirm at."""

    code = "confirmation"

    def __init__(self, model_ids: list[str]) -> None:
        words = " ".join(model_ids)
        super().__init__(
            "removing models needs a confirmation, and no terminal is there to ask at",
            hint=f"run `dalston models rm -y {words}`",
        )


def rm(model_ids: ModelIds, *, yes: Yes = False, quiet: Quiet = False, json: Json = False) -> None:
    """Remove models from this machine, unfinished downloads included."""
    console = Console("models rm", json=json, quiet=quiet)
    shelf = Shelf.open()
    folders = [_folder(shelf, model_id) for model_id in dict.fromkeys(model_ids)]
    if not yes and not console.asks:
        raise ConfirmationError(model_ids)
    question = f"Remove {', '.join(folder.model for folder in folders)}?"
    if not console.confirm(question, default=False, assume_yes=yes):
        raise typer.Exit(ExitCode.INTERRUPTED)
    removed = []
    for folder in folders:
        freed = remove(folder)
        removed.append({"id": folder.model, "engine": folder.engine, "freed_bytes": freed})
        console.info(f"{folder.model} is removed, {readable_size(freed)} are free again")
    console.result(removed)


def _folder(shelf: Shelf, model_id: str) -> ModelFolder:
    """Return the folder of a model; also of one that is in no catalog any more but takes room."""
    if model_id not in shelf.catalog.models:
        for usage in disk_usage(shelf.folder):
            if usage.model == model_id:
                return ModelFolder(models=shelf.folder, engine=usage.engine, model=model_id)
    model = shelf.catalog.model(model_id)
    if not model.has_files:
        raise BundledModelError(model_id)
    return ModelFolder.of(model, shelf.folder)
