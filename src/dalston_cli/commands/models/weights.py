"""``dalston models pull``, ``verify``, ``rm`` and ``du``: weights on the disk."""

import shutil
from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.names import added
from dalston_cli.catalog.names.adopt import Asking
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.acquire import pull as pull_weights
from dalston_cli.catalog.weights.audit import DamagedModelError, Verified, disk_usage
from dalston_cli.catalog.weights.audit import verify as verify_weights
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.inventory import InstalledModel
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder
from dalston_cli.commands.models.shelf import ModelIds, Shelf
from dalston_cli.console import Console, Mode, error_data
from dalston_cli.errors import ExitCode
from dalston_cli.options.completion import complete_models
from dalston_cli.options.general import Json, Offline, Quiet, Yes
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations


def pull(
    model_ids: ModelIds,
    *,
    again: Annotated[
        bool,
        typer.Option("--again", help="Ask the source anew, check every byte and get what differs."),
    ] = False,
    yes: Yes = False,
    offline: Offline = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Download models; an interrupted download goes on where it was."""
    console = Console("models pull", json=json, quiet=quiet)
    settings = load_settings({"offline": offline}).settings
    options = PullOptions.from_environment(
        offline=settings.offline, again=again, order=SourceOrder.of(settings)
    )
    shelf = Shelf.open(model_ids, Asking(options=options))
    models = shelf.models(model_ids)
    for group in shelf.groups(model_ids):
        console.info(f"{group.id} stands for {', '.join(group.by_stage.values())}")
    missing = [
        model
        for model in models
        if not isinstance(model.source, FileSource) and (again or not shelf.row(model).installed)
    ]
    size = readable_size(sum(model.size_mb for model in missing) * 10**6)
    names = ", ".join(model.id for model in missing)
    if any(model.has_files for model in missing) and not console.confirm(
        f"Download {names}, {size}?", default=True, assume_yes=yes
    ):
        raise typer.Exit(ExitCode.INTERRUPTED)
    models = tuple(_keep(model, console) for model in models)
    pulled = [_pull_one(model, shelf, options, console) for model in models]
    for group in shelf.groups(model_ids):
        if left := shelf.left_over(group.id):
            console.info(
                f"{left} is of an earlier version: `dalston models rm {group.id}` frees it"
            )
    console.result(pulled)


def verify(
    model_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Model ids; all that are installed by default.",
            show_default=False,
            autocompletion=complete_models,
        ),
    ] = None,
    *,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check every byte of installed models against what was pulled."""
    console = Console("models verify", json=json, quiet=quiet)
    shelf = Shelf.open(model_ids or ())
    models = shelf.models(model_ids or _all_pulled(shelf))
    found = [_verify_one(shelf, model, console) for model in models]
    damaged = [verified for verified in found if verified.problems]
    if damaged and console.mode is Mode.JSON:
        error = DamagedModelError(damaged)
        console.result(found, exit_code=error.exit_code, errors=[error_data(error)])
        raise typer.Exit(error.exit_code)
    rows = [
        (one.model, readable_size(one.size), "damaged" if one.problems else "good") for one in found
    ]
    console.table(("id", "size", "state"), rows, data=found, empty="no model is installed")
    if damaged:
        raise DamagedModelError(damaged)


def du(*, json: Json = False) -> None:
    """Show how much room models take on the disk."""
    console = Console("models du", json=json)
    folder = Locations.from_environment().models
    usages = disk_usage(folder)
    total = sum(usage.size + usage.partial for usage in usages)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    rows = [
        (usage.model, usage.engine, readable_size(usage.size), readable_size(usage.partial))
        for usage in usages
    ]
    data = {"folder": folder, "total_bytes": total, "free_bytes": free, "models": usages}
    console.table(("id", "engine", "size", "partial"), rows, data=data, empty="nothing is here")
    console.info(f"{readable_size(total)} in {folder}; {readable_size(free)} are free")


def _keep(model: ModelEntry, console: Console) -> ModelEntry:
    """Write the entry of a repository that the catalog did not know until now."""
    if model.in_catalog or isinstance(model.source, FileSource):
        return model
    kept = added.write(model, Locations.from_environment().catalog)
    console.info(f"{model.name} is now the model {model.id}, in {kept.file}")
    return kept


def _pull_one(
    model: ModelEntry, shelf: Shelf, options: PullOptions, console: Console
) -> InstalledModel:
    row = shelf.row(model)
    if not options.again and row.installed and row.state != "here":
        console.info(f"{model.id} is installed already")
        return pull_weights(model, shelf.folder, options)
    doing = "Reading" if isinstance(model.source, FileSource) else "Pulling"
    with console.meter(f"{doing} {model.id}", total=model.size_mb * 10**6) as meter:

        def show(progress: PullProgress) -> None:
            if progress.note:
                console.warning(progress.note)
            elif progress.step == "waiting":
                console.info(f"another process pulls {model.id}; waiting for it")
            elif progress.total:
                meter.update(progress.done, progress.total)

        done = pull_weights(model, shelf.folder, options, show)
    console.info(f"{model.id} is installed, {readable_size(done.size)} in {done.path}")
    return done


def _all_pulled(shelf: Shelf) -> list[str]:
    rows = map(shelf.row, shelf.catalog.models.values())
    return [row.id for row in rows if row.state in {"yes", "damaged"}]


def _verify_one(shelf: Shelf, model: ModelEntry, console: Console) -> Verified:
    total = shelf.row(model).size_bytes
    with console.meter(f"Verifying {model.id}", total=total) as meter:
        return verify_weights(model, shelf.folder, lambda done: meter.update(done, total))
