"""``dalston models export`` and ``import``: weights for a machine without network."""

from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.carry import import_model, models_in, opened
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.export import export_models
from dalston_cli.catalog.weights.inventory import InstalledModel
from dalston_cli.commands.models.shelf import ModelIds, Shelf
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet


def export(
    model_ids: ModelIds,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET",
            help="A folder, which can be a weights_mirror too, or a file that ends in .tar.",
            show_default=False,
        ),
    ],
    *,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write installed models into a folder or an archive, to carry them to another machine."""
    console = Console("models export", json=json, quiet=quiet)
    shelf = Shelf.open()
    models = shelf.models(model_ids)
    export_models(models, shelf.folder, target, lambda model: console.info(f"exporting {model.id}"))
    size = readable_size(sum(shelf.row(model).size_bytes for model in models))
    console.info(f"{', '.join(model.id for model in models)}: {size} in {target}")
    console.result({"models": [model.id for model in models], "target": target.absolute()})


def import_(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|ARCHIVE",
            help="What dalston models export wrote, or any folder of models.",
            show_default=False,
        ),
    ],
    *,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Install models from a folder or an archive, every byte checked; no network is needed."""
    console = Console("models import", json=json, quiet=quiet)
    shelf = Shelf.open()
    with opened(place, shelf.folder) as folder:
        models = models_in(folder, shelf.catalog, place)
        console.result([_import_one(model, folder, place, shelf, console) for model in models])


def _import_one(
    model: ModelEntry, folder: Path, place: Path, shelf: Shelf, console: Console
) -> InstalledModel:
    if shelf.row(model).installed:
        console.info(f"{model.id} is installed already")
    with console.meter(f"Importing {model.id}", total=model.size_mb * 10**6) as meter:

        def show(progress: PullProgress) -> None:
            if progress.note:
                console.warning(progress.note)
            elif progress.total:
                meter.update(progress.done, progress.total)

        done = import_model(model, folder, shelf.folder, show, called=place.absolute())
    console.info(f"{model.id} is installed, {readable_size(done.size)} in {done.path}")
    return done
