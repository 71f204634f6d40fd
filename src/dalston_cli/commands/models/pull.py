"""``dalston models pull``."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import PullOptions
from dalston_cli.catalog.weights.acquire import pull as pull_weights
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.inventory import InstalledModel
from dalston_cli.commands.models.shelf import ModelIds, Shelf
from dalston_cli.console import Console
from dalston_cli.errors import ExitCode
from dalston_cli.options.general import Json, Offline, Quiet, Yes
from dalston_cli.settings.load import load_settings


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
    shelf = Shelf.open()
    models = [shelf.catalog.model(model_id) for model_id in dict.fromkeys(model_ids)]
    settings = load_settings({"offline": offline}).settings
    options = PullOptions.from_environment(offline=settings.offline, again=again)
    missing = [model for model in models if again or not shelf.row(model).installed]
    size = readable_size(sum(model.size_mb for model in missing) * 10**6)
    names = ", ".join(model.id for model in missing)
    if any(model.has_files for model in missing) and not console.confirm(
        f"Download {names}, {size}?", default=True, assume_yes=yes
    ):
        raise typer.Exit(ExitCode.INTERRUPTED)
    done = [_pull_one(model, shelf, options, console) for model in models]
    console.result(done)


def _pull_one(
    model: ModelEntry, shelf: Shelf, options: PullOptions, console: Console
) -> InstalledModel:
    if not options.again and shelf.row(model).installed:
        console.info(f"{model.id} is installed already")
        return pull_weights(model, shelf.folder, options)
    with console.meter(f"Pulling {model.id}", total=model.size_mb * 10**6) as meter:

        def show(progress: PullProgress) -> None:
            if progress.step == "waiting":
                console.info(f"another process pulls {model.id}; waiting for it")
            elif progress.total:
                meter.update(progress.done, progress.total)

        done = pull_weights(model, shelf.folder, options, show)
    console.info(f"{model.id} is installed, {readable_size(done.size)} in {done.path}")
    return done
